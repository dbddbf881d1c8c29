#include "data/sorted_rows.h"

#include <algorithm>
#include <deque>

#include "data/key_column.h"
#include "kernels/sort.h"

namespace pelorus::data {

Table sorted_rows(Table rows, std::span<const uint32_t> columns) {
  std::deque<std::vector<int32_t>> ranks;
  std::vector<kernels::SortKey> keys;
  for (const auto column : columns) keys.push_back({key_column(rows.column(column), ranks.emplace_back())});
  const auto order = kernels::sort_rows(keys, rows.rows());
  return std::is_sorted(order.begin(), order.end()) ? rows : rows.take(order);
}

}  // namespace pelorus::data
