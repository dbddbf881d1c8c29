#pragma once
// The rows of a table in order of some of its columns.

#include <span>

#include "data/table.h"

namespace pelorus::data {

/// By these columns (positions; no array vectors or tuples), ascending, nulls first, the first column first, SYMBOL by
/// text. Rows with equal values keep their order. The same columns where they lie so already. Cost: kernels::sort_rows.
Table sorted_rows(Table rows, std::span<const uint32_t> columns);

}  // namespace pelorus::data
