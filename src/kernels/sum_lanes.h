#pragma once
// Sums with independent partial sums, which hide the latency of additions.

#include <array>
#include <cstddef>
#include <cstdint>

#include "types/null.h"

namespace pelorus::kernels {

/// Adds up what is not null, and counts what is. Fast where PELORUS_WIDE functions call it.
template <size_t kWidth, class Sum, class T>
__attribute__((always_inline)) inline void sum_lanes(const T* values, size_t rows, Sum* sum, int64_t* nulls) {
  std::array<Sum, kWidth> sums{};
  std::array<int64_t, kWidth> counts{};
  size_t i = 0;
  for (; i + kWidth <= rows; i += kWidth) {
    for (size_t lane = 0; lane < kWidth; ++lane) {
      const T value = values[i + lane];
      sums[lane] += value == types::kNull<T> ? Sum{} : static_cast<Sum>(value);
      counts[lane] += value == types::kNull<T>;
    }
  }
  for (size_t lane = 0; i < rows; ++i, ++lane) {
    sums[lane] += values[i] == types::kNull<T> ? Sum{} : static_cast<Sum>(values[i]);
    counts[lane] += values[i] == types::kNull<T>;
  }
  for (size_t half = kWidth / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half], counts[lane] += counts[lane + half];
  }
  *sum += sums[0], *nulls += counts[0];
}

}  // namespace pelorus::kernels
