// First and last days of calendar periods: yearBegin quarterEnd weekOfMonth fy5253 … and their business-day forms.

#include "functions/builtins/register_builtins.h"
#include "functions/builtins/temporal/period.h"
#include "functions/declare.h"
#include "functions/lift.h"
#include "functions/unary.h"
#include "kernels/calendar.h"
#include "types/temporal.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "temporal";
constexpr std::string_view kNullsStay = "Null stays null.";

using kernels::floor_divide;
using kernels::weekday_of;
using types::kNull;

int64_t month_number(int64_t day) {
  const auto civil = types::civil_from_days(static_cast<int32_t>(day));
  return int64_t{civil.year} * 12 + civil.month - 1;
}
int64_t first_day(int64_t month) {
  return types::days_from_civil(static_cast<int>(floor_divide(month, 12)),
                                static_cast<int>(month - floor_divide(month, 12) * 12) + 1, 1);
}
int64_t last_day(int64_t month) { return first_day(month + 1) - 1; }

int64_t business_on_or_before(int64_t day) { return weekday_of(day) > 4 ? day - (weekday_of(day) - 4) : day; }
int64_t business_on_or_after(int64_t day) { return weekday_of(day) > 4 ? day + (7 - weekday_of(day)) : day; }
/// The first `weekday` (Monday 0) on or after a day, the last on or before one.
int64_t weekday_from(int64_t day, int64_t weekday) { return day + (weekday - weekday_of(day) + 7) % 7; }
int64_t weekday_until(int64_t day, int64_t weekday) { return day - (weekday_of(day) - weekday + 7) % 7; }

/// Periods of `length` months that begin in month `anchor` (1 to 12).
Period months_beginning(int64_t length, int64_t anchor, bool business) {
  return {.number_of = [=](int64_t day) { return floor_divide(month_number(day) - (anchor - 1), length); },
          .day_of =
              [=](int64_t number) {
                const int64_t day = first_day(number * length + anchor - 1);
                return business ? business_on_or_after(day) : day;
              }};
}
/// Periods of `length` months that end in month `anchor`.
Period months_ending(int64_t length, int64_t anchor, bool business) {
  return {.number_of = [=](int64_t day) { return floor_divide(month_number(day) - anchor, length); },
          .day_of =
              [=](int64_t number) {
                const int64_t day = last_day(number * length + anchor + length - 1);
                return business ? business_on_or_before(day) : day;
              },
          .is_end = true};
}

/// Periods from one chosen day of a month to that of the next: `chosen(month)` gives it.
Period between_chosen(std::function<int64_t(int64_t month)> chosen) {
  return {.number_of =
              [chosen](int64_t day) {
                const int64_t month = month_number(day);
                return day < chosen(month) ? month - 1 : month;
              },
          .day_of = chosen};
}

/// Two periods a month, the second from day `middle` on.
Period half_months(int64_t middle, bool is_end) {
  return {.number_of =
              [=](int64_t day) {
                const int64_t month = month_number(day);
                return month * 2 + (day - first_day(month) + 1 >= middle ? 1 : 0);
              },
          .day_of =
              [=](int64_t number) {
                const int64_t month = floor_divide(number, 2);
                if (number != month * 2) return first_day(month) + middle - 1;
                return is_end ? first_day(month) - 1 : first_day(month);
              }};
}

/// Fiscal years of 52 or 53 weeks.
struct FiscalYears {
  int64_t weekday;
  int64_t starting_month;
  bool nearest;

  int64_t start(int64_t year) const {
    const int64_t end = last_day(year * 12 + starting_month - 1);
    return nearest ? weekday_until(end + 3, weekday) : weekday_until(end, weekday);
  }
  int64_t year_of(int64_t day) const {
    int64_t year = floor_divide(month_number(day), 12) + 1;
    while (start(year) > day) --year;
    return year;
  }
  int64_t quarter_start(int64_t year, int64_t quarter, int64_t long_quarter) const {
    const bool has_extra = (start(year + 1) - start(year)) / 7 > 52;
    return start(year) + 7 * (13 * quarter + (has_extra && quarter >= long_quarter ? 1 : 0));
  }
};

Period fiscal_quarters(const FiscalYears& years, int64_t long_quarter) {
  return {.number_of =
              [=](int64_t day) {
                const int64_t year = years.year_of(day);
                int64_t quarter = 3;
                while (quarter > 0 && years.quarter_start(year, quarter, long_quarter) > day) --quarter;
                return year * 4 + quarter;
              },
          .day_of =
              [=](int64_t number) {
                const int64_t year = floor_divide(number, 4);
                return years.quarter_start(year, number - year * 4, long_quarter);
              }};
}

Period weeks(int64_t weekday, bool is_end) {
  // Weeks begin the day after the one they end on; day 3 - 7 = -4 was a Sunday, so Mondays have -3.
  const int64_t first = is_end ? (weekday + 1) % 7 : weekday;
  return {.number_of = [=](int64_t day) { return floor_divide(day + 3 - first, 7); },
          .day_of = [=](int64_t number) { return number * 7 - 3 + first + (is_end ? 6 : 0); },
          .is_end = is_end};
}

Period business_days() {
  return {
      .number_of =
          [](int64_t day) {
            const int64_t at = business_on_or_before(day);
            return floor_divide(at + 3, 7) * 5 + weekday_of(at);
          },
      .day_of = [](int64_t number) { return floor_divide(number, 5) * 7 - 3 + number - floor_divide(number, 5) * 5; }};
}

/// The bound of each day's period; with n > 1 periods are taken n at a time from that of the offset on.
Value map_periods(const Arguments& a, const Period& period, size_t offset_at) {
  const int64_t n = a.integer_or(offset_at + 1, "n", 1);
  if (n < 1) a.refuse("n", "must be a positive integer.");
  std::optional<int64_t> offset;
  if (a.has(offset_at) && !a[offset_at].is_null()) {
    const auto day = converted(a.function(), a.vector(offset_at, "offset"), Type::kDate);
    if (day->size() != 1 || day->is_array()) a.refuse("offset", "must be one day.");
    offset = day->values<int32_t>()[0];
  }
  return lift_map(a.function(), a[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    if (!types::is_temporal(vector->type()))
      usage_error(a.function(), "X must be a temporal value, not " + std::string(types::name_of(vector->type())) + ".");
    if (types::is_time_of_day(vector->type())) usage_error(a.function(), "X has no date.");
    const auto days = converted(a.function(), vector, Type::kDate);
    int64_t first = offset.value_or(INT64_MAX);
    for (const auto day : days->values<int32_t>()) {
      if (!offset && day != kNull<int32_t>) first = std::min<int64_t>(first, day);
    }
    const int64_t base = n > 1 && first != INT64_MAX ? period.number_of(first) : 0;
    return map_whole(*days, Type::kDate, [&](int64_t day) {
      if (day == kNull<int64_t>) return day;
      const int64_t number = period.number_of(day);
      if (n == 1) return period.day_of(number);
      return period.day_of(period.stride(number, base, n));
    });
  });
}

int64_t in_range(const Arguments& a, size_t i, std::string_view parameter, int64_t otherwise, int64_t low,
                 int64_t high) {
  const int64_t value = a.integer_or(i, parameter, otherwise);
  if (value < low || value > high)
    a.refuse(parameter, "must be between " + std::to_string(low) + " and " + std::to_string(high) + ".");
  return value;
}

struct PeriodRow {
  std::string_view name;
  std::string_view parameters;
  size_t offset_at;
  Period (*period)(const Arguments& a);
  std::string_view summary;
  std::string_view example;
  std::string_view result;
};

template <int64_t kLength, bool kBusiness>
Period from_month(const Arguments& a) {
  return months_beginning(kLength, in_range(a, 1, "startingMonth", 1, 1, 12), kBusiness);
}
template <int64_t kLength, bool kBusiness>
Period until_month(const Arguments& a) {
  return months_ending(kLength, in_range(a, 1, "endingMonth", 12, 1, 12), kBusiness);
}
template <bool kBusiness>
Period month_begin(const Arguments&) {
  return months_beginning(1, 1, kBusiness);
}
template <bool kBusiness>
Period month_end(const Arguments&) {
  return months_ending(1, 12, kBusiness);
}
FiscalYears fiscal_years(const Arguments& a, size_t nearest_at) {
  return {.weekday = in_range(a, 1, "weekday", 0, 0, 6),
          .starting_month = in_range(a, 2, "startingMonth", 1, 1, 12),
          .nearest = a.flag_or(nearest_at, "nearest", true)};
}
Period fiscal_year(const Arguments& a) {
  const auto years = fiscal_years(a, 3);
  return {.number_of = [=](int64_t day) { return years.year_of(day); },
          .day_of = [=](int64_t year) { return years.start(year); }};
}

constexpr std::string_view kMonths = "X, [offset], [n=1]";
constexpr std::string_view kFrom = "X, [startingMonth=1], [offset], [n=1]";
constexpr std::string_view kUntil = "X, [endingMonth=12], [offset], [n=1]";
constexpr std::string_view kHalves = "X, [dayOfMonth=15], [offset], [n=1]";

const PeriodRow kMonthRows[] = {
    {"monthBegin", kMonths, 1, month_begin<false>, "The first day of the month.", "monthBegin(2021.08.19)",
     "2021.08.01"},
    {"monthEnd", kMonths, 1, month_end<false>, "The last day of the month.", "monthEnd(2021.08.19)", "2021.08.31"},
    {"quarterBegin", kFrom, 2, from_month<3, false>, "The first day of the quarter.", "quarterBegin(2021.08.19)",
     "2021.07.01"},
    {"quarterEnd", kUntil, 2, until_month<3, false>, "The last day of the quarter.", "quarterEnd(2021.08.19)",
     "2021.09.30"},
    {"yearBegin", kFrom, 2, from_month<12, false>, "The first day of the year that begins in a month.",
     "yearBegin(2021.08.19, 4)", "2021.04.01"},
    {"yearEnd", kUntil, 2, until_month<12, false>, "The last day of the year that ends in a month.",
     "yearEnd(2021.08.19, 3)", "2022.03.31"},
    {"businessMonthBegin", kMonths, 1, month_begin<true>, "The first business day of the month.",
     "businessMonthBegin(2021.08.19)", "2021.08.02"},
    {"businessMonthEnd", kMonths, 1, month_end<true>, "The last business day of the month.",
     "businessMonthEnd(2021.07.20)", "2021.07.30"},
    {"businessQuarterBegin", kFrom, 2, from_month<3, true>, "The first business day of the quarter.",
     "businessQuarterBegin(2021.08.19)", "2021.07.01"},
    {"businessQuarterEnd", kUntil, 2, until_month<3, true>, "The last business day of the quarter.",
     "businessQuarterEnd(2021.08.19)", "2021.09.30"},
    {"businessYearBegin", kFrom, 2, from_month<12, true>, "The first business day of the year.",
     "businessYearBegin(2021.08.19)", "2021.01.01"},
    {"businessYearEnd", kUntil, 2, until_month<12, true>, "The last business day of the year.",
     "businessYearEnd(2021.08.19)", "2021.12.31"},
    {"semiMonthBegin", kHalves, 2,
     [](const Arguments& a) { return half_months(in_range(a, 1, "dayOfMonth", 15, 2, 27), false); },
     "The first day of the month, or its middle day for those from there on.", "semiMonthBegin(2021.08.19)",
     "2021.08.15"},
    {"semiMonthEnd", kHalves, 2,
     [](const Arguments& a) { return half_months(in_range(a, 1, "dayOfMonth", 15, 2, 27), true); },
     "The last day of the month before, or the middle day for those from there on.", "semiMonthEnd(2021.08.09)",
     "2021.07.31"},
};

const PeriodRow kWeekRows[] = {
    {"weekBegin", "X, [weekday=0], [offset], [n=1]", 2,
     [](const Arguments& a) { return weeks(in_range(a, 1, "weekday", 0, 0, 6), false); },
     "The first day of the week that begins on a weekday, Monday 0.", "weekBegin(2021.05.06)", "2021.05.03"},
    {"weekEnd", "X, [weekday=6], [offset], [n=1]", 2,
     [](const Arguments& a) { return weeks(in_range(a, 1, "weekday", 6, 0, 6), true); },
     "The last day of the week that ends on a weekday, Monday 0.", "weekEnd(2021.05.06)", "2021.05.09"},
    {"businessDay", kMonths, 1, [](const Arguments&) { return business_days(); },
     "The date, or the Friday before a weekend.", "businessDay(2021.05.09)", "2021.05.07"},
    {"weekOfMonth", "X, [week=0], [weekday=0], [offset], [n=1]", 3,
     [](const Arguments& a) {
       const auto week = in_range(a, 1, "week", 0, 0, 3), weekday = in_range(a, 2, "weekday", 0, 0, 6);
       return between_chosen([=](int64_t month) { return weekday_from(first_day(month), weekday) + 7 * week; });
     },
     "The latest day that was the week-th weekday of its month.", "weekOfMonth(2021.05.20, 2, 4)", "2021.04.16"},
    {"lastWeekOfMonth", "X, [weekday=0], [offset], [n=1]", 2,
     [](const Arguments& a) {
       const auto weekday = in_range(a, 1, "weekday", 0, 0, 6);
       return between_chosen([=](int64_t month) { return weekday_until(last_day(month), weekday); });
     },
     "The latest day that was the last such weekday of its month.", "lastWeekOfMonth(2021.05.20, 2)", "2021.04.28"},
    {"fy5253", "X, [weekday=0], [startingMonth=1], [nearest=true], [offset], [n=1]", 4, fiscal_year,
     "The first day of the fiscal year of 52 or 53 weeks.", "fy5253(2016.11.01, 0, 1, false)", "2016.01.25"},
    {"fy5253Quarter", "X, [weekday=0], [startingMonth=1], [qtrWithExtraWeek=1], [nearest=true], [offset], [n=1]", 5,
     [](const Arguments& a) {
       return fiscal_quarters(fiscal_years(a, 4), in_range(a, 3, "qtrWithExtraWeek", 1, 1, 4));
     },
     "The first day of the quarter of a fiscal year of 52 or 53 weeks.", "fy5253Quarter(2021.08.19)", "2021.08.02"},
};

}  // namespace

int64_t Period::stride(int64_t number, int64_t base, int64_t n) const {
  return base + floor_divide(number - base + (is_end ? n - 1 : 0), n) * n;
}

std::optional<Period> period_of_frequency(std::string_view frequency) {
  if (frequency == "B") return business_days();
  if (frequency == "W") return weeks(6, true);
  if (frequency == "WOM") return between_chosen([](int64_t month) { return weekday_from(first_day(month), 0); });
  if (frequency == "LWOM") return between_chosen([](int64_t month) { return weekday_until(last_day(month), 0); });
  if (frequency == "SM" || frequency == "SMS") return half_months(15, frequency == "SM");
  const FiscalYears years{.weekday = 0, .starting_month = 1, .nearest = true};
  if (frequency == "REQ") return fiscal_quarters(years, 1);
  if (frequency == "RE") {
    return Period{.number_of = [=](int64_t day) { return years.year_of(day); },
                  .day_of = [=](int64_t year) { return years.start(year); }};
  }
  const bool business = frequency.starts_with('B');
  if (business) frequency.remove_prefix(1);
  const bool begins = frequency.size() > 1 && frequency.ends_with('S');
  if (begins) frequency.remove_suffix(1);
  const int64_t length = frequency == "M"    ? 1
                         : frequency == "Q"  ? 3
                         : frequency == "SA" ? 6
                         : frequency == "A"  ? 12
                                             : 0;
  if (length == 0) return std::nullopt;
  return begins ? months_beginning(length, 1, business) : months_ending(length, 12, business);
}

void register_periods(Registry& registry) {
  const auto add = [&](const PeriodRow& row) {
    declare(registry, kFamily, Nature::kElementwise,
            {row.name, row.parameters,
             [&row](CallContext&, std::span<Value> args) {
               Arguments a(row.name, args);
               return map_periods(a, row.period(a), row.offset_at);
             },
             row.summary, row.example, row.result, kNullsStay});
  };
  for (const auto& row : kMonthRows) add(row);
  for (const auto& row : kWeekRows) add(row);
  registry.add_alias("monthStart", "monthBegin");
  registry.add_alias("quarterStart", "quarterBegin");
  registry.add_alias("yearStart", "yearBegin");
}

}  // namespace pelorus::functions
