#pragma once
// Functions of a row and of those before it in its group, as context by asks them: moving windows, differences, running
// sums.

#include <utility>
#include <vector>

#include "exec/operators/context_rows.h"

namespace pelorus::exec {

/// The values of such calls among `items`, by the rows' places; all others are left out. Rows go by in their order, and
/// of each group only what the next ones look back to is kept, so that nothing but results is as long as the table.
/// Before the rows are put to their places. Cost: reads each column once and writes each result once.
std::vector<std::pair<const syntax::Expr*, data::Shared<data::Vector>>> series_in_passing(
    const std::vector<SelectItem>& items, const QueryStep& step, const ContextRows& rows);

}  // namespace pelorus::exec
