#pragma once
// What a condition has to see to judge a row: the row itself, or others too. Partitions can judge rows alone only in
// the first case.

#include <functional>
#include <vector>

#include "data/table.h"
#include "plan/split_aggregates.h"
#include "syntax/sql.h"

namespace pelorus::exec {

/// In rising order: an expression reaches as far as the farthest of its parts.
enum class Reach : uint8_t {
  kRow,      // its row
  kUnknown,  // a function that can't be looked into
  kRows,     // other rows: contextby(…), a user's function with an aggregate inside, `x in y` of two columns
  kTotals,   // what all rows give: an aggregate of columns
  kOrder,    // rows before or after it: cumsum, prev, x[i], over(…)
};

struct ReachFacts {
  const data::Schema& schema;
  const plan::FunctionLookup& lookup;
  std::function<bool(const syntax::Expr&)> mentions_columns;
  /// Whether groups by these keys each lie in one partition.
  std::function<bool(const std::vector<syntax::ExprRef>&)> keys_cover;
};

/// Looks into users' functions, their calls of others included; what is inside those reaches as far as kRows.
Reach reach_of(const syntax::Expr& expr, const ReachFacts& facts);

}  // namespace pelorus::exec
