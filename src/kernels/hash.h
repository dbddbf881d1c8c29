#pragma once
// Hashes: of plain values for tables in memory, and the one clients and server share for HASH partitions.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "types/representation.h"

namespace pelorus::kernels {

/// Spreads 64 bits: neighbouring inputs give unrelated outputs.
inline uint64_t mix(uint64_t x) {
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93ULL;
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93ULL;
  x ^= x >> 32;
  return x;
}

struct KeyHash {
  using is_avalanching = void;
  template <class T>
  size_t operator()(const T& value) const {
    if constexpr (sizeof(T) == 16) {
      uint64_t halves[2];
      std::memcpy(halves, &value, 16);
      return mix(halves[0] ^ mix(halves[1] + 0x9E3779B97F4A7C15ULL));
    } else if constexpr (std::is_floating_point_v<T>) {
      return mix(std::bit_cast<uint64_t>(static_cast<double>(value) + 0.0));  // -0.0 and 0.0 are one key
    } else {
      return mix(static_cast<uint64_t>(value));
    }
  }
  size_t operator()(std::string_view text) const;
};

/// MurmurHash2, 32 bits, seed 0 (wire protocol reference §14): decides the HASH partition of texts and 16-byte values.
uint32_t murmur2(const void* bytes, size_t size);

}  // namespace pelorus::kernels
