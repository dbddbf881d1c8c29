#pragma once
// f(args) over ([partition by …] [order by …] [frame]).

#include "exec/evaluator.h"
#include "exec/operators/relation.h"

namespace pelorus::exec {

/// Computes every over() inside `expr` and puts its column into `rows` for the evaluator to find.
void compute_window_functions(const syntax::Expr& expr, RowScope& rows, Evaluator& evaluator);

}  // namespace pelorus::exec
