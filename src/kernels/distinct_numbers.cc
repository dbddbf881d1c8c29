#include "kernels/distinct_numbers.h"

#include <algorithm>
#include <array>
#include <span>

namespace pelorus::kernels {
namespace {

template <class T>
T value_of(uint64_t bits) {
  if constexpr (std::is_floating_point_v<T>) {
    const auto wide = std::bit_cast<double>(bits);
    return wide == types::kNull<double> ? types::kNull<T> : static_cast<T>(wide);
  } else {
    return static_cast<T>(bits);
  }
}

}  // namespace

template <class T>
void DistinctNumbers::add_all(const T* values, size_t count) {
  constexpr size_t kBatch = 512;
  std::array<T, kBatch> rest;
  std::array<uint64_t, kBatch> patterns;
  for (size_t i = 0; i < count; i += kBatch) {
    const size_t left = multiples_.add_all(values + i, std::min(kBatch, count - i), rest.data());
    for (size_t k = 0; k < left; ++k) patterns[k] = bits_of(rest[k]);
    others_.add_all(std::span(patterns).first(left));
  }
}

template <class T>
void DistinctNumbers::merge(const DistinctNumbers& other) {
  if (count() == 0) {
    *this = other;
    return;
  }
  const auto put = [&](T value) { add_all(&value, 1); };
  other.multiples_.each([&](double value) { put(static_cast<T>(value)); });
  other.others_.each([&](uint64_t bits) { put(value_of<T>(bits)); });
}

template void DistinctNumbers::add_all(const double*, size_t);
template void DistinctNumbers::add_all(const float*, size_t);
template void DistinctNumbers::add_all(const int8_t*, size_t);
template void DistinctNumbers::add_all(const int16_t*, size_t);
template void DistinctNumbers::add_all(const int32_t*, size_t);
template void DistinctNumbers::add_all(const int64_t*, size_t);
template void DistinctNumbers::merge<double>(const DistinctNumbers&);
template void DistinctNumbers::merge<float>(const DistinctNumbers&);
template void DistinctNumbers::merge<int8_t>(const DistinctNumbers&);
template void DistinctNumbers::merge<int16_t>(const DistinctNumbers&);
template void DistinctNumbers::merge<int32_t>(const DistinctNumbers&);
template void DistinctNumbers::merge<int64_t>(const DistinctNumbers&);

}  // namespace pelorus::kernels
