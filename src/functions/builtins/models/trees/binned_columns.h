#pragma once
// Columns of numbers cut into intervals, once for all trees that learn from them.

#include <cstdint>
#include <span>
#include <vector>

namespace pelorus::functions {

using ColumnView = std::span<const double>;

/// Columns of equal length. Interval b of a column holds the rows with cuts[b - 1] < x <= cuts[b].
struct BinnedColumns {
  size_t rows = 0;
  std::vector<std::vector<double>> cuts;      // by column, rising: one less than the column has intervals
  std::vector<std::vector<uint16_t>> places;  // by column and row: the number of the interval
};

constexpr size_t kBinsMax = 65536;

/// An interval for each distinct value, cut half way to the next, where a column has at most `bins_max` (1 … kBinsMax)
/// of them; else `bins_max` intervals with about equally many rows. One column a thread.
/// Nulls    the columns must hold finite numbers only.
/// Cost     O(columns · rows · log rows).
BinnedColumns binned(std::span<const ColumnView> columns, size_t bins_max, size_t threads);

}  // namespace pelorus::functions
