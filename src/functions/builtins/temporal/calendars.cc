// Trading calendars and time zones: addMarketHoliday updateMarketHoliday getMarketCalendar
// getTradingCalendarType convertTZ.

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/lift.h"
#include "functions/time_zone.h"
#include "functions/unary.h"
#include "kernels/calendar.h"
#include "types/temporal.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "temporal";

using types::kNull;

/// Days off besides weekends, by market. One for each registry, as every process has its own. Thread-safe.
class MarketCalendars {
 public:
  void add(const std::string& market, std::set<int32_t> holidays) {
    const std::lock_guard lock(mutex_);
    holidays_[market] = std::move(holidays);
  }
  bool knows(const std::string& market) const {
    const std::lock_guard lock(mutex_);
    return holidays_.contains(market);
  }
  /// Days of [from, to] on which the market is open.
  data::Buffer<int32_t> open_days(const std::string& market, int32_t from, int32_t to) const {
    const std::lock_guard lock(mutex_);
    data::Buffer<int32_t> days;
    const auto& off = holidays_.at(market);
    for (int32_t day = from; day <= to; ++day) {
      constexpr int kSaturday = 5;
      if (kernels::weekday_of(day) < kSaturday && !off.contains(day)) days.push_back(day);
    }
    return days;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::set<int32_t>> holidays_;  // guarded by mutex_
};

std::string market_of(const Arguments& a) {
  const auto market = a.text(0, "marketName");
  const bool valid = market.size() == 4 &&
                     std::all_of(market.begin(), market.end(), [](unsigned char c) { return std::isupper(c) != 0; });
  if (!valid) a.refuse("marketName", "must be four capital letters.");
  return market;
}

Value set_holidays(std::string_view name, MarketCalendars& calendars, std::span<Value> args, bool known) {
  Arguments a(name, args);
  const auto market = market_of(a);
  if (calendars.knows(market) != known)
    throw ScriptError(std::string(name) + ": the market " + market + (known ? " does not exist." : " exists already."));
  const auto dates = converted(name, a.vector(1, "holiday"), Type::kDate);
  std::set<int32_t> holidays;
  for (const auto date : dates->values<int32_t>()) {
    if (date != kNull<int32_t>) holidays.insert(date);
  }
  calendars.add(market, std::move(holidays));
  return Value::null();
}

int32_t day_argument(const Arguments& a, size_t i, std::string_view parameter, int32_t otherwise) {
  if (!a.has(i) || a[i].is_null()) return otherwise;
  return converted(a.function(), a.vector(i, parameter), Type::kDate)->values<int32_t>()[0];
}

Value market_calendar(const MarketCalendars& calendars, std::span<Value> args) {
  Arguments a("getMarketCalendar", args);
  const auto market = market_of(a);
  if (!calendars.knows(market)) {
    throw ScriptError("getMarketCalendar: the market " + market +
                      " has no calendar; give its days off with addMarketHoliday(\"" + market + "\", dates).");
  }
  const auto from = day_argument(a, 1, "startDate", types::days_from_civil(1970, 1, 1));
  const auto to = day_argument(a, 2, "endDate", types::days_from_civil(2030, 12, 31));
  constexpr int32_t kDaysMax = 366 * 1000;
  if (to - from > kDaysMax) a.refuse("endDate", "is more than a thousand years after startDate.");
  return Vector::adopt(Type::kDate, calendars.open_days(market, from, to));
}

TimeZone zone_argument(const Arguments& a, size_t i, std::string_view parameter) {
  const auto name = a.text(i, parameter);
  auto zone = TimeZone::load(name);
  if (!zone) throw ScriptError(std::string(a.function()) + ": there is no time zone named " + name + ".");
  return *std::move(zone);
}

Value convert_zone(CallContext&, std::span<Value> args) {
  Arguments a("convertTZ", args);
  const auto from = zone_argument(a, 1, "srcTZ"), to = zone_argument(a, 2, "destTZ");
  return lift_map("convertTZ", args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    const int64_t per_second = types::units_per_day(vector->type()) / 86400;
    if (!types::is_temporal(vector->type()) || types::is_time_of_day(vector->type()) || per_second == 0)
      usage_error("convertTZ", "X must be a DATETIME, TIMESTAMP or NANOTIMESTAMP.");
    return map_whole(*vector, vector->type(), [&](int64_t value) {
      if (value == kNull<int64_t>) return value;
      const int64_t local = kernels::floor_divide(value, per_second);
      const int64_t utc = local - from.offset_at_local(local);
      return value + (utc + to.offset_at_utc(utc) - local) * per_second;
    });
  });
}

}  // namespace

void register_calendars(Registry& registry) {
  const auto calendars = std::make_shared<MarketCalendars>();
  declare(registry, kFamily, Nature::kCommand,
          {"addMarketHoliday", "marketName, holiday",
           [calendars](CallContext&, std::span<Value> args) {
             return set_holidays("addMarketHoliday", *calendars, args, false);
           },
           "Makes a trading calendar of all days but weekends and the given ones.",
           "addMarketHoliday(`EXMA, 2021.05.03); getMarketCalendar(`EXMA, 2021.05.01, 2021.05.04)", "[2021.05.04]"});
  declare(registry, kFamily, Nature::kCommand,
          {"updateMarketHoliday", "marketName, holiday",
           [calendars](CallContext&, std::span<Value> args) {
             return set_holidays("updateMarketHoliday", *calendars, args, true);
           },
           "Gives a trading calendar other days off.",
           "addMarketHoliday(`EXMB, 2021.05.03); updateMarketHoliday(`EXMB, 2021.05.04); getMarketCalendar(`EXMB, "
           "2021.05.01, 2021.05.04)",
           "[2021.05.03]"});
  declare(registry, kFamily, Nature::kWhole,
          {"getMarketCalendar", "marketName, [startDate], [endDate]",
           [calendars](CallContext&, std::span<Value> args) { return market_calendar(*calendars, args); },
           "The days a market is open.",
           "addMarketHoliday(`EXMC, 2021.05.03); getMarketCalendar(`EXMC, 2021.05.01, 2021.05.05)",
           "[2021.05.04,2021.05.05]"});
  declare(registry, kFamily, Nature::kWhole,
          {"getTradingCalendarType", "marketName",
           [calendars](CallContext&, std::span<Value> args) {
             const auto market = market_of(Arguments("getTradingCalendarType", args));
             if (!calendars->knows(market)) {
               throw ScriptError("getTradingCalendarType: the market " + market +
                                 " has no calendar; give its days off with addMarketHoliday(\"" + market +
                                 "\", dates).");
             }
             return Value::of_string("holidayDate");
           },
           "What a trading calendar is made of: holidayDate, its days off.",
           "addMarketHoliday(`EXMD, 2021.05.03); getTradingCalendarType(`EXMD)", "\"holidayDate\""});
  declare(registry, kFamily, Nature::kElementwise,
          {"convertTZ", "obj, srcTZ, destTZ", convert_zone, "Local times of one zone as those of another.",
           "convertTZ(2021.07.01T12:00:00, \"UTC\", \"Asia/Shanghai\")", "2021.07.01T20:00:00", "Null stays null."});
}

}  // namespace pelorus::functions
