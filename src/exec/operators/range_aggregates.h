#pragma once
// Aggregates over ranges of rows: windows of wj and roll, frames of over().

#include <optional>
#include <string_view>
#include <vector>

#include "base/worker_pool.h"
#include "data/vector.h"
#include "exec/evaluator.h"
#include "exec/operators/relation.h"

namespace pelorus::exec {

/// Range i is rows [from[i], to[i]).
struct RowRanges {
  std::vector<int64_t> from;
  std::vector<int64_t> to;
  size_t size() const { return from.size(); }
};

/// sum, avg, count, min, max, first, last of numbers and temporals without a call per range; nothing for other
/// functions and types. Ranges that grow from the one before cost only their new rows. `workers` may be null.
std::optional<data::Shared<data::Vector>> aggregate_ranges(std::string_view function, const data::Vector& values,
                                                           const RowRanges& ranges, WorkerPool* workers);

/// An expression over the rows of each range, one value a range. Cost: an evaluation a range, but for one aggregate of
/// one column that aggregate_ranges knows. ScriptError where a value is no scalar.
data::Shared<data::Vector> aggregate_windows(const syntax::Expr& expr, RowScope& rows, const RowRanges& ranges,
                                             Evaluator& evaluator);

}  // namespace pelorus::exec
