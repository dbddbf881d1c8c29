#include "kernels/select_place.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/wide_vectors.h"
#include "kernels/ordinal.h"

namespace pelorus::kernels {
namespace {

constexpr size_t kFew = 512;
constexpr int kBucketBits = 11;

std::pair<double, double> among_few(std::vector<double> values, size_t place) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), at, values.end());
  return {*at, at + 1 == values.end() ? *at : *std::min_element(at + 1, values.end())};
}

PELORUS_WIDE std::pair<double, double> range_of(std::span<const double> values) {
  double low = values[0], high = values[0];
  for (const double value : values) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return {low, high};
}

/// Buckets of equal width of ordinals, ascending.
struct Buckets {
  Buckets(double least, double greatest) : low(ordinal_of(least)) {
    const auto bits = static_cast<int>(std::bit_width(ordinal_of(greatest) - low));
    shift = std::max(0, bits - kBucketBits);
  }
  size_t of(double value) const { return static_cast<size_t>((ordinal_of(value) - low) >> shift); }

  uint64_t low;
  int shift;
};

}  // namespace

std::pair<double, double> elements_at(std::span<const double> values, size_t place) {
  if (values.size() <= kFew) return among_few({values.begin(), values.end()}, place);
  const auto [least, greatest] = range_of(values);
  if (least == greatest) return {least, least};
  const Buckets buckets(least, greatest);
  std::array<uint32_t, size_t{1} << kBucketBits> counts{};
  for (const double value : values) ++counts[buckets.of(value)];
  size_t bucket = 0, before = 0;
  while (before + counts[bucket] <= place) before += counts[bucket++];
  std::vector<double> inside;
  inside.reserve(counts[bucket]);
  double above = std::numeric_limits<double>::infinity();
  const bool is_last = place + 1 == before + counts[bucket];  // the next one is the least of the later buckets
  for (const double value : values) {
    const size_t of = buckets.of(value);
    if (of == bucket) inside.push_back(value);
    if (is_last && of > bucket) above = std::min(above, value);
  }
  const auto [at, next] = elements_at(inside, place - before);  // fewer: the ends of the range are in different buckets
  return {at, is_last && place + 1 < values.size() ? above : next};
}

}  // namespace pelorus::kernels
