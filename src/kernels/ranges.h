#pragma once
// Ranges of rows, as the windows of a window join: found by numbers in order, and added up.

#include <cstdint>
#include <span>

#include "types/null.h"

namespace pelorus::kernels {

/// Whether no number is below the one before.
bool ascend(std::span<const int64_t> numbers);

/// Numbers by group: numbers[starts[g]] .. numbers[starts[g + 1]] are those of group g and ascend.
struct OrderedGroups {
  std::span<const int64_t> numbers;
  std::span<const int64_t> starts;
};

/// places[i]: the first place of group groups[i] whose number is not below wanted[i] + shift, its end if there is none;
/// 0 where the group is kNoGroup or wanted[i] is null. `near`, by group: a place to look around first; afterwards what
/// was found last. Cost: a few ns where that is near, the logarithm of how far it is otherwise.
void find_places(const OrderedGroups& in, std::span<const uint32_t> groups, std::span<const int64_t> wanted,
                 int64_t shift, std::span<int64_t> near, int64_t* places);

/// A state with add(value), and perhaps remove(value), of one range of values after the other, nulls left out. A range
/// that goes on from the one before it takes what is new, and gives up what is gone where that is less work than to
/// begin again.
template <class State, class T>
class RangeFold {
 public:
  explicit RangeFold(const T* values, const State& empty = {}) : values_(values), empty_(empty), state_(empty) {}

  /// Of values[first] .. values[last].
  const State& over(int64_t first, int64_t last) {
    if constexpr (requires(State s, T value) { s.remove(value); }) {
      if (first > from_ && first <= to_ && last >= to_ && first - from_ < last - first)
        each(from_, first, [&](T value) { state_.remove(value); });
    }
    if (first != from_ || last < to_) {
      state_ = empty_;
      from_ = to_ = first;
    }
    each(to_, last, [&](T value) { state_.add(value); });
    return state_;
  }

 private:
  template <class Take>
  void each(int64_t& at, int64_t last, Take&& take) {
    for (; at < last; ++at) {
      if (!types::is_null(values_[at])) take(values_[at]);
    }
  }

  const T* values_;
  const State empty_;
  State state_;
  int64_t from_ = 0, to_ = 0;
};

enum class RangeTotal : uint8_t { kSum, kAverage };

/// out[i]: of values[from[i]] .. values[to[i]], nulls left out; null where nothing is left. A short range is added up
/// by itself, long ones as RangeFold does (compensated).
void total_ranges(std::span<const double> values, std::span<const int64_t> from, std::span<const int64_t> to,
                  RangeTotal total, double* out);

}  // namespace pelorus::kernels
