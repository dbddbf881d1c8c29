#include "data/collections.h"

#include "base/check.h"
#include "data/convert.h"
#include "data/value.h"

namespace pelorus::data {

Set::Set(const Vector& elements) : elements_(elements.type(), 0, elements.scale()) {
  for (size_t i = 0; i < elements.size(); ++i) insert(elements.scalar_at(i));
}

bool Set::insert(const Scalar& key) {
  if (!index_.add(key, static_cast<int64_t>(elements_.size()))) return false;
  CHECK(elements_.push_back(key));
  return true;
}

bool Set::erase(const Scalar& key) {
  const auto found = index_.find(key);
  if (found < 0) return false;
  Vector rest = elements_.slice(0, static_cast<size_t>(found));
  rest.append(elements_.slice(static_cast<size_t>(found) + 1, elements_.size()));
  *this = Set(rest);
  return true;
}

Dictionary::Dictionary(Type key_type, Type value_type, bool ordered, int value_scale)
    : keys_(key_type), values_(value_type, 0, value_scale), ordered_(ordered) {}

Dictionary::Dictionary(const Vector& keys, Vector values, bool ordered)
    : keys_(keys.type(), 0, keys.scale()), values_(values.type(), 0, values.scale()), ordered_(ordered) {
  CHECK(keys.size() == values.size());
  if (values.is_array()) values_ = Vector::array(Vector(values.type(), 0, values.scale()), {});
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto key = keys.scalar_at(i);
    const auto at = index_.find(key);
    if (at < 0) {
      index_.add(key, static_cast<int64_t>(keys_.size()));
      CHECK(keys_.push_back(key));
      CHECK(values_.push_back(values.at(i)));
    } else {
      CHECK(values_.set(static_cast<size_t>(at), values.at(i)));
    }
  }
}

Value Dictionary::get(const Scalar& key) const {
  const auto at = index_.find(key);
  if (at >= 0) return values_.at(static_cast<size_t>(at));
  return values_.type() == Type::kAny ? Value() : Value(Scalar::null_of(values_.type(), values_.scale()));
}

Value Dictionary::get(std::string_view key) const { return get(Scalar::of_string(std::string(key))); }

bool Dictionary::set(const Scalar& key, const Value& value) {
  const auto converted = keys_.type() == Type::kAny || key.type() == keys_.type()
                             ? std::optional<Scalar>(key)
                             : convert(key, keys_.type(), keys_.scale());
  if (!converted) return false;
  const auto at = index_.find(*converted);
  if (at >= 0) return values_.set(static_cast<size_t>(at), value);
  if (!values_.push_back(value)) return false;
  index_.add(*converted, static_cast<int64_t>(keys_.size()));
  CHECK(keys_.push_back(*converted));
  return true;
}

bool Dictionary::erase(const Scalar& key) {
  const auto at = index_.find(key);
  if (at < 0) return false;
  const auto position = static_cast<size_t>(at);
  Vector keys = keys_.slice(0, position);
  keys.append(keys_.slice(position + 1, keys_.size()));
  Vector values = values_.slice(0, position);
  values.append(values_.slice(position + 1, values_.size()));
  *this = Dictionary(keys, std::move(values), ordered_);
  return true;
}

void Dictionary::clear() {
  keys_.resize(0);
  values_.resize(0);
  index_.clear();
}

}  // namespace pelorus::data
