#include "types/temporal.h"

#include "base/check.h"

namespace pelorus::types {
namespace {

constexpr int64_t kNsPerDay = 86'400'000'000'000;

int64_t floor_div(int64_t value, int64_t by) {
  const int64_t quotient = value / by;
  return quotient - ((value % by != 0) && ((value < 0) != (by < 0)));
}

int64_t month_of_days(int64_t days) {
  const auto civil = civil_from_days(static_cast<int32_t>(days));
  return static_cast<int64_t>(civil.year) * 12 + civil.month - 1;
}

int64_t days_of_month(int64_t month) {
  return days_from_civil(static_cast<int>(floor_div(month, 12)),
                         static_cast<int>(month - floor_div(month, 12) * 12) + 1, 1);
}

}  // namespace

// Howard Hinnant's civil calendar arithmetic: eras of 400 years beginning on March 1st.
int32_t days_from_civil(int year, int month, int day) {
  const int64_t y = static_cast<int64_t>(year) - (month <= 2);
  const int64_t era = floor_div(y, 400);
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<int32_t>(era * 146097 + day_of_era - 719468);
}

CivilDate civil_from_days(int32_t days) {
  const int64_t z = static_cast<int64_t>(days) + 719468;
  const int64_t era = floor_div(z, 146097);
  const int64_t day_of_era = z - era * 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1);
  const int month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  return {static_cast<int>(year_of_era + era * 400 + (month <= 2)), month, day};
}

bool is_leap_year(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

bool is_valid_date(int year, int month, int day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

int64_t units_per_day(Type type) {
  switch (type) {
    case Type::kDate: return 1;
    case Type::kDatehour: return 24;
    case Type::kMinute:
    case Type::kDateminute: return 1440;
    case Type::kSecond:
    case Type::kDatetime: return 86'400;
    case Type::kTime:
    case Type::kTimestamp: return 86'400'000;
    case Type::kNanotime:
    case Type::kNanotimestamp: return kNsPerDay;
    default: return 0;
  }
}

bool is_time_of_day(Type type) {
  return type == Type::kTime || type == Type::kMinute || type == Type::kSecond || type == Type::kNanotime;
}

int64_t convert_temporal(int64_t value, Type from, Type to, bool* possible) {
  if (possible != nullptr) *possible = true;
  if (from == to || value == kNull<int64_t>) return value;
  const bool from_clock = is_time_of_day(from);
  const bool to_clock = is_time_of_day(to);
  if ((from_clock && !to_clock) || ((from == Type::kMonth || from == Type::kDate) && to_clock)) {
    if (possible != nullptr) *possible = false;
    return kNull<int64_t>;
  }
  if (from == Type::kMonth) return days_of_month(value) * units_per_day(to);
  const int64_t from_units = units_per_day(from);
  if (to == Type::kMonth) return month_of_days(floor_div(value, from_units));
  const int64_t to_units = units_per_day(to);
  if (to_clock && !from_clock) value -= floor_div(value, from_units) * from_units;
  if (to_units >= from_units) {
    int64_t result = 0;
    return __builtin_mul_overflow(value, to_units / from_units, &result) ? kNull<int64_t> : result;
  }
  return floor_div(value, from_units / to_units);
}

}  // namespace pelorus::types
