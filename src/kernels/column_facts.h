#pragma once
// What the values of a column are like as a whole, in one pass over them.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pelorus::kernels {

/// Loops without nulls are often simpler.
bool has_nulls(std::span<const double> values);

template <class T>
struct Extremes {
  T least{};
  T greatest{};
  size_t nulls = 0;  // as many as there are values: the extremes are zeros
};
/// Of what is not null. Of doubles with NaN among them the extremes mean nothing. Integers of 8 to 128 bits,
/// float, double.
template <class T>
Extremes<T> extremes_of(std::span<const T> values);

struct Steps {
  int64_t least = INT64_MAX;
  int64_t greatest = INT64_MIN;
};
/// From each value to the next; no two neighbours may be further apart than INT64_MAX. Nothing special about nulls.
Steps steps_of(std::span<const int64_t> values);

/// Writes values times `power` (a power of ten) to `wholes` if every one is exactly a whole number below 2^52 over
/// `power`; null becomes null. False at the first stretch where that is not so; -0 and NaN are no such numbers.
bool as_wholes(std::span<const double> values, double power, int64_t* wholes);

}  // namespace pelorus::kernels
