#pragma once
// Windows of moving functions as their arguments say: rows (m…) or time (tm…), over vectors of any numeric type.

#include "functions/aggregate_states.h"
#include "kernels/moving.h"

namespace pelorus::functions {

/// Which rows each window holds and when its result counts.
struct Windows {
  std::vector<size_t> starts;
  kernels::Window rule;

  bool counts(size_t row, int64_t count) const { return rule.counts(row, count); }
  auto keeps() const {
    return [this](size_t row, int64_t count) { return counts(row, count); };
  }
};

/// Window in rows from arguments `at` (window) and `at + 1` (minPeriods, optional): without minPeriods only full
/// windows count, with it those that hold so many non-null elements.
kernels::Window window_argument(const Arguments& arguments, size_t at);
inline Windows row_windows(const kernels::Window& rule, size_t rows) {
  return {kernels::window_starts(rows, rule), rule};
}

/// (t - span, t] over argument 0, an ascending integral or temporal vector; span: an integer in its unit or a duration.
Windows time_windows(const Arguments& arguments, size_t time_at, size_t window_at);

/// A duration as a count of `type`'s own units; ScriptError when it is no fixed number of them.
int64_t units_of(std::string_view function, types::Duration duration, Type type);

/// Where a family's windows come from: rows of the vector itself, or time.
using WindowsOf = std::function<Windows(size_t rows)>;

}  // namespace pelorus::functions
