#pragma once
// What a where clause says about single columns, as far as it can be told without rows: what pruning of partitions and
// zone maps go by.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/table.h"
#include "data/value.h"
#include "meta/partition_scheme.h"
#include "syntax/sql.h"

namespace pelorus::plan {

/// A necessary condition on a row. kAnything: nothing known.
struct Constraint {
  enum class Kind : uint8_t { kAnything, kColumn, kAnd, kOr };
  Kind kind = Kind::kAnything;
  std::string column;                     // kColumn, as spelled in the schema
  std::string conversion;                 // kColumn: "" the column itself, "date" its date(…)
  std::vector<meta::Interval> intervals;  // kColumn: the value lies in one of them
  std::vector<Constraint> parts;          // kAnd, kOr
  bool exact = false;  // also a sufficient one for rows without nulls in its columns, which it excludes
};

/// The value of an expression that names no column; nothing otherwise.
using ConstantValue = std::function<std::optional<data::Value>(const syntax::Expr&)>;

/// Of comma-separated conditions. `schema`: the table's columns. Chained comparisons say nothing (language reference
/// §4.6).
Constraint constraint_of(const std::vector<syntax::ExprRef>& conditions, const data::Schema& schema,
                         const ConstantValue& constant);

/// The columns whose intervals say all that the condition says, as hull_of() tells them for it; nothing when it says
/// more.
std::optional<std::vector<std::string>> columns_that_decide(const Constraint& condition);

/// For one column itself: an interval that holds all its values allowed by the constraint; nothing when it is open.
std::optional<meta::Interval> hull_of(const Constraint& constraint, const std::string& column);

}  // namespace pelorus::plan
