#pragma once
// One description of a struct's fields serves writing and reading: fields().
//
// A struct is stored as a u32 length and its fields in order. A reader that knows more fields than were written
// leaves the rest at their defaults; one that knows fewer skips what follows. So fields may only be added, at the end.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "types/scalar.h"

namespace pelorus::meta {

/// Nesting beyond this makes a decoder fail.
inline constexpr int kArchiveDepthMax = 32;

template <class T>
concept Plain = std::is_arithmetic_v<T> || std::is_enum_v<T>;

/// Writes plain values, text, identifiers, scalars, containers and structs with a fields() template.
class Encoder {
 public:
  explicit Encoder(Bytes& out) : out_(out) {}

  template <class... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }

  template <Plain T>
  void put(T value) {
    ByteWriter(out_).put(value);
  }
  void put(const std::string& text) { ByteWriter(out_).put_string(text); }
  void put(const Uuid& id) { out_.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()); }
  template <class Tag>
  void put(NumberId<Tag> id) {
    put(id.value);
  }
  void put(const types::Scalar& scalar);
  template <class A, class B>
  void put(const std::pair<A, B>& both) {
    put(both.first);
    put(both.second);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class T>
  void put(const std::vector<T>& items) {
    put_all(items);
  }
  template <class T>
  void put(const std::set<T>& items) {
    put_all(items);
  }
  template <class K, class V, class Order>
  void put(const std::map<K, V, Order>& items) {
    put_all(items);
  }
  template <class T>
  requires requires(T& object, Encoder& self) { object.fields(self); }
  void put(const T& object) {
    const auto start = out_.size();
    put<uint32_t>(0);
    const_cast<T&>(object).fields(*this);  // an Encoder only reads
    const auto size = static_cast<uint32_t>(out_.size() - start - sizeof(uint32_t));
    std::memcpy(out_.data() + start, &size, sizeof size);
  }

 private:
  template <class Items>
  void put_all(const Items& items) {
    put(static_cast<uint32_t>(items.size()));
    for (const auto& item : items) put(item);
  }

  Bytes& out_;
};

/// Reads what Encoder wrote; never allocates more than the bytes at hand allow. Fails for good at the first
/// nonsense: ok() is false and the remaining fields are left as they are.
class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}

  bool ok() const { return in_.ok(); }
  void fail() { in_.fail(); }
  bool at_end() const { return in_.at_end(); }

  template <class... Fields>
  void operator()(Fields&... fields) {
    // The end of the struct: older writers knew no more fields.
    ((ok() && in_.at_end() && depth_ > 0 ? void() : get(fields)), ...);
  }

  template <Plain T>
  void get(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = in_.get<uint8_t>() != 0;
    } else {
      const auto read = in_.get<T>();
      if (ok()) value = read;
    }
  }
  void get(std::string& text) { text = in_.get_string(); }
  void get(Uuid& id) {
    const auto raw = in_.get_raw(id.bytes.size());
    if (ok()) std::memcpy(id.bytes.data(), raw.data(), raw.size());
  }
  template <class Tag>
  void get(NumberId<Tag>& id) {
    get(id.value);
  }
  void get(types::Scalar& scalar);
  template <class A, class B>
  void get(std::pair<A, B>& both) {
    get(both.first);
    get(both.second);
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool present = false;
    get(present);
    value.reset();
    if (present) get(value.emplace());
  }
  template <class T>
  void get(std::vector<T>& items) {
    items.clear();
    const auto count = get_count();
    for (uint32_t i = 0; i < count && ok(); ++i) {
      T item{};
      get(item);
      items.push_back(std::move(item));
    }
  }
  template <class T>
  void get(std::set<T>& items) {
    items.clear();
    const auto count = get_count();
    for (uint32_t i = 0; i < count && ok(); ++i) {
      T item{};
      get(item);
      items.insert(std::move(item));
    }
  }
  template <class K, class V, class Order>
  void get(std::map<K, V, Order>& items) {
    items.clear();
    const auto count = get_count();
    for (uint32_t i = 0; i < count && ok(); ++i) {
      K key{};
      V value{};
      get(key);
      get(value);
      items.emplace(std::move(key), std::move(value));
    }
  }
  template <class T>
  requires requires(T& object, Decoder& self) { object.fields(self); }
  void get(T& object) {
    const auto size = in_.get<uint32_t>();
    const auto body = in_.get_raw(size);
    if (!ok() || depth_ >= kArchiveDepthMax) return fail();
    Decoder inner(body);
    inner.depth_ = depth_ + 1;
    object.fields(inner);
    if (!inner.ok()) fail();
  }

 private:
  /// Every item takes at least one byte, so a count beyond what is left is nonsense.
  uint32_t get_count() {
    const auto count = in_.get<uint32_t>();
    if (count > in_.left()) fail();
    return ok() ? count : 0;
  }

  ByteReader in_;
  int depth_ = 0;
};

/// The bytes of one struct.
template <class T>
Bytes encode(const T& object) {
  Bytes out;
  Encoder(out).put(object);
  return out;
}

/// kCorrupt naming `what` when the bytes end too early or hold something after the object.
template <class T>
Result<T> decode(std::string_view in, std::string_view what) {
  T object{};
  Decoder decoder(in);
  decoder.get(object);
  if (!decoder.ok() || !decoder.at_end()) {
    return Error{ErrorCode::kCorrupt, std::string(what) + " cannot be read (" + std::to_string(in.size()) + " bytes)"};
  }
  return object;
}

}  // namespace pelorus::meta
