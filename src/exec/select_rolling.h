#pragma once
// select roll(…), … context by …: a row for each window.

#include "exec/operators/context_rows.h"
#include "exec/select.h"

namespace pelorus::exec {

/// `rows` are the groups, in whose order the step's rows stand. The first item is roll(…). Columns show
/// the last row of a step, keys that of their group; aggregates and other functions are called with a step's rows, m…
/// and tm… functions stand for their aggregates over longer windows. Cost: that of aggregate_windows for each call.
StepResult select_rolling(const QueryStep& step, const std::vector<SelectItem>& items, const ContextRows& rows,
                          const RowLimit& limit);

}  // namespace pelorus::exec
