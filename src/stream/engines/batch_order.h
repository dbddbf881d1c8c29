#pragma once
// Results in the order of the rows that brought them about, whatever the keys.

#include <algorithm>
#include <numeric>
#include <vector>

#include "data/table.h"

namespace pelorus::stream {

/// Rows with the number of the batch's row that brought each about, in the order of those; as they are when the numbers
/// are not one for each row.
inline data::Table in_order_of(const std::vector<int64_t>& causes, data::Table rows) {
  if (causes.size() != rows.rows() || std::ranges::is_sorted(causes)) return rows;
  std::vector<int64_t> order(causes.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](int64_t i) { return causes[static_cast<size_t>(i)]; });
  return rows.take(order);
}

}  // namespace pelorus::stream
