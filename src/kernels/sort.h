#pragma once
// Stable sorting of row numbers by one or several columns.

#include <cstdint>
#include <span>

#include "kernels/key_column.h"
#include "kernels/row_numbers.h"

namespace pelorus::kernels {

struct SortKey {
  KeyColumn column;
  bool descending = false;
  bool nulls_last = false;  // independent of the direction; the language's default is nulls lowest:
                            // first when ascending, last when descending
};

/// Row numbers 0..rows-1 in order of the keys, first key first; equal rows keep their order.
/// Cost: O(rows) when already sorted or the keys are integers of a small range, O(n log n) otherwise.
RowNumbers sort_rows(std::span<const SortKey> keys, size_t rows);

/// The first `count` rows of sort_rows: O(n) by one key of numbers, otherwise by a heap, O(n log count).
RowNumbers top_rows(std::span<const SortKey> keys, size_t rows, size_t count);

/// True when the rows are already in the order sort_rows would give.
bool is_sorted(std::span<const SortKey> keys, size_t rows);

}  // namespace pelorus::kernels
