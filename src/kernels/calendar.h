#pragma once
// Calendar arithmetic on plain temporal numbers, one value at a time, for loops over columns. Nulls stay null.

#include <cstdint>

#include "types/scalar.h"
#include "types/temporal.h"

namespace pelorus::kernels {

using types::DurationUnit;
using types::Type;

inline int64_t floor_divide(int64_t value, int64_t by) {
  const int64_t quotient = value / by;
  return quotient - ((value % by != 0) && ((value < 0) != (by < 0)));
}

/// Nanoseconds of one fixed-length unit (up to week); 0 for months, years and business days.
int64_t nanoseconds_of(DurationUnit unit);

/// True when `unit` may be added to values of `type` (no months to a time of day, no hours to a MONTH).
bool can_add(Type type, DurationUnit unit);
/// `value` of temporal `type` plus `count` units: months and years clip at the month's end, business days skip Saturday
/// and Sunday, times of day wrap at midnight, units finer than the type's own truncate downwards.
int64_t add_duration(int64_t value, Type type, int64_t count, DurationUnit unit);

/// Monday 0 … Sunday 6, of days since 1970.
inline int weekday_of(int64_t days) { return static_cast<int>((days % 7 + 10) % 7); }

/// Days since 1970 of a date-like value; not for times of day. MONTH: its first day.
int64_t days_of(int64_t value, Type type);
/// Units since midnight.
int64_t clock_of(int64_t value, Type type);

struct IsoWeek {
  int year;
  int week;  // 1..53
};
IsoWeek iso_week(int64_t days);

}  // namespace pelorus::kernels
