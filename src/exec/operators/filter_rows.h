#pragma once
// where and having.

#include <optional>
#include <vector>

#include "exec/evaluator.h"
#include "exec/operators/relation.h"

namespace pelorus::exec {

/// Only the first `count` rows in the order of `key` are wanted.
struct BestRows {
  syntax::ExprRef key;
  bool descending = false;
  size_t count = 0;
  bool keeps_ties = false;  // rows equal to the last of them are wanted as well
};
/// What may be done with the rows that stay while they are in the cache.
struct InPassing {
  std::vector<syntax::ExprRef> wanted = {};  // computed and put to the rows, if they look at their row alone
  std::optional<BestRows> best = {};         // others are left out, as far as it is easily seen
};

/// Conditions one after another: each sees the rows the one before left. Checks for cancellation in between.
void filter_rows(const std::vector<syntax::ExprRef>& conditions, RowScope& rows, Evaluator& evaluator,
                 const InPassing& in_passing = {});

/// Whether a column stands anywhere in it.
bool names_column(const syntax::Expr& expr, const RowScope& rows);
/// Whether each of `exprs` looks at its row alone and names a column.
bool are_of_rows(const std::vector<syntax::ExprRef>& exprs, RowScope& rows, Evaluator& evaluator);

/// A condition's value as one flag per row (1 keeps). Scalars go for all rows. ScriptError when it is nothing like
/// that.
std::vector<int8_t> flags_of(const data::Value& value, size_t rows);

/// Throws when the statement was cancelled.
void check_cancelled(Evaluator& evaluator);

}  // namespace pelorus::exec
