#pragma once
// Strong identifiers: a number or 16 bytes that cannot be mixed up with another kind.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pelorus {

template <class Tag>
struct NumberId {
  uint64_t value = 0;
  auto operator<=>(const NumberId&) const = default;
};

using TransactionId = NumberId<struct TransactionTag>;
using ChunkId = NumberId<struct ChunkTag>;  // one partition of one table; never reused
using TableId = NumberId<struct TableTag>;  // never reused
using DatabaseId = NumberId<struct DatabaseTag>;
/// Version of a chunk: 0 before its first commit, then +1 with every committed change.
using Version = uint64_t;

/// 16 random bytes, printed as 8-4-4-4-12 hexadecimal digits.
struct Uuid {
  std::array<uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;
  bool is_nil() const { return *this == Uuid{}; }
  std::string to_string() const;
  /// Nil when `text` is not a UUID.
  static Uuid parse(std::string_view text);
  /// From the operating system's random source.
  static Uuid random();
};

}  // namespace pelorus

template <class Tag>
struct std::hash<pelorus::NumberId<Tag>> {
  size_t operator()(pelorus::NumberId<Tag> id) const { return std::hash<uint64_t>()(id.value); }
};
template <>
struct std::hash<pelorus::Uuid> {
  size_t operator()(const pelorus::Uuid& id) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  }
};
