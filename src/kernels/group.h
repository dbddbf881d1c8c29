#pragma once
// Rows with equal keys get one dense number; numbers ascend with the keys.

#include <cstdint>
#include <span>
#include <vector>

#include "base/worker_pool.h"
#include "kernels/key_column.h"
#include "kernels/row_numbers.h"

namespace pelorus::kernels {

struct Groups {
  std::vector<uint32_t> of_row;    // group of each row
  std::vector<int64_t> first_row;  // by group: the first row that belongs to it; its size is the number of groups
  size_t count() const { return first_row.size(); }
};

/// Groups are numbered ascending by key, first key first, nulls lowest; nulls are a group like any other.
/// Columns must be of equal length. No column: one group of all `rows` (none when rows is 0). rows < 2^32.
/// Cost: O(rows) for symbol codes and integers of a small range, hashing otherwise, plus sorting the distinct keys;
/// keys of which few repeat are sorted, by all threads. `workers` may be null.
Groups group_rows(std::span<const KeyColumn> keys, size_t rows, WorkerPool* workers = nullptr);

/// Rows gathered by group: rows of group g are order[starts[g]] .. order[starts[g+1]], in their old order.
struct GroupDirectory {
  RowNumbers order;
  std::vector<int64_t> starts;  // count + 1 entries
  size_t count() const { return starts.size() - 1; }
  std::span<const int64_t> rows_of(size_t group) const {
    return {order.data() + starts[group], static_cast<size_t>(starts[group + 1] - starts[group])};
  }
};

/// Counting sort; group_of_row[i] < groups, or kNoGroup: the row is left out.
GroupDirectory gather_groups(std::span<const uint32_t> group_of_row, size_t groups);

inline constexpr uint32_t kNoGroup = UINT32_MAX;

}  // namespace pelorus::kernels
