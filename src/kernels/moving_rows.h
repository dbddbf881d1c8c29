#pragma once
// Short windows of rows, for the aggregates that sums and sums of squares tell: each window is added up by itself, many
// at a time. What comes out rests on the window's elements alone, so that parts of a series give what the whole gives.

#include <cstdint>
#include <span>

#include "kernels/moving.h"

namespace pelorus::kernels {

enum class RowsAggregate : uint8_t {
  kSum,
  kAverage,
  kSampleVariance,
  kPopulationVariance,
  kSampleDeviation,
  kPopulationDeviation
};

/// Longer windows are better slid.
inline constexpr int64_t kShortWindowRows = 32;

/// out[i]: the aggregate of the window that ends at from + i, its nulls left out; null where the window does not count.
/// window.rows <= kShortWindowRows. Cost: a few tenths of a ns for each element of each window.
void sliding_rows(std::span<const double> values, size_t from, const Window& window, RowsAggregate aggregate,
                  double* out);

}  // namespace pelorus::kernels
