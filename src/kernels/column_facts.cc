#include "kernels/column_facts.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/wide_vectors.h"
#include "types/null.h"

namespace pelorus::kernels {
namespace {

/// Values looked at before what they say is heeded.
constexpr size_t kStretch = 1024;

/// What every value is at most and at least: of integers null is the least there is.
template <class T>
constexpr T highest() {
  if constexpr (std::is_floating_point_v<T>)
    return std::numeric_limits<T>::infinity();
  else
    return static_cast<T>(~types::kNull<T>);
}
template <class T>
constexpr T lowest() {
  if constexpr (std::is_floating_point_v<T>)
    return -std::numeric_limits<T>::infinity();
  else
    return types::kNull<T>;
}

template <class T>
PELORUS_WIDE Extremes<T> look_over(const T* values, size_t count) {
  Extremes<T> found{highest<T>(), lowest<T>(), 0};
  for (size_t i = 0; i < count; ++i) {
    const T value = values[i];
    const bool null = value == types::kNull<T>;
    found.nulls += null ? 1 : 0;
    const T low = null ? highest<T>() : value, high = null ? lowest<T>() : value;
    found.least = low < found.least ? low : found.least;
    found.greatest = high > found.greatest ? high : found.greatest;
  }
  return found;
}

PELORUS_WIDE Steps look_at_steps(const int64_t* values, size_t count) {
  Steps steps;
  for (size_t i = 1; i < count; ++i) {
    const int64_t step = values[i] - values[i - 1];
    steps.least = step < steps.least ? step : steps.least;
    steps.greatest = step > steps.greatest ? step : steps.greatest;
  }
  return steps;
}

/// Of `count` values: how many are no wholes.
PELORUS_WIDE size_t make_wholes(const double* values, size_t count, double power, int64_t* wholes) {
  constexpr double kWholeMost = 4503599627370496.0;  // 2^52: added to less than it, leaves that in the lowest bits
  constexpr auto kLowest = (int64_t{1} << 52) - 1;
  int64_t wrong = 0;
  for (size_t i = 0; i < count; ++i) {
    const double value = values[i];
    const bool null = value == types::kNull<double>;
    const double whole = std::nearbyint(value * power);
    const double size = std::fabs(whole);
    const bool fits = (size < kWholeMost) & (whole / power == value) &
                      (std::bit_cast<int64_t>(value) != std::bit_cast<int64_t>(-0.0));
    const int64_t bits = std::bit_cast<int64_t>(size + kWholeMost) & kLowest;
    const int64_t number = whole < 0 ? -bits : bits;
    wholes[i] = null ? types::kNull<int64_t> : number;
    wrong += fits | null ? 0 : 1;
  }
  return static_cast<size_t>(wrong);
}

}  // namespace

PELORUS_WIDE bool has_nulls(std::span<const double> values) {
  size_t nulls = 0;
  for (const double value : values) nulls += value == types::kNull<double>;
  return nulls > 0;
}

template <class T>
Extremes<T> extremes_of(std::span<const T> values) {
  Extremes<T> all{highest<T>(), lowest<T>(), 0};
  for (size_t from = 0; from < values.size(); from += kStretch) {
    const auto part = look_over(values.data() + from, std::min(kStretch, values.size() - from));
    all.least = part.least < all.least ? part.least : all.least;
    all.greatest = part.greatest > all.greatest ? part.greatest : all.greatest;
    all.nulls += part.nulls;
  }
  if (all.nulls == values.size()) return {T{}, T{}, all.nulls};
  return all;
}

template Extremes<int8_t> extremes_of(std::span<const int8_t>);
template Extremes<int16_t> extremes_of(std::span<const int16_t>);
template Extremes<int32_t> extremes_of(std::span<const int32_t>);
template Extremes<int64_t> extremes_of(std::span<const int64_t>);
template Extremes<types::Int128> extremes_of(std::span<const types::Int128>);
template Extremes<float> extremes_of(std::span<const float>);
template Extremes<double> extremes_of(std::span<const double>);

Steps steps_of(std::span<const int64_t> values) { return look_at_steps(values.data(), values.size()); }

bool as_wholes(std::span<const double> values, double power, int64_t* wholes) {
  for (size_t from = 0; from < values.size(); from += kStretch) {
    const size_t count = std::min(kStretch, values.size() - from);
    if (make_wholes(values.data() + from, count, power, wholes + from) > 0) return false;
  }
  return true;
}

}  // namespace pelorus::kernels
