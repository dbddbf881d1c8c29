#pragma once
// The rows of each group put side by side: context by, and group by where functions want whole groups.

#include <memory>
#include <optional>
#include <vector>

#include "exec/operators/order_result.h"
#include "exec/operators/row_placement.h"
#include "exec/operators/select_items.h"
#include "exec/select.h"

namespace pelorus::exec {

/// Groups ascend by their keys; the rows of group g stand at starts[g] … starts[g + 1] - 1.
struct ContextRows {
  std::shared_ptr<const RowPlacement> placement;  // of the rows that are in; null: `order` says which stands where
  RowNumbers order;
  std::vector<int64_t> starts;
  std::vector<data::Shared<data::Vector>> key_values = {};  // by group; only of rows_by_keys
  size_t count() const { return starts.size() - 1; }
  /// The rows' numbers by their places.
  RowNumbers in_order(WorkerPool* workers) const { return placement ? placement->order(workers) : order; }
};

/// By the keys alone, each thread numbering its stretch of rows. Nothing when the keys do not go by parts.
std::optional<ContextRows> rows_by_keys(const std::vector<SelectItem>& keys, const QueryStep& step);

/// The rows that are in, by the query's keys and inside a group by its csort. `limit`: rows of a group beyond it may be
/// left out when nothing else looks at them.
ContextRows context_rows(const QueryStep& step, const RowLimit& limit);

}  // namespace pelorus::exec
