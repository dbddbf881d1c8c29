#pragma once
// The different values of a column of numbers.

#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/distinct_bits.h"
#include "kernels/small_multiples.h"
#include "types/null.h"

namespace pelorus::kernels {

/// Equal for numbers that are one value: NaN is null, -0 is 0.
template <class T>
uint64_t bits_of(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    const double wide =
        std::isnan(value) || value == types::kNull<T> ? types::kNull<double> : static_cast<double>(value);
    return std::bit_cast<uint64_t>(wide + 0.0);
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  }
}

/// Of one column: doubles, floats or whole numbers of 8 to 64 bits; null is a value like others.
class DistinctNumbers {
 public:
  template <class T>
  void add_all(const T* values, size_t count);
  /// `other`: of the same column.
  template <class T>
  void merge(const DistinctNumbers& other);
  size_t count() const { return multiples_.count() + others_.count(); }

 private:
  SmallMultiples multiples_;  // a value is in one of both
  DistinctBits others_;
};

}  // namespace pelorus::kernels
