#include "kernels/calendar.h"

#include <algorithm>

namespace pelorus::kernels {
namespace {

using types::Int128;
using types::kNull;

constexpr int64_t kNsPerDay = 86'400'000'000'000;

int64_t add_months(int64_t days, int64_t months) {
  const auto civil = types::civil_from_days(static_cast<int32_t>(days));
  const int64_t total = static_cast<int64_t>(civil.year) * 12 + civil.month - 1 + months;
  const int year = static_cast<int>(floor_divide(total, 12));
  const int month = static_cast<int>(total - floor_divide(total, 12) * 12) + 1;
  return types::days_from_civil(year, month, std::min(civil.day, types::days_in_month(year, month)));
}

int64_t add_business_days(int64_t days, int64_t count) {
  // A weekend counts as the Friday before it when moving on, as the Monday after it when moving back.
  const int weekday = weekday_of(days);
  if (weekday > 4) days += count >= 0 ? 4 - weekday : 7 - weekday;
  const int from = weekday_of(days);
  const int64_t weeks = floor_divide(from + count, 5);
  return days - from + weeks * 7 + (from + count - weeks * 5);
}

}  // namespace

int64_t nanoseconds_of(DurationUnit unit) {
  switch (unit) {
    case DurationUnit::kNanosecond: return 1;
    case DurationUnit::kMicrosecond: return 1'000;
    case DurationUnit::kMillisecond: return 1'000'000;
    case DurationUnit::kSecond: return 1'000'000'000;
    case DurationUnit::kMinute: return 60'000'000'000;
    case DurationUnit::kHour: return 3'600'000'000'000;
    case DurationUnit::kDay: return kNsPerDay;
    case DurationUnit::kWeek: return 7 * kNsPerDay;
    default: return 0;
  }
}

bool can_add(Type type, DurationUnit unit) {
  if (type == Type::kMonth) return unit == DurationUnit::kMonth || unit == DurationUnit::kYear;
  if (types::is_time_of_day(type)) return nanoseconds_of(unit) != 0;
  return nanoseconds_of(unit) != 0 || unit == DurationUnit::kMonth || unit == DurationUnit::kYear ||
         unit == DurationUnit::kBusinessDay;
}

int64_t add_duration(int64_t value, Type type, int64_t count, DurationUnit unit) {
  if (value == kNull<int64_t> || !can_add(type, unit)) return kNull<int64_t>;
  if (type == Type::kMonth) return value + (unit == DurationUnit::kYear ? 12 * count : count);
  const int64_t per_day = types::units_per_day(type);
  if (const int64_t unit_ns = nanoseconds_of(unit); unit_ns != 0) {
    const Int128 type_ns = kNsPerDay / per_day;
    const Int128 moved = static_cast<Int128>(value) * type_ns + static_cast<Int128>(count) * unit_ns;
    Int128 result = moved / type_ns;
    if (moved % type_ns < 0) --result;
    if (types::is_time_of_day(type)) {
      result %= per_day;
      if (result < 0) result += per_day;
    }
    return static_cast<int64_t>(result);
  }
  const int64_t days = floor_divide(value, per_day);
  const int64_t clock = value - days * per_day;
  const int64_t moved = unit == DurationUnit::kBusinessDay
                            ? add_business_days(days, count)
                            : add_months(days, unit == DurationUnit::kYear ? 12 * count : count);
  return moved * per_day + clock;
}

int64_t days_of(int64_t value, Type type) { return types::convert_temporal(value, type, Type::kDate); }

int64_t clock_of(int64_t value, Type type) {
  const int64_t per_day = types::units_per_day(type);
  return value - floor_divide(value, per_day) * per_day;
}

IsoWeek iso_week(int64_t days) {
  const int64_t thursday = days - weekday_of(days) + 3;
  const int year = types::civil_from_days(static_cast<int32_t>(thursday)).year;
  return {year, static_cast<int>((thursday - types::days_from_civil(year, 1, 1)) / 7) + 1};
}

}  // namespace pelorus::kernels
