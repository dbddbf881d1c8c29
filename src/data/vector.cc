#include "data/vector.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/prefetch.h"
#include "base/script_error.h"
#include "data/convert.h"
#include "data/symbol_recoding.h"
#include "data/text_codes.h"
#include "data/value.h"

namespace pelorus::data {
namespace {

/// Of plain values in one copy: inserting a range goes through the allocator value by value.
template <class T>
void add_values(Buffer<T>& to, std::span<const T> from) {
  if constexpr (std::is_trivially_copyable_v<T>) {
    const size_t before = to.size();
    to.resize(before + from.size());
    if (!from.empty()) std::memcpy(to.data() + before, from.data(), from.size_bytes());
  } else {
    to.insert(to.end(), from.begin(), from.end());
  }
}

template <class T>
void gather(std::span<const T> from, std::span<const int64_t> rows, Buffer<T>& to, const T& null) {
  const auto size = static_cast<uint64_t>(from.size());
  to.resize(rows.size());
  const auto copy = [&](size_t i) {
    const auto row = static_cast<uint64_t>(rows[i]);
    to[i] = row < size ? from[row] : null;
  };
  size_t i = 0;
  if (from.size_bytes() > kPrefetchBytes) {
    for (size_t k = 0; k < std::min(kPrefetchSteps, rows.size()); ++k) prefetch(from.data(), rows[k]);
    for (; i + kPrefetchSteps < rows.size(); ++i) {
      prefetch(from.data(), rows[i + kPrefetchSteps]);
      copy(i);
    }
  }
  for (; i < rows.size(); ++i) copy(i);
}

template <class T>
void keep_where(std::span<const T> from, std::span<const int8_t> keep, Buffer<T>& to) {
  size_t kept = 0;
  for (const auto flag : keep) kept += flag == 1;
  to.resize(kept);
  size_t out = 0;
  for (size_t i = 0; i < keep.size(); ++i) {
    if (keep[i] == 1) to[out++] = from[i];
  }
}

template <class T>
T null_in(Type type) {
  if constexpr (std::is_same_v<T, Bytes16>)
    return types::null_of_bytes16(type);
  else if constexpr (std::is_same_v<T, std::string>)
    return {};
  else
    return type == Type::kSymbol ? T{0} : types::kNull<T>;
}

}  // namespace

Vector::Vector() { make_store(0); }
Vector::Vector(Type type, size_t size, int scale) : type_(type), scale_(static_cast<int16_t>(scale)) {
  make_store(size);
}
Vector::Vector(Vector&&) noexcept = default;
Vector& Vector::operator=(Vector&&) noexcept = default;
Vector::~Vector() = default;

Vector::Vector(const Vector& other) : type_(other.type_), scale_(other.scale_), symbols_(other.symbols_) {
  if (other.repr() == Repr::kMixed && !other.is_array()) {
    store_ = std::make_unique<Buffer<Value>>(*std::get<std::unique_ptr<Buffer<Value>>>(other.store_));
  } else {
    std::visit(
        [&](const auto& buffer) {
          using B = std::decay_t<decltype(buffer)>;
          if constexpr (!std::is_same_v<B, std::unique_ptr<Buffer<Value>>>) store_ = buffer;
        },
        other.store_);
  }
  if (other.array_) array_ = std::make_unique<ArrayRows>(*other.array_);
}

Vector& Vector::operator=(const Vector& other) {
  if (this != &other) *this = Vector(other);
  return *this;
}

void Vector::make_store(size_t size) {
  if (type_ == Type::kSymbol) symbols_ = std::make_shared<SymbolBase>();
  const auto r = repr();
  if (r == Repr::kMixed) {
    store_ = std::make_unique<Buffer<Value>>(size);
  } else if (r == Repr::kText) {
    store_ = Buffer<std::string>(size);
  } else {
    types::visit_fixed(r, [&]<class T>() { store_.emplace<Buffer<T>>(size); });
  }
}

Vector Vector::nulls(Type type, size_t size, int scale) {
  Vector v(type, 0, scale);
  v.resize(size);
  return v;
}

Vector Vector::filled(const Scalar& value, size_t size) {
  if (value.type() == Type::kDuration) return tuple(std::vector<Value>(size, Value(value)));
  Vector v(value.type(), 0, value.scale());
  if (value.type() == Type::kSymbol) {
    v.edit<int32_t>().assign(size, v.symbols_->code_of(value.text()));
  } else if (v.repr() == Repr::kText) {
    v.edit<std::string>().assign(size, value.text());
  } else {
    types::visit_fixed(v.repr(), [&]<class T>() { v.edit<T>().assign(size, value.get<T>()); });
  }
  return v;
}

Vector Vector::of_strings(Type type, std::vector<std::string> texts) {
  Vector v(type);
  if (type == Type::kSymbol) {
    auto& codes = v.edit<int32_t>();
    codes.reserve(texts.size());
    TextCodes known(*v.symbols_);
    for (const auto& text : texts) codes.push_back(known.code_of(text));
    return v;
  }
  v.edit<std::string>().assign(std::make_move_iterator(texts.begin()), std::make_move_iterator(texts.end()));
  return v;
}

Vector Vector::of_symbols(std::shared_ptr<SymbolBase> base, Buffer<int32_t> codes) {
  Vector v(Type::kSymbol);
  v.symbols_ = std::move(base);
  v.edit<int32_t>() = std::move(codes);
  return v;
}

Vector Vector::tuple(std::vector<Value> values) {
  Vector v(Type::kAny);
  v.edit_any().assign(std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
  return v;
}

Vector Vector::array(Shared<Vector> flat, Buffer<int64_t> ends) {
  CHECK((ends.empty() ? 0 : ends.back()) == static_cast<int64_t>(flat->size()));
  Vector v(flat->type(), 0, flat->scale());
  v.array_ = std::make_unique<ArrayRows>(ArrayRows{std::move(flat), std::move(ends)});
  return v;
}

size_t Vector::size() const {
  if (array_) return array_->ends.size();
  return std::visit(
      [](const auto& buffer) {
        if constexpr (std::is_same_v<std::decay_t<decltype(buffer)>, std::unique_ptr<Buffer<Value>>>)
          return buffer->size();
        else
          return buffer.size();
      },
      store_);
}

size_t Vector::memory_bytes() const {
  if (array_) return array_->ends.size() * sizeof(int64_t) + array_->flat->memory_bytes();
  size_t bytes = std::visit(
      [](const auto& buffer) -> size_t {
        using B = std::decay_t<decltype(buffer)>;
        if constexpr (std::is_same_v<B, std::unique_ptr<Buffer<Value>>>)
          return buffer->size() * sizeof(Value);
        else
          return buffer.size() * sizeof(typename B::value_type);
      },
      store_);
  if (repr() == Repr::kText) {
    for (const auto& text : values<std::string>()) bytes += text.size() > 15 ? text.capacity() : 0;
  }
  return bytes;
}

std::span<const Value> Vector::values_any() const { return *std::get<std::unique_ptr<Buffer<Value>>>(store_); }
Buffer<Value>& Vector::edit_any() { return *std::get<std::unique_ptr<Buffer<Value>>>(store_); }

Value Vector::at(size_t i) const {
  CHECK(i < size());
  if (array_) {
    const auto from = static_cast<size_t>(i == 0 ? 0 : array_->ends[i - 1]);
    return array_->flat->slice(from, static_cast<size_t>(array_->ends[i]) - from);
  }
  if (repr() == Repr::kMixed) return values_any()[i];
  return scalar_at(i);
}

Scalar Vector::scalar_at(size_t i) const {
  CHECK(i < size());
  // Scripts give such vectors to functions that want plain ones: a mistake of theirs, whatever the function looks at.
  if (array_) throw ScriptError("An array vector can't stand for a vector of scalars.");
  if (type_ == Type::kVoid) return {};
  const auto r = repr();
  if (r == Repr::kMixed) {
    const auto& value = values_any()[i];
    if (!value.is_scalar() && !value.is_missing())
      throw ScriptError("A tuple can't stand for a vector of scalars: element " + std::to_string(i) + " is none.");
    return value.is_scalar() ? value.scalar() : Scalar();
  }
  if (is_literal(type_)) return Scalar::of_text(type_, text_at(i));
  return types::visit_fixed(r, [&]<class T>() { return Scalar::of<T>(type_, values<T>()[i], scale_); });
}

const std::string& Vector::text_at(size_t i) const {
  if (type_ == Type::kSymbol) return symbols_->text(values<int32_t>()[i]);
  return values<std::string>()[i];
}

bool Vector::is_null_at(size_t i) const {
  if (array_) return i == 0 ? array_->ends[0] == 0 : array_->ends[i] == array_->ends[i - 1];
  if (type_ == Type::kVoid) return true;
  const auto r = repr();
  if (r == Repr::kMixed) return values_any()[i].is_null();
  if (is_literal(type_)) return text_at(i).empty();
  return types::visit_fixed(r, [&]<class T>() { return values<T>()[i] == null_in<T>(type_); });
}

bool Vector::set(size_t i, const Value& value) {
  CHECK(i < size());
  if (array_) {
    if (!value.is_vector()) return false;
    auto row = convert(value.vector_shared(), type_, scale_);
    if (!row) return false;
    Vector next = slice(0, i);
    Buffer<int64_t> one{static_cast<int64_t>((*row)->size())};
    next.append(array(*row, std::move(one)));
    next.append(slice(i + 1, size()));
    *this = std::move(next);
    return true;
  }
  if (repr() == Repr::kMixed) {
    edit_any()[i] = value;
    return true;
  }
  if (value.is_null()) {
    set_null(i);
    return true;
  }
  if (!value.is_scalar()) return false;
  const auto converted = convert(value.scalar(), type_, scale_);
  if (!converted) return false;
  if (type_ == Type::kSymbol) {
    if (symbols_.use_count() > 1) symbols_ = std::make_shared<SymbolBase>(*symbols_);
    edit<int32_t>()[i] = symbols_->code_of(converted->text());
  } else if (repr() == Repr::kText) {
    edit<std::string>()[i] = converted->text();
  } else {
    types::visit_fixed(repr(), [&]<class T>() { edit<T>()[i] = converted->template get<T>(); });
  }
  return true;
}

void Vector::set_null(size_t i) {
  CHECK(i < size());
  if (array_) {
    set(i, Vector(type_, 0, scale_));
  } else if (repr() == Repr::kMixed) {
    edit_any()[i] = Value();
  } else if (repr() == Repr::kText) {
    edit<std::string>()[i].clear();
  } else {
    types::visit_fixed(repr(), [&]<class T>() { edit<T>()[i] = null_in<T>(type_); });
  }
}

bool Vector::push_back(const Value& value) {
  if (array_) {
    if (value.is_null()) {
      push_null();
      return true;
    }
    if (!value.is_vector()) return false;
    auto row = convert(value.vector_shared(), type_, scale_);
    if (!row) return false;
    array_->flat.edit().append(**row);
    array_->ends.push_back(static_cast<int64_t>(array_->flat->size()));
    return true;
  }
  push_null();
  if (set(size() - 1, value)) return true;
  resize(size() - 1);
  return false;
}

void Vector::push_null() {
  if (array_) {
    array_->ends.push_back(static_cast<int64_t>(array_->flat->size()));
  } else if (repr() == Repr::kMixed) {
    edit_any().emplace_back();
  } else if (repr() == Repr::kText) {
    edit<std::string>().emplace_back();
  } else {
    types::visit_fixed(repr(), [&]<class T>() { edit<T>().push_back(null_in<T>(type_)); });
  }
}

void Vector::append(const Vector& other) {
  // Of tuples the scale is a mark (data/columnar.h): this one's stays.
  CHECK(type_ == other.type_ && (scale_ == other.scale_ || type_ == Type::kAny) && is_array() == other.is_array());
  if (array_) {
    const auto base = static_cast<int64_t>(array_->flat->size());
    array_->flat.edit().append(other.flat());
    array_->ends.reserve(array_->ends.size() + other.size());
    for (const auto end : other.ends()) array_->ends.push_back(base + end);
    return;
  }
  if (type_ == Type::kSymbol && symbols_ != other.symbols_) {
    if (size() == 0) {
      symbols_ = other.symbols_;
    } else {
      if (symbols_.use_count() > 1) symbols_ = std::make_shared<SymbolBase>(*symbols_);
      SymbolRecoding recoded(*other.symbols_, *symbols_, other.size());
      auto& codes = edit<int32_t>();
      codes.reserve(codes.size() + other.size());
      for (const auto code : other.values<int32_t>()) codes.push_back(recoded(code));
      return;
    }
  }
  if (repr() == Repr::kMixed) {
    add_values<Value>(edit_any(), other.values_any());
  } else if (repr() == Repr::kText) {
    add_values<std::string>(edit<std::string>(), other.values<std::string>());
  } else {
    types::visit_fixed(repr(), [&]<class T>() {
      const auto from = other.values<T>();
      auto& to = edit<T>();
      if (from.data() == to.data()) {  // v.append(v): the source moves while it grows
        const Buffer<T> copy(from.begin(), from.end());
        add_values<T>(to, copy);
      } else {
        add_values<T>(to, from);
      }
    });
  }
}

void Vector::append(const Vector& other, size_t from, size_t count) {
  CHECK(from + count <= other.size());
  const bool plain = !array_ && repr() != Repr::kMixed && type_ == other.type_ && scale_ == other.scale_ &&
                     !other.is_array() && (type_ != Type::kSymbol || symbols_ == other.symbols_);
  if (!plain) return append(other.slice(from, count));
  const auto add = [&]<class T>() { add_values<T>(edit<T>(), other.values<T>().subspan(from, count)); };
  if (repr() == Repr::kText) return add.template operator()<std::string>();
  types::visit_fixed(repr(), add);
}

void Vector::reserve(size_t size) {
  if (array_) {
    array_->ends.reserve(size);
    return;
  }
  std::visit(
      [&](auto& buffer) {
        if constexpr (std::is_same_v<std::decay_t<decltype(buffer)>, std::unique_ptr<Buffer<Value>>>)
          buffer->reserve(size);
        else
          buffer.reserve(size);
      },
      store_);
}

void Vector::resize(size_t size) {
  if (array_) {
    if (size < this->size())
      *this = slice(0, size);
    else
      array_->ends.resize(size, static_cast<int64_t>(array_->flat->size()));
  } else if (repr() == Repr::kMixed) {
    edit_any().resize(size, Value());
  } else if (repr() == Repr::kText) {
    edit<std::string>().resize(size);
  } else {
    types::visit_fixed(repr(), [&]<class T>() { edit<T>().resize(size, null_in<T>(type_)); });
  }
}

Vector Vector::slice(size_t from, size_t count) const {
  const size_t all = size();
  from = std::min(from, all);
  count = std::min(count, all - from);
  if (array_) {
    const auto first = from == 0 ? 0 : array_->ends[from - 1];
    const auto last = count == 0 ? first : array_->ends[from + count - 1];
    Buffer<int64_t> ends(array_->ends.begin() + static_cast<int64_t>(from),
                         array_->ends.begin() + static_cast<int64_t>(from + count));
    for (auto& end : ends) end -= first;
    return array(array_->flat->slice(static_cast<size_t>(first), static_cast<size_t>(last - first)), std::move(ends));
  }
  Vector out(type_, 0, scale_);
  if (type_ == Type::kSymbol) out.symbols_ = symbols_;
  if (repr() == Repr::kMixed) {
    const auto part = values_any().subspan(from, count);
    out.edit_any().assign(part.begin(), part.end());
  } else if (repr() == Repr::kText) {
    const auto part = values<std::string>().subspan(from, count);
    out.edit<std::string>().assign(part.begin(), part.end());
  } else {
    types::visit_fixed(repr(), [&]<class T>() {
      auto& to = out.edit<T>();
      to.resize(count);
      if (count > 0) std::memcpy(to.data(), values<T>().data() + from, count * sizeof(T));
    });
  }
  return out;
}

Vector Vector::take(std::span<const int64_t> rows) const {
  if (array_) {
    Vector flat = array_->flat->slice(0, 0);
    Buffer<int64_t> ends;
    ends.reserve(rows.size());
    for (const auto row : rows) {
      if (const auto at = static_cast<uint64_t>(row); at < size()) {
        const auto from = static_cast<size_t>(at == 0 ? 0 : array_->ends[at - 1]);
        flat.append(*array_->flat, from, static_cast<size_t>(array_->ends[at]) - from);
      }
      ends.push_back(static_cast<int64_t>(flat.size()));
    }
    return array(std::move(flat), std::move(ends));
  }
  Vector out(type_, 0, scale_);
  if (type_ == Type::kSymbol) out.symbols_ = symbols_;
  if (repr() == Repr::kMixed) {
    gather<Value>(values_any(), rows, out.edit_any(), Value());
  } else if (repr() == Repr::kText) {
    gather<std::string>(values<std::string>(), rows, out.edit<std::string>(), {});
  } else {
    types::visit_fixed(repr(), [&]<class T>() { gather<T>(values<T>(), rows, out.edit<T>(), null_in<T>(type_)); });
  }
  return out;
}

Vector Vector::filter(std::span<const int8_t> keep) const {
  CHECK(keep.size() == size());
  if (array_) {
    Buffer<int64_t> rows;
    for (size_t i = 0; i < keep.size(); ++i) {
      if (keep[i] == 1) rows.push_back(static_cast<int64_t>(i));
    }
    return take(rows);
  }
  Vector out(type_, 0, scale_);
  if (type_ == Type::kSymbol) out.symbols_ = symbols_;
  if (repr() == Repr::kMixed) {
    keep_where<Value>(values_any(), keep, out.edit_any());
  } else if (repr() == Repr::kText) {
    keep_where<std::string>(values<std::string>(), keep, out.edit<std::string>());
  } else {
    types::visit_fixed(repr(), [&]<class T>() { keep_where<T>(values<T>(), keep, out.edit<T>()); });
  }
  return out;
}

}  // namespace pelorus::data
