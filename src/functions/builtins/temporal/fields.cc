// Parts of dates and times, and moves by durations.

#include "functions/builtins/register_builtins.h"
#include "functions/builtins/temporal/period.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/series.h"
#include "functions/unary.h"
#include "kernels/calendar.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "temporal";
constexpr std::string_view kNullsStay = "Null stays null.";
constexpr int64_t kNsPerDay = 86'400'000'000'000;

using kernels::floor_divide;
using types::CivilDate;
using types::kNull;

/// The vector as temporal values; text is refused with the function's name.
void require_temporal(std::string_view function, const Vector& vector) {
  if (!types::is_temporal(vector.type()))
    usage_error(function, "X must be a temporal value, not " + std::string(types::name_of(vector.type())) + ".");
}

/// A part of the date: f(days since 1970, civil date).
using DatePart = int64_t (*)(int64_t days, const CivilDate& civil);
Value map_date(std::string_view function, const Value& x, Type type, DatePart part) {
  return lift_map(function, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    require_temporal(function, *vector);
    if (types::is_time_of_day(vector->type())) usage_error(function, "X has no date.");
    return map_whole(*vector, type, [&](int64_t value) {
      if (value == kNull<int64_t>) return value;
      const int64_t days = kernels::days_of(value, vector->type());
      return part(days, types::civil_from_days(static_cast<int32_t>(days)));
    });
  });
}

/// A part of the time of day, from nanoseconds since midnight.
using ClockPart = int64_t (*)(int64_t ns);
Value map_clock(std::string_view function, const Value& x, ClockPart part) {
  return lift_map(function, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    require_temporal(function, *vector);
    const Type type = vector->type();
    if (type == Type::kDate || type == Type::kMonth) usage_error(function, "X has no time of day.");
    const int64_t unit = kNsPerDay / types::units_per_day(type);
    return map_whole(*vector, Type::kInt, [&](int64_t value) {
      return value == kNull<int64_t> ? value : part(kernels::clock_of(value, type) * unit);
    });
  });
}

int64_t first_of(const CivilDate& c, int month) { return types::days_from_civil(c.year, month, 1); }
int64_t last_of(const CivilDate& c, int month) {
  return types::days_from_civil(c.year, month, types::days_in_month(c.year, month));
}
int quarter_start(const CivilDate& c) { return (c.month - 1) / 3 * 3 + 1; }

struct DateRow {
  std::string_view name;
  Type type;
  DatePart part;
  std::string_view summary;
  std::string_view example;
  std::string_view result;
};
const DateRow kDateRows[] = {
    {"year", Type::kInt, [](int64_t, const CivilDate& c) -> int64_t { return c.year; }, "The year.", "year(2021.05.06)",
     "2021"},
    {"monthOfYear", Type::kInt, [](int64_t, const CivilDate& c) -> int64_t { return c.month; }, "The month, from 1.",
     "monthOfYear(2021.05.06)", "5"},
    {"dayOfMonth", Type::kInt, [](int64_t, const CivilDate& c) -> int64_t { return c.day; },
     "The day of the month, from 1.", "dayOfMonth(2021.05.06)", "6"},
    {"quarterOfYear", Type::kInt, [](int64_t, const CivilDate& c) -> int64_t { return (c.month + 2) / 3; },
     "The quarter, from 1.", "quarterOfYear(2021.08.06)", "3"},
    {"dayOfYear", Type::kInt, [](int64_t d, const CivilDate& c) { return d - first_of(c, 1) + 1; },
     "The day of the year, from 1.", "dayOfYear(2021.03.01)", "60"},
    {"weekOfYear", Type::kInt, [](int64_t d, const CivilDate&) -> int64_t { return kernels::iso_week(d).week; },
     "The ISO week.", "weekOfYear(2021.01.03)", "53"},
    {"dayOfWeek", Type::kInt, [](int64_t d, const CivilDate&) -> int64_t { return kernels::weekday_of(d); },
     "The day of the week, Monday 0.", "dayOfWeek(2021.05.09)", "6"},
    {"daysInMonth", Type::kInt,
     [](int64_t, const CivilDate& c) -> int64_t { return types::days_in_month(c.year, c.month); },
     "The number of days of the month.", "daysInMonth(2021.02.06)", "28"},
    {"isLeapYear", Type::kBool, [](int64_t, const CivilDate& c) -> int64_t { return types::is_leap_year(c.year); },
     "Whether the year has a February 29.", "isLeapYear(2024.05.01)", "true"},
    {"isMonthStart", Type::kBool, [](int64_t, const CivilDate& c) -> int64_t { return c.day == 1; },
     "Whether it is the first day of a month.", "isMonthStart(2021.05.01)", "true"},
    {"isMonthEnd", Type::kBool, [](int64_t d, const CivilDate& c) -> int64_t { return d == last_of(c, c.month); },
     "Whether it is the last day of a month.", "isMonthEnd(2021.05.30)", "false"},
    {"isQuarterStart", Type::kBool,
     [](int64_t d, const CivilDate& c) -> int64_t { return d == first_of(c, quarter_start(c)); },
     "Whether it is the first day of a quarter.", "isQuarterStart(2021.04.01)", "true"},
    {"isQuarterEnd", Type::kBool,
     [](int64_t d, const CivilDate& c) -> int64_t { return d == last_of(c, quarter_start(c) + 2); },
     "Whether it is the last day of a quarter.", "isQuarterEnd(2021.06.30)", "true"},
    {"isYearStart", Type::kBool, [](int64_t d, const CivilDate& c) -> int64_t { return d == first_of(c, 1); },
     "Whether it is January 1.", "isYearStart(2021.01.01)", "true"},
    {"isYearEnd", Type::kBool, [](int64_t d, const CivilDate& c) -> int64_t { return d == last_of(c, 12); },
     "Whether it is December 31.", "isYearEnd(2021.12.31)", "true"},
};

struct ClockRow {
  std::string_view name;
  ClockPart part;
  std::string_view summary;
  std::string_view example;
  std::string_view result;
};
const ClockRow kClockRows[] = {
    {"hour", [](int64_t ns) { return ns / 3'600'000'000'000; }, "The hour of the day.", "hour(10:11:12)", "10"},
    {"minuteOfHour", [](int64_t ns) { return ns / 60'000'000'000 % 60; }, "The minute of the hour.",
     "minuteOfHour(10:11:12)", "11"},
    {"secondOfMinute", [](int64_t ns) { return ns / 1'000'000'000 % 60; }, "The second of the minute.",
     "secondOfMinute(10:11:12)", "12"},
    {"millisecond", [](int64_t ns) { return ns / 1'000'000 % 1000; }, "The milliseconds of the second.",
     "millisecond(10:11:12.345)", "345"},
    {"microsecond", [](int64_t ns) { return ns / 1000 % 1'000'000; }, "The microseconds of the second.",
     "microsecond(10:11:12.345)", "345000"},
    {"nanosecond", [](int64_t ns) { return ns % 1'000'000'000; }, "The nanoseconds of the second.",
     "nanosecond(10:11:12.345)", "345000000"},
};

Value weekday(CallContext&, std::span<Value> args) {
  const bool from_sunday = Arguments("weekday", args).flag_or(1, "startFromSunday", true);
  if (!from_sunday)
    return map_date("weekday", args[0], Type::kInt,
                    [](int64_t d, const CivilDate&) -> int64_t { return kernels::weekday_of(d); });
  return map_date("weekday", args[0], Type::kInt,
                  [](int64_t d, const CivilDate&) -> int64_t { return (kernels::weekday_of(d) + 1) % 7; });
}

/// temporalAdd(x, 3, "d") or temporalAdd(x, 3d); a vector of counts goes element by element.
Value temporal_add(CallContext&, std::span<Value> args) {
  Arguments a("temporalAdd", args);
  if (args.size() < 3 || args[2].is_missing()) {
    const auto duration = duration_of(args[1]);
    if (!duration) a.refuse("duration", "must be a duration such as 3d, or a number with a unit.");
    return move_temporal("temporalAdd", args[0], duration->count, *duration);
  }
  const auto unit = parse_duration("1" + a.text(2, "unit"));
  if (unit.count == kNull<int32_t>) a.refuse("unit", "must be one of y M w d B H m s ms us ns.");
  if (args[1].is_scalar())
    return args[1].is_null() ? move_temporal("temporalAdd", args[0], 0, types::Duration{kNull<int32_t>, unit.unit})
                             : move_temporal("temporalAdd", args[0], a.integer(1, "duration"), unit);
  return lift_map2("temporalAdd", args[0], args[1], [&](const Shared<Vector>& x, const Shared<Vector>& counts) {
    require_temporal("temporalAdd", *x);
    if (x->size() != counts->size()) refuse_lengths("temporalAdd", x->size(), counts->size());
    const auto numbers = as_longs("temporalAdd", counts);
    size_t i = 0;
    return map_whole(*x, x->type(), [&](int64_t value) {
      const int64_t count = numbers->values<int64_t>()[i++];
      return count == kNull<int64_t>
                 ? count
                 : kernels::add_duration(value, x->type(), count, static_cast<types::DurationUnit>(unit.unit));
    });
  });
}

/// Dates as numbers of business days; those of a weekend have the number of the Friday before.
Value business_numbers(const Arguments& a, const Value& x) {
  const auto days = period_of_frequency("B");
  return lift_map(a.function(), x, Spread::kElements, [&](const Shared<Vector>& vector) {
    if (vector->type() != Type::kDate) a.refuse("X", "must be of type DATE for business days.");
    return map_whole(*vector, Type::kInt,
                     [&](int64_t day) { return day == kNull<int64_t> ? day : days->number_of(day); });
  });
}

/// The difference in X's unit, or in whole units asked for.
Value temporal_difference(CallContext&, std::span<Value> args) {
  Arguments a("temporalDiff", args);
  if (a.has(2) && a.text(2, "unit") == "B") return subtract(business_numbers(a, args[0]), business_numbers(a, args[1]));
  const Value difference = subtract(args[0], args[1]);
  if (!a.has(2)) return difference;
  const auto unit = parse_duration("1" + a.text(2, "unit"));
  const int64_t unit_ns = kernels::nanoseconds_of(static_cast<types::DurationUnit>(unit.unit));
  const Type type = args[0].type();
  if (unit.count == kNull<int32_t> || unit_ns == 0 || types::units_per_day(type) == 0)
    a.refuse("unit", "must be one of w d H m s ms us ns.");
  const int64_t own_ns = kNsPerDay / types::units_per_day(type);
  return lift_map("temporalDiff", difference, Spread::kElements, [&](const Shared<Vector>& vector) {
    return map_whole(*vector, Type::kLong, [&](int64_t value) {
      if (value == kNull<int64_t>) return value;
      return static_cast<int64_t>(static_cast<types::Int128>(value) * own_ns / unit_ns);
    });
  });
}

/// Each element minus the one before, in X's unit or in days ("d") or business days ("B"); of tables every temporal
/// column.
Value temporal_deltas(CallContext& context, std::span<Value> args) {
  Arguments a("temporalDeltas", args);
  const auto unit = a.text_or(1, "unit", "");
  if (!unit.empty() && unit != "d" && unit != "B") a.refuse("unit", "must be d or B.");
  if (args[0].is_table()) {
    data::Table table = table_argument("temporalDeltas", args[0]);
    for (size_t c = 0; c < table.columns(); ++c) {
      if (!types::is_temporal(table.column(c).type())) continue;
      std::vector<Value> one(args.begin(), args.end());
      one[0] = table.column_shared(c);
      table.set_column(table.names()[c], temporal_deltas(context, one).vector_shared());
    }
    return table;
  }
  const auto x = a.vector(0, "X");
  if (!types::is_temporal(x->type())) a.refuse("X", "must be temporal.");
  if (!unit.empty() && x->type() != Type::kDate) a.refuse("X", "must be of type DATE for a unit.");
  const Value now = unit == "B" ? business_numbers(a, x) : Value(x);
  return subtract(now, shifted(now.vector(), 1));
}

Value concatenate(CallContext&, std::span<Value> args) {
  return lift_map2("concatDateTime", args[0], args[1], [](const Shared<Vector>& dates, const Shared<Vector>& times) {
    if (dates->type() != Type::kDate || !types::is_time_of_day(times->type()))
      usage_error("concatDateTime", "A DATE and a time of day are expected.");
    const Type type = times->type() == Type::kNanotime ? Type::kNanotimestamp
                      : times->type() == Type::kTime   ? Type::kTimestamp
                                                       : Type::kDatetime;
    const auto days = converted("concatDateTime", dates, type);
    const int64_t scale = types::units_per_day(type) / types::units_per_day(times->type());
    const auto starts = as_longs("concatDateTime", days), clocks = as_longs("concatDateTime", times);
    size_t i = 0;
    return map_whole(*starts, type, [&](int64_t start) {
      const int64_t clock = clocks->values<int64_t>()[i++];
      return start == kNull<int64_t> || clock == kNull<int64_t> ? kNull<int64_t> : start + clock * scale;
    });
  });
}

}  // namespace

void register_temporals(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kElementwise, std::move(d)); };
  for (const auto& r : kDateRows) {
    row({r.name, "X", [&r](CallContext&, std::span<Value> args) { return map_date(r.name, args[0], r.type, r.part); },
         r.summary, r.example, r.result, kNullsStay});
  }
  for (const auto& r : kClockRows) {
    row({r.name, "X", [&r](CallContext&, std::span<Value> args) { return map_clock(r.name, args[0], r.part); },
         r.summary, r.example, r.result, kNullsStay});
  }
  registry.add_alias("hourOfDay", "hour");
  row({"weekday", "X, [startFromSunday=true]", weekday, "The day of the week, Sunday 0, or Monday 0.",
       "weekday(2021.05.06)", "4", kNullsStay});
  row({"temporalAdd", "date, duration, [unit]", temporal_add, "The value moved by a duration, or by a number of units.",
       "temporalAdd(2021.01.31, 1, \"M\")", "2021.02.28", kNullsStay});
  registry.add_alias("datetimeAdd", "temporalAdd");
  row({"temporalDiff", "X, Y, [unit]", temporal_difference, "X minus Y in their own unit, or in whole units.",
       "temporalDiff(2021.05.10, 2021.05.06)", "4", "Null if either is null."});
  registry.add_alias("datetimeDiff", "temporalDiff");
  declare(registry, kFamily, Nature::kVector,
          {"temporalDeltas", "X, [unit]", temporal_deltas, "Each element minus the one before it.",
           "temporalDeltas(2021.05.07 2021.05.10, \"B\")", "[null,1]", "Null if either is null."});
  row({"concatDateTime", "date, time", concatenate, "A date and a time of day as one value.",
       "concatDateTime(2021.05.06, 10:11:12)", "2021.05.06T10:11:12", "Null if either is null."});
}

}  // namespace pelorus::functions
