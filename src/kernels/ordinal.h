#pragma once
// Numbers as unsigned whole numbers of the same order.

#include <bit>
#include <cstdint>
#include <type_traits>

namespace pelorus::kernels {

/// -0 counts as 0.
template <class T>
uint64_t ordinal_of(T value) {
  if constexpr (std::is_same_v<T, double>) {
    const auto bits = std::bit_cast<uint64_t>(value + 0.0);
    return bits >> 63 ? ~bits : bits | (1ULL << 63);
  } else if constexpr (std::is_same_v<T, float>) {
    return ordinal_of(static_cast<double>(value));
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value)) ^ (1ULL << 63);
  }
}

}  // namespace pelorus::kernels
