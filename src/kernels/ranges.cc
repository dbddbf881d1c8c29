#include "kernels/ranges.h"

#include <algorithm>
#include <limits>

#include "base/wide_vectors.h"
#include "kernels/aggregate.h"
#include "kernels/group.h"
#include "kernels/sum_lanes.h"

namespace pelorus::kernels {
namespace {

using types::is_null;

PELORUS_WIDE bool ascend_all(const int64_t* numbers, size_t count) {
  int64_t descents = 0;
  for (size_t i = 1; i < count; ++i) descents |= numbers[i] < numbers[i - 1] ? int64_t{1} : int64_t{0};
  return descents == 0;
}

/// Numbers that are looked at together, before steps grow.
constexpr int64_t kStep = 16;

__attribute__((always_inline)) inline int64_t place_of(const int64_t* numbers, int64_t begin, int64_t end, int64_t near,
                                                       int64_t bound) {
  const auto is_before = [&](int64_t place) { return numbers[place] < bound; };
  int64_t low = near, high = near;  // is_before holds below low and for nothing from high on
  if (near > begin && !is_before(near - 1)) {
    for (int64_t step = 1; low > begin && !is_before(low - 1); step *= 2) {
      high = low - 1;
      low = std::max(begin, high - step);
    }
  } else {
    if (end - near >= kStep) {
      int64_t passed = 0;
      for (int64_t i = 0; i < kStep; ++i) passed += is_before(near + i) ? 1 : 0;
      if (passed < kStep) return near + passed;
      low = high = near + kStep;
    }
    for (int64_t step = 1; high < end && is_before(high); step *= 2) {
      low = high + 1;
      high = std::min(end, low + step);
    }
  }
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (is_before(middle))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

PELORUS_WIDE void find_each(const int64_t* numbers, const int64_t* starts, const uint32_t* groups,
                            const int64_t* wanted, size_t count, int64_t shift, int64_t* near, int64_t* places) {
  for (size_t i = 0; i < count; ++i) {
    const uint32_t group = groups[i];
    places[i] = 0;
    if (group == kNoGroup || is_null(wanted[i])) continue;
    int64_t bound = 0;
    if (__builtin_add_overflow(wanted[i], shift, &bound))
      bound = shift < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
    places[i] = near[group] = place_of(numbers, starts[group], starts[group + 1], near[group], bound);
  }
}

/// Ranges of so many rows are added up by themselves.
constexpr int64_t kShortRange = 64;

__attribute__((always_inline)) inline double total_of(double sum, int64_t count, RangeTotal total) {
  if (count == 0) return types::kNull<double>;
  return finite_or_null(total == RangeTotal::kSum ? sum : sum / static_cast<double>(count));
}

__attribute__((always_inline)) inline double short_total(const double* values, int64_t rows, RangeTotal total) {
  double sum = 0;
  int64_t nulls = 0;
  sum_lanes<4>(values, static_cast<size_t>(rows), &sum, &nulls);
  return total_of(sum, rows - nulls, total);
}

PELORUS_WIDE void total_each(const double* values, const int64_t* from, const int64_t* to, size_t ranges,
                             RangeTotal total, double* out) {
  RangeFold<Sum, double> fold(values);
  for (size_t i = 0; i < ranges; ++i) {
    if (to[i] - from[i] <= kShortRange) {
      out[i] = short_total(values + from[i], to[i] - from[i], total);
      continue;
    }
    const auto& state = fold.over(from[i], to[i]);
    out[i] = total_of(state.total(), state.count, total);
  }
}

}  // namespace

bool ascend(std::span<const int64_t> numbers) { return ascend_all(numbers.data(), numbers.size()); }

void find_places(const OrderedGroups& in, std::span<const uint32_t> groups, std::span<const int64_t> wanted,
                 int64_t shift, std::span<int64_t> near, int64_t* places) {
  find_each(in.numbers.data(), in.starts.data(), groups.data(), wanted.data(), groups.size(), shift, near.data(),
            places);
}

void total_ranges(std::span<const double> values, std::span<const int64_t> from, std::span<const int64_t> to,
                  RangeTotal total, double* out) {
  total_each(values.data(), from.data(), to.data(), from.size(), total, out);
}

}  // namespace pelorus::kernels
