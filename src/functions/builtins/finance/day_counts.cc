#include "functions/builtins/finance/day_counts.h"

#include <algorithm>

#include "types/temporal.h"

namespace pelorus::functions {
namespace {

constexpr int kMonthsPerYear = 12;

bool is_last_of_month(const types::CivilDate& date) { return date.day == types::days_in_month(date.year, date.month); }

int32_t days_360(const types::CivilDate& from, const types::CivilDate& to, int from_day, int to_day) {
  return 360 * (to.year - from.year) + 30 * (to.month - from.month) + (to_day - from_day);
}

double days_of_year(int year) { return types::days_in_month(year, 2) == 29 ? 366 : 365; }

/// Each calendar year's share by its own length.
double fraction_isda(int32_t from, int32_t to) {
  const auto first = types::civil_from_days(from), last = types::civil_from_days(to);
  if (first.year == last.year) return (to - from) / days_of_year(first.year);
  const double before = (types::days_from_civil(first.year + 1, 1, 1) - from) / days_of_year(first.year);
  const double behind = (to - types::days_from_civil(last.year, 1, 1)) / days_of_year(last.year);
  return before + (last.year - first.year - 1) + behind;
}

double fraction_isma(int32_t from, int32_t to) {
  const bool at_end = is_last_of_month(types::civil_from_days(to));
  int years = 0;
  while (months_away(to, -kMonthsPerYear * (years + 1), at_end) >= from) ++years;
  const int32_t rest_ends = months_away(to, -kMonthsPerYear * years, at_end);
  const int32_t rest_begins = months_away(to, -kMonthsPerYear * (years + 1), at_end);
  return years + static_cast<double>(rest_ends - from) / (rest_ends - rest_begins);
}

}  // namespace

std::optional<DayCount> day_count_of(std::string_view name) {
  constexpr std::pair<std::string_view, DayCount> kNames[] = {{"Thirty360US", DayCount::kThirty360Us},
                                                              {"ActualActualISMA", DayCount::kActualActualIsma},
                                                              {"ActualActual", DayCount::kActualActualIsma},
                                                              {"Actual360", DayCount::kActual360},
                                                              {"Actual365", DayCount::kActual365},
                                                              {"Thirty360EU", DayCount::kThirty360Eu},
                                                              {"ActualActualISDA", DayCount::kActualActualIsda}};
  for (const auto& [known, convention] : kNames) {
    if (known == name) return convention;
  }
  return std::nullopt;
}

int32_t days_360_us(int32_t from, int32_t to) {
  const auto first = types::civil_from_days(from), last = types::civil_from_days(to);
  const bool first_ends_february = first.month == 2 && is_last_of_month(first);
  int first_day = first.day, last_day = last.day;
  if (first_ends_february && last.month == 2 && is_last_of_month(last)) last_day = 30;
  if (first_ends_february || first_day == 31) first_day = 30;
  if (last_day == 31 && first_day == 30) last_day = 30;
  return days_360(first, last, first_day, last_day);
}

int32_t days_360_european(int32_t from, int32_t to) {
  const auto first = types::civil_from_days(from), last = types::civil_from_days(to);
  return days_360(first, last, std::min<int>(first.day, 30), std::min<int>(last.day, 30));
}

int32_t months_away(int32_t date, int months, bool is_month_end) {
  const auto civil = types::civil_from_days(date);
  const int count = civil.year * kMonthsPerYear + civil.month - 1 + months;
  const int year = count / kMonthsPerYear, month = count % kMonthsPerYear + 1;
  const int last = types::days_in_month(year, month);
  return types::days_from_civil(year, month, is_month_end ? last : std::min<int>(civil.day, last));
}

double year_fraction(DayCount convention, int32_t from, int32_t to) {
  if (to < from) return -year_fraction(convention, to, from);
  switch (convention) {
    case DayCount::kThirty360Us: return days_360_us(from, to) / 360.0;
    case DayCount::kThirty360Eu: return days_360_european(from, to) / 360.0;
    case DayCount::kActual360: return (to - from) / 360.0;
    case DayCount::kActual365: return (to - from) / 365.0;
    case DayCount::kActualActualIsma: return fraction_isma(from, to);
    case DayCount::kActualActualIsda: break;
  }
  return fraction_isda(from, to);
}

std::vector<int32_t> coupon_dates(int32_t from, int32_t maturity, int frequency) {
  std::vector<int32_t> dates;
  const bool at_end = is_last_of_month(types::civil_from_days(maturity));
  const int step = kMonthsPerYear / frequency;
  for (int i = 0;; ++i) {
    const int32_t date = months_away(maturity, -step * i, at_end);
    if (date <= from) break;
    dates.push_back(date);
  }
  std::reverse(dates.begin(), dates.end());
  return dates;
}

CouponPeriod coupon_period(DayCount convention, int32_t start, int32_t settlement, int32_t maturity, int frequency) {
  const bool at_end = is_last_of_month(types::civil_from_days(maturity));
  const auto dates = coupon_dates(settlement, maturity, frequency);
  const int step = kMonthsPerYear / frequency;
  CouponPeriod period{.begins = months_away(maturity, -step * static_cast<int>(dates.size()), at_end),
                      .ends = dates.front()};
  // Years of 360 days count the whole period from its coupon date; real days begin with the bond.
  const int32_t since = std::max(period.begins, std::min(start, settlement));
  period.accrued = settlement - since;
  switch (convention) {
    case DayCount::kThirty360Us:
    case DayCount::kThirty360Eu: {
      const auto days = convention == DayCount::kThirty360Us ? days_360_us : days_360_european;
      period.days = 360.0 / frequency;
      period.accrued = days(period.begins, settlement);
      break;
    }
    case DayCount::kActual360: period.days = 360.0 / frequency; break;
    case DayCount::kActual365: period.days = 365.0 / frequency; break;
    case DayCount::kActualActualIsma:
    case DayCount::kActualActualIsda: period.days = period.ends - period.begins; break;
  }
  return period;
}

}  // namespace pelorus::functions
