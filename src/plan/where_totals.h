#pragma once
// Conditions that compare a row with what all rows give, as `price > avg(price)`: one partition can't tell that.

#include <functional>
#include <string>
#include <vector>

#include "plan/split_aggregates.h"

namespace pelorus::plan {

/// What has to be known of all rows before a row can be judged.
struct WhereTotal {
  syntax::ExprRef expr;
  bool is_list = false;  // `x > all(y)`: every y; otherwise a scalar
};

using LooksAtColumns = std::function<bool(const syntax::Expr&)>;

/// The outermost aggregates of columns in a condition, each once for each time it is written.
std::vector<WhereTotal> totals_in(const syntax::ExprRef& condition, const FunctionLookup& lookup,
                                  const LooksAtColumns& looks_at_columns);
/// The condition with `values`, one for each of totals_in(), in their places.
syntax::ExprRef with_totals(const syntax::ExprRef& condition, const std::vector<syntax::ExprRef>& values,
                            const FunctionLookup& lookup, const LooksAtColumns& looks_at_columns);

}  // namespace pelorus::plan
