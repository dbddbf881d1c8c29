#include "kernels/ranges.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/wide_vectors.h"
#include "kernels/aggregate.h"
#include "kernels/group.h"

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
  constexpr int64_t kWidth = 4;
  std::array<double, kWidth> sums{};
  std::array<int64_t, kWidth> nulls{};
  int64_t i = 0;
  for (; i + kWidth <= rows; i += kWidth) {
    for (int64_t lane = 0; lane < kWidth; ++lane) {
      const double value = values[i + lane];
      sums[lane] += is_null(value) ? 0 : value;
      nulls[lane] += is_null(value) ? 1 : 0;
    }
  }
  for (int64_t lane = 0; i < rows; ++i, ++lane) {
    sums[lane] += is_null(values[i]) ? 0 : values[i];
    nulls[lane] += is_null(values[i]) ? 1 : 0;
  }
  return total_of((sums[0] + sums[2]) + (sums[1] + sums[3]), rows - (nulls[0] + nulls[1] + nulls[2] + nulls[3]), total);
}

/// What is in one range after the other.
class Slide {
 public:
  explicit Slide(const double* values) : values_(values) {}

  const Sum& over(int64_t first, int64_t last) {
    if (first > from_ && first <= to_ && last >= to_ && first - from_ < last - first) {
      each(from_, first, [&](double value) { state_.remove(value); });
      from_ = first;
    }
    if (first != from_ || last < to_) {
      state_ = {};
      from_ = to_ = first;
    }
    each(to_, last, [&](double value) { state_.add(value); });
    to_ = last;
    return state_;
  }

 private:
  template <class Take>
  void each(int64_t at, int64_t last, Take&& take) {
    for (; at < last; ++at) {
      if (!is_null(values_[at])) take(values_[at]);
    }
  }

  const double* values_;
  Sum state_;
  int64_t from_ = 0, to_ = 0;
};

PELORUS_WIDE void total_each(const double* values, const int64_t* from, const int64_t* to, size_t ranges,
                             RangeTotal total, double* out) {
  Slide slide(values);
  for (size_t i = 0; i < ranges; ++i) {
    if (to[i] - from[i] <= kShortRange) {
      out[i] = short_total(values + from[i], to[i] - from[i], total);
      continue;
    }
    const auto& state = slide.over(from[i], to[i]);
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
