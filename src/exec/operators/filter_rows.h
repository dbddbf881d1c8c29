#pragma once
// where and having.

#include <vector>

#include "exec/evaluator.h"
#include "exec/operators/relation.h"

namespace pelorus::exec {

/// Conditions one after another: each sees the rows the one before left. Checks for cancellation in between. Those of
/// `wanted` that look at their row alone are computed in passing, while what they rest on is in the cache, and put to
/// `rows`.
void filter_rows(const std::vector<syntax::ExprRef>& conditions, RowScope& rows, Evaluator& evaluator,
                 const std::vector<syntax::ExprRef>& wanted = {});

/// A condition's value as one flag per row (1 keeps). Scalars go for all rows. ScriptError when it is nothing like
/// that.
std::vector<int8_t> flags_of(const data::Value& value, size_t rows);

/// Throws when the statement was cancelled.
void check_cancelled(Evaluator& evaluator);

}  // namespace pelorus::exec
