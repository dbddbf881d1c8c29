#include "functions/windows.h"

#include "functions/cast.h"
#include "kernels/calendar.h"

namespace pelorus::functions {

kernels::Window window_argument(const Arguments& arguments, size_t at) {
  kernels::Window window;
  window.rows = arguments.integer(at, "window");
  if (window.rows < 1) arguments.refuse("window", "must be a positive integer.");
  if (arguments.has(at + 1) && !arguments[at + 1].is_null()) {
    window.periods = arguments.integer(at + 1, "minPeriods");
    if (window.periods < 1 || window.periods > window.rows)
      arguments.refuse("minPeriods", "must be between 1 and window.");
    window.only_full = false;
  }
  return window;
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
  const auto times = arguments.vector(time_at, "T");
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
