#pragma once
// Day-count conventions and coupon dates of bonds. Dates are days since 1970.01.01.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pelorus::functions {

enum class DayCount : uint8_t {
  kThirty360Us,
  kActualActualIsma,
  kActual360,
  kActual365,
  kThirty360Eu,
  kActualActualIsda
};

/// By its name, "Thirty360US" …; nothing for another text.
std::optional<DayCount> day_count_of(std::string_view name);

/// Days of a year of 12 equal months between two dates. US (NASD): ends of February count as the 30th at the start.
int32_t days_360_us(int32_t from, int32_t to);
int32_t days_360_european(int32_t from, int32_t to);

/// The date `months` away, at the end of its month when `date` is at the end of its own (is_month_end) or later than
/// the month has days.
int32_t months_away(int32_t date, int months, bool is_month_end);

/// Part of a year from `from` to `to`, negative when it is earlier. ActualActualISMA counts whole years backwards from
/// `to` and the rest by the days of the year it lies in.
double year_fraction(DayCount convention, int32_t from, int32_t to);

/// The coupon dates behind `from`, in order, up to and with `maturity`: every 12 / frequency months back from it. Empty
/// when maturity is not behind `from`. frequency: 1, 2, 4 or 12.
std::vector<int32_t> coupon_dates(int32_t from, int32_t maturity, int frequency);

/// The coupon period that a settlement lies in.
struct CouponPeriod {
  int32_t begins = 0;  // the coupon date at or before settlement, whether the bond existed then or not
  int32_t ends = 0;    // the next one
  double days = 0;     // of the whole period, as the convention counts
  double accrued = 0;  // days since it, or since the bond's start, began
  double left() const { return days - accrued; }
};
/// `start` is when interest begins; needs settlement < maturity.
CouponPeriod coupon_period(DayCount convention, int32_t start, int32_t settlement, int32_t maturity, int frequency);

}  // namespace pelorus::functions
