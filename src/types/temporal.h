#pragma once
// Calendar arithmetic on the plain numbers of the temporal types (units: type.h and docs/protocol/native.md).

#include <cstdint>

#include "types/scalar.h"

namespace pelorus::types {

struct CivilDate {
  int year;
  int month;  // 1..12
  int day;    // 1..31
};

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
int32_t days_from_civil(int year, int month, int day);
CivilDate civil_from_days(int32_t days);
bool is_leap_year(int year);
int days_in_month(int year, int month);
/// True when the date exists.
bool is_valid_date(int year, int month, int day);

/// How many of the type's own units make one day; 0 for MONTH.
int64_t units_per_day(Type type);
/// True for TIME MINUTE SECOND NANOTIME: a time of day without a date.
bool is_time_of_day(Type type);

/// Converts a value between temporal types: truncates to the coarser; MONTH gives its first day; a date becomes
/// midnight; a time of day from a date-time drops the date. Null stays null. Impossible pairs (TIME to DATE) give null
/// and *possible = false.
int64_t convert_temporal(int64_t value, Type from, Type to, bool* possible = nullptr);

}  // namespace pelorus::types
