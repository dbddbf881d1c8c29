#include "functions/windows.h"

#include "functions/cast.h"
#include "kernels/calendar.h"

namespace pelorus::functions {

namespace {

/// minPeriods; nothing when it is not given.
std::optional<int64_t> periods_argument(const Arguments& arguments, size_t at) {
  if (!arguments.has(at) || arguments[at].is_null()) return std::nullopt;
  const int64_t periods = arguments.integer(at, "minPeriods");
  if (periods < 1) arguments.refuse("minPeriods", "must be a positive integer.");
  return periods;
}

}  // namespace

Windows WindowChoice::over(std::string_view function, size_t rows) const {
  if (!of_labels) return row_windows(rule, rows);
  if (of_labels->starts.size() != rows) refuse_lengths(function, of_labels->starts.size(), rows);
  return *of_labels;
}

WindowChoice window_choice(const Arguments& arguments, size_t at, size_t periods_at, const Value& x) {
  WindowChoice choice;
  const auto periods = periods_argument(arguments, periods_at);
  // Of what is indexed by time or number a window spans labels, not rows.
  const bool is_labelled =
      x.is_matrix() && x.matrix().row_labels &&
      (types::is_temporal((*x.matrix().row_labels)->type()) || types::is_integral((*x.matrix().row_labels)->type()));
  const bool is_indexed = is_labelled && (x.matrix().is_indexed_series || x.matrix().is_indexed_matrix);
  if (duration_of(arguments[at]) || is_indexed) {
    if (!is_labelled) arguments.refuse("window", "may be a duration only for an indexed series or an indexed matrix.");
    choice.of_labels = time_windows(arguments, *x.matrix().row_labels, at);
    choice.of_labels->rule.periods = periods.value_or(1);
    return choice;
  }
  choice.rule.rows = arguments.integer(at, "window");
  if (choice.rule.rows < 1) arguments.refuse("window", "must be a positive integer.");
  if (!periods) return choice;
  if (*periods > choice.rule.rows) arguments.refuse("minPeriods", "must be between 1 and window.");
  choice.rule.periods = *periods;
  choice.rule.only_full = false;
  return choice;
}

int64_t units_of(std::string_view function, types::Duration duration, Type type) {
  const auto unit = static_cast<types::DurationUnit>(duration.unit);
  const int64_t unit_ns = kernels::nanoseconds_of(unit);
  if (type == Type::kMonth) {
    if (unit == types::DurationUnit::kMonth) return duration.count;
    if (unit == types::DurationUnit::kYear) return int64_t{12} * duration.count;
  }
  const int64_t per_day = types::units_per_day(type);
  if (unit_ns == 0 || per_day == 0)
    usage_error(function, "This unit of duration does not fit " + std::string(types::name_of(type)) + ".");
  const int64_t type_ns = 86'400'000'000'000 / per_day;
  const auto total = static_cast<types::Int128>(duration.count) * unit_ns;
  if (total % type_ns != 0)
    usage_error(function, "The duration is finer than " + std::string(types::name_of(type)) + ".");
  return static_cast<int64_t>(total / type_ns);
}

Windows time_windows(const Arguments& arguments, size_t time_at, size_t window_at) {
  return time_windows(arguments, arguments.vector(time_at, "T"), window_at);
}

Windows time_windows(const Arguments& arguments, const Shared<Vector>& times, size_t window_at) {
  if (!types::is_integral(times->type()) && !types::is_temporal(times->type()))
    arguments.refuse("T", "must be integral or temporal.");
  int64_t span = 0;
  if (const auto duration = duration_of(arguments[window_at]))
    span = units_of(arguments.function(), *duration, times->type());
  else
    span = arguments.integer(window_at, "window");
  if (span < 1) arguments.refuse("window", "must be positive.");
  const auto plain = as_longs(arguments.function(), times);
  const auto values = plain->values<int64_t>();
  for (size_t i = 1; i < values.size(); ++i) {
    if (values[i] < values[i - 1]) arguments.refuse("T", "must not descend.");
  }
  return {kernels::time_window_starts(values, span), {.rows = 1, .periods = 1, .only_full = false}};
}

}  // namespace pelorus::functions
