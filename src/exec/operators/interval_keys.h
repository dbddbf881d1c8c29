#pragma once
// group by interval(X, duration, fill, [step], [explicitOffset], [closed], [label], [origin]).

#include <string>
#include <vector>

#include "exec/operators/grouped_evaluation.h"
#include "exec/select.h"

namespace pelorus::exec {

struct IntervalKeys {
  bool present = false;
  bool key_rows_dropped = false;  // nulls in X
  size_t position = 0;            // among the keys
  KeyValues key;                  // the buckets' labels by row
  int64_t width = 0;              // in units of X
  data::Value fill;               // "prev" "post" "linear" "null" "none", or a constant
  std::vector<syntax::ExprRef> other_keys;
};

/// Finds the interval(…) among the keys and computes it. ScriptError on bad arguments or two of them.
IntervalKeys take_interval_key(const std::vector<syntax::ExprRef>& keys, RowScope& rows, Evaluator& evaluator);

/// Adds the empty buckets between the first and last one of each combination of the other keys, filled as asked.
data::Table fill_intervals(data::Table result, const IntervalKeys& intervals, const std::vector<GroupKey>& keys,
                           Evaluator& evaluator);

/// An argument of interval(…) or roll(…), by position or name, evaluated; Value::missing() where it is not given.
data::Value window_argument(const syntax::Call& call, size_t position, std::string_view name, Evaluator& evaluator,
                            Scope* scope);
/// The last edge not after `value` of windows so wide that one begins at `origin`.
int64_t floor_to(int64_t value, int64_t width, int64_t origin);
/// The first midnight not after `value`; 0 for values without a date.
int64_t start_of_day(int64_t value, data::Type type);

}  // namespace pelorus::exec
