#pragma once
// Ranges of rows, as the windows of a window join: found by numbers in order, and added up.

#include <cstdint>
#include <span>

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

enum class RangeTotal : uint8_t { kSum, kAverage };

/// out[i]: of values[from[i]] .. values[to[i]], nulls left out; null where nothing is left. A short range is added up
/// by itself. A long one that goes on from the one before it takes what is new, and gives up what is gone where that is
/// less work than to begin again (compensated).
void total_ranges(std::span<const double> values, std::span<const int64_t> from, std::span<const int64_t> to,
                  RangeTotal total, double* out);

}  // namespace pelorus::kernels
