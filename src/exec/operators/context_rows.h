#pragma once
// The rows of each group put side by side: context by, and group by where functions want whole groups.

#include <optional>
#include <vector>

#include "exec/operators/order_result.h"
#include "exec/operators/select_items.h"
#include "exec/select.h"

namespace pelorus::exec {

/// Rows of group g: order[starts[g]] .. order[starts[g + 1]], groups ascending by their keys.
struct ContextRows {
  RowNumbers order;
  std::vector<int64_t> starts;
  std::vector<data::Shared<data::Vector>> key_values = {};  // by group; only of rows_by_keys
  size_t count() const { return starts.size() - 1; }
};

/// By the keys alone, each thread numbering its stretch of rows and then putting them to their places. Nothing when the
/// keys do not go by parts.
std::optional<ContextRows> rows_by_keys(const std::vector<SelectItem>& keys, const QueryStep& step);

/// The rows that are in, by the query's keys and inside a group by its csort. `limit`: rows of a group beyond it may be
/// left out when nothing else looks at them.
ContextRows context_rows(const QueryStep& step, const RowLimit& limit);

}  // namespace pelorus::exec
