#pragma once
// Numbers of a few bits each, side by side.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace pelorus::storage {

/// Wider numbers gain nothing over plain storage.
inline constexpr unsigned kPackedBitsMax = 56;

inline unsigned bits_for(uint64_t largest) { return static_cast<unsigned>(std::bit_width(largest)); }
/// Bytes pack() adds: the bits, rounded up, and 8 bytes so that a reader may always load a whole word.
inline size_t packed_bytes(size_t count, unsigned bits) { return (count * bits + 7) / 8 + 8; }

/// Adds `count` numbers next(0), next(1), … below 2^bits. bits <= kPackedBitsMax.
template <class Next>
void pack(size_t count, unsigned bits, std::string& out, Next&& next) {
  const size_t start = out.size();
  out.resize(start + packed_bytes(count, bits));
  char* to = out.data() + start;
  uint64_t word = 0;
  unsigned filled = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto number = static_cast<uint64_t>(next(i));
    word |= number << filled;
    filled += bits;
    if (filled < 64) continue;
    std::memcpy(to, &word, sizeof word);
    to += sizeof word;
    filled -= 64;
    word = number >> (bits - filled);
  }
  std::memcpy(to, &word, sizeof word);  // into the 8 bytes behind
}

/// Calls put(i, number) for each of `count` numbers. `in` must hold packed_bytes(count, bits).
template <class Put>
void unpack(std::string_view in, size_t count, unsigned bits, Put&& put) {
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  for (size_t i = 0; i < count; ++i) {
    const size_t bit = i * bits;
    uint64_t word = 0;
    std::memcpy(&word, in.data() + bit / 8, sizeof word);
    put(i, (word >> (bit % 8)) & mask);
  }
}

}  // namespace pelorus::storage
