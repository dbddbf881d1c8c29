#include "data/instance.h"

#include <algorithm>
#include <cctype>

#include "data/convert.h"
#include "types/format_value.h"

namespace pelorus::data {
namespace {

/// Fields shown by describe().
constexpr size_t kFieldsShownMax = 20;

Value first_value(const ClassField& field) {
  if (field.type == Type::kVoid) return {};
  if (field.is_vector) return Vector(field.type, 0, field.scale);
  return Scalar::null_of(field.type);
}

/// The value as the field keeps it; nothing when it does not fit.
std::optional<Value> fitted(const ClassField& field, const Value& value) {
  if (field.type == Type::kVoid) return value;
  if (value.is_void()) return first_value(field);
  if (field.is_vector) {
    if (!value.is_vector()) return std::nullopt;
    if (value.vector().is_array()) return value;
    auto converted = convert(value.vector_shared(), field.type, field.scale);
    if (!converted) return std::nullopt;
    return Value(*std::move(converted));
  }
  if (!value.is_scalar()) return std::nullopt;
  if (value.scalar().type() == field.type) return value;
  const bool is_text_into_other = value.is_text() && !types::is_literal(field.type);
  auto converted = is_text_into_other ? std::nullopt : convert(value.scalar(), field.type, field.scale);
  if (!converted) return std::nullopt;
  return Value(*std::move(converted));
}

}  // namespace

ClassField parse_field(std::string name, const std::string& type_text) {
  ClassField field{.name = std::move(name), .type_text = type_text};
  std::string word;
  for (const char c : type_text) word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto cut = [&](std::string_view end) {
    if (!word.ends_with(end)) return false;
    word.resize(word.size() - end.size());
    return true;
  };
  field.is_vector = cut(" VECTOR") || cut("[]");
  if (const size_t bracket = word.find('('); bracket != std::string::npos) {
    field.scale = std::atoi(word.c_str() + bracket + 1);
    word.resize(bracket);
  }
  Type type{};
  if (types::parse_type(word, &type) && types::is_storable(type)) field.type = type;
  return field;
}

InstanceObject::InstanceObject(std::string class_name, FunctionRef of,
                               std::shared_ptr<const std::vector<ClassField>> fields)
    : class_name_(std::move(class_name)), of_(std::move(of)), fields_(std::move(fields)) {
  for (const auto& field : *fields_) values_.push_back(first_value(field));
}

int InstanceObject::find(std::string_view field) const {
  const auto found = std::find_if(fields_->begin(), fields_->end(), [&](const auto& f) { return f.name == field; });
  return found == fields_->end() ? -1 : static_cast<int>(found - fields_->begin());
}

std::optional<Value> InstanceObject::get(std::string_view field) const {
  const int i = find(field);
  if (i < 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return values_[static_cast<size_t>(i)];
}

Value InstanceObject::take(std::string_view field) {
  const int i = find(field);
  if (i < 0) return {};
  const std::lock_guard lock(mutex_);
  return std::exchange(values_[static_cast<size_t>(i)], Value());
}

Status InstanceObject::set(std::string_view field, Value value) {
  const int i = find(field);
  if (i < 0)
    return Error{ErrorCode::kInvalid, "The class " + class_name_ + " has no field " + std::string(field) + "."};
  const auto& described = (*fields_)[static_cast<size_t>(i)];
  auto kept = fitted(described, value);
  if (!kept)
    return Error{ErrorCode::kInvalid, "The field " + described.name + " of the class " + class_name_ + " is " +
                                          described.type_text + " and can't take " + value.type_text() + "."};
  const std::lock_guard lock(mutex_);
  std::swap(values_[static_cast<size_t>(i)], *kept);
  return {};
}

Properties InstanceObject::values() const {
  Properties all;
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < values_.size(); ++i) all.emplace_back((*fields_)[i].name, values_[i]);
  return all;
}

std::shared_ptr<InstanceObject> InstanceObject::copy(int depth) const {
  auto made = std::make_shared<InstanceObject>(class_name_, of_, fields_);
  auto all = values();
  for (size_t i = 0; i < all.size(); ++i) {
    const auto inner = depth > 0 ? instance_of(all[i].second) : nullptr;
    made->values_[i] = inner ? Value(HandleRef(inner->copy(depth - 1))) : std::move(all[i].second);
  }
  return made;
}

std::string InstanceObject::describe() const {
  std::string text = class_name_ + "(";
  size_t shown = 0;
  for (const auto& [name, value] : values()) {
    if (shown > 0) text += ", ";
    if (shown++ == kFieldsShownMax) {
      text += "...";
      break;
    }
    text += name + "=" + (value.is_scalar() ? types::format_literal(value.scalar()) : value.type_text());
  }
  return text + ")";
}

std::shared_ptr<InstanceObject> instance_of(const Value& value) {
  return value.is_handle() ? std::dynamic_pointer_cast<InstanceObject>(value.handle()) : nullptr;
}

}  // namespace pelorus::data
