#include "kernels/small_multiples.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/wide_vectors.h"

namespace pelorus::kernels {
namespace {

/// Added to a double, leaves its nearest whole number in the lowest bits.
constexpr double kRounding = 6755399441055744.0;  // 1.5 * 2^52
constexpr size_t kBatch = 512;

/// Multiples that are not as far from 0 have places.
constexpr double kFarthest = 1 << 20;
/// Of whatever is no such multiple.
constexpr uint32_t kOutside = 0;

/// Multiple n >= 0 has place 2n + 1, n < 0 has -2n: small multiples have small places.
template <class T>
PELORUS_WIDE void place_all(const T* values, size_t count, double units, uint32_t* places) {
  for (size_t i = 0; i < count; ++i) {
    const auto value = static_cast<double>(values[i]);
    const double multiple = value * units + kRounding - kRounding;
    const double place = 2 * std::fabs(multiple) + (multiple < 0 ? 0.0 : 1.0);
    const bool is_one = (multiple / units == value) & (std::fabs(multiple) < kFarthest);
    places[i] = static_cast<uint32_t>(static_cast<int32_t>(is_one ? place : 0.0));
  }
}

struct Placed {
  uint32_t outside = 0, highest = 0;
};

PELORUS_WIDE Placed look_over(const uint32_t* places, size_t count) {
  uint32_t outside = 0, highest = 0;
  for (size_t i = 0; i < count; ++i) {
    outside += places[i] == kOutside;
    highest = std::max(highest, places[i]);
  }
  return {outside, highest};
}

}  // namespace

template <class T>
void SmallMultiples::choose_unit(const T* values, size_t count) {
  count = std::min(count, kBatch);
  std::array<uint32_t, kBatch> places;
  units_ = -1;
  for (const double units : {1.0, 100.0, 10000.0}) {
    place_all(values, count, units, places.data());
    if (look_over(places.data(), count).outside > count / 8) continue;
    units_ = units;
    return;
  }
}

template <class T>
size_t SmallMultiples::add_all(const T* values, size_t count, T* rest) {
  if (units_ == 0 && count > 0) choose_unit(values, count);
  if (units_ <= 0) {
    std::copy_n(values, count, rest);
    return count;
  }
  std::array<uint32_t, kBatch> places;
  size_t left = 0;
  for (size_t i = 0; i < count; i += kBatch) {
    const size_t batch = std::min(kBatch, count - i);
    place_all(values + i, batch, units_, places.data());
    const auto placed = look_over(places.data(), batch);
    if (placed.highest >= met_.size()) met_.resize(std::bit_ceil<size_t>(placed.highest + size_t{1}));
    auto* const met = met_.data();
    for (size_t k = 0; k < batch; ++k) met[places[k]] = 1;
    for (size_t k = 0; placed.outside > 0 && k < batch; ++k) {
      if (places[k] == kOutside) rest[left++] = values[i + k];
    }
  }
  return left;
}

size_t SmallMultiples::count() const {
  return met_.empty() ? 0 : static_cast<size_t>(std::count(met_.begin() + 1, met_.end(), uint8_t{1}));
}

double SmallMultiples::value_at(size_t place) const {
  const auto half = static_cast<double>(place / 2);
  return (place % 2 == 1 ? half : -half) / units_;
}

template size_t SmallMultiples::add_all(const double*, size_t, double*);
template size_t SmallMultiples::add_all(const float*, size_t, float*);
template size_t SmallMultiples::add_all(const int8_t*, size_t, int8_t*);
template size_t SmallMultiples::add_all(const int16_t*, size_t, int16_t*);
template size_t SmallMultiples::add_all(const int32_t*, size_t, int32_t*);
template size_t SmallMultiples::add_all(const int64_t*, size_t, int64_t*);

}  // namespace pelorus::kernels
