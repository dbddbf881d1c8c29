#pragma once
// Windows of moving functions as their arguments say: rows (m…) or time (tm…), over vectors of any numeric type.

#include <optional>

#include "functions/aggregate_states.h"
#include "kernels/moving.h"

namespace pelorus::functions {

/// Which rows each window holds and when its result counts.
struct Windows {
  std::vector<size_t> starts;
  kernels::Window rule;
  bool are_of_rows = false;  // they are what the rule says, not of time or labels

  bool counts(size_t row, int64_t count) const { return rule.counts(row, count); }
  auto keeps() const {
    return [this](size_t row, int64_t count) { return counts(row, count); };
  }
};

/// Windows of rows, or of time where X has row labels and the window is a duration.
struct WindowChoice {
  kernels::Window rule;
  std::optional<Windows> of_labels;

  /// For a series of so many elements; with labels the count must be theirs.
  Windows over(std::string_view function, size_t rows) const;
};

/// From argument `at` (window) and, where given, `periods_at` (minPeriods): without minPeriods only full windows count,
/// with it those that hold so many non-null elements. A window that is a duration needs `x` to be an indexed series or
/// matrix; one non-null element is then enough.
WindowChoice window_choice(const Arguments& arguments, size_t at, size_t periods_at, const Value& x);
inline Windows row_windows(const kernels::Window& rule, size_t rows) {
  return {kernels::window_starts(rows, rule), rule, true};
}

/// (t - span, t] over argument 0, an ascending integral or temporal vector; span: an integer in its unit or a duration.
Windows time_windows(const Arguments& arguments, size_t time_at, size_t window_at);
Windows time_windows(const Arguments& arguments, const Shared<Vector>& times, size_t window_at);

/// A duration as a count of `type`'s own units; ScriptError when it is no fixed number of them.
int64_t units_of(std::string_view function, types::Duration duration, Type type);

/// Where a family's windows come from: rows of the vector itself, or time.
using WindowsOf = std::function<Windows(size_t rows)>;

}  // namespace pelorus::functions
