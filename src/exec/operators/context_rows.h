#pragma once
// context by: the rows of each group put side by side.

#include <optional>
#include <vector>

#include "exec/operators/order_result.h"
#include "exec/select.h"

namespace pelorus::exec {

/// Rows of group g: order[starts[g]] .. order[starts[g + 1]], groups ascending by their keys.
struct ContextRows {
  RowNumbers order;
  std::vector<int64_t> starts;
  size_t count() const { return starts.size() - 1; }
};

/// The rows that are in, by the query's keys and inside a group by its csort. `limit`: rows of a group beyond it may be
/// left out when nothing else looks at them.
ContextRows context_rows(const QueryStep& step, const RowLimit& limit);

}  // namespace pelorus::exec
