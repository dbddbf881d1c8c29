// What a script asks of its surroundings: now today print sleep mem …, and time zones of this node.

#include <unistd.h>

#include <ctime>
#include <fstream>

#include "base/clock.h"
#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/print_value.h"
#include "functions/unary.h"
#include "types/temporal.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "session";
constexpr int64_t kNsPerSecond = 1'000'000'000;

/// Seconds the node's time zone is ahead of UTC at that moment.
int64_t zone_offset(int64_t utc_seconds) {
  const auto moment = static_cast<time_t>(utc_seconds);
  tm local{};
  localtime_r(&moment, &local);
  return local.tm_gmtoff;
}

int64_t local_ns() {
  const int64_t utc = SystemClock().wall_ns();
  return utc + zone_offset(utc / kNsPerSecond) * kNsPerSecond;
}

Value now(CallContext&, std::span<Value> args) {
  const int64_t ns = local_ns();
  if (Arguments("now", args).flag_or(0, "nanoSecond", false)) return Scalar::of<int64_t>(Type::kNanotimestamp, ns);
  return Scalar::of<int64_t>(Type::kTimestamp, ns / 1'000'000);
}

Value today(CallContext&, std::span<Value>) {
  return Scalar::of<int32_t>(Type::kDate, static_cast<int32_t>(local_ns() / (86400 * kNsPerSecond)));
}

/// UTC to local time, or back.
Value change_zone(std::string_view name, const Value& x, int64_t direction) {
  return lift_map(name, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    const int64_t per_second = types::units_per_day(vector->type()) / 86400;
    if (!types::is_temporal(vector->type()) || types::is_time_of_day(vector->type()) || per_second == 0)
      usage_error(name, "X must be a DATETIME, TIMESTAMP or NANOTIMESTAMP.");
    return map_whole(*vector, vector->type(), [&](int64_t value) {
      if (value == types::kNull<int64_t>) return value;
      int64_t seconds = value / per_second;
      if (direction < 0) seconds -= zone_offset(seconds);
      return value + direction * zone_offset(seconds) * per_second;
    });
  });
}

Value print(CallContext& context, std::span<Value> args) {
  for (const auto& arg : args) context.print(print_value(arg) + "\n");
  return Value::null();
}

Value sleep(CallContext& context, std::span<Value> args) {
  const auto milliseconds = Arguments("sleep", args).integer(0, "milliseconds");
  if (milliseconds > 0) context.sleep_ms(milliseconds);
  return Value::null();
}

/// Resident bytes of this process; 0 when the system does not tell.
int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

Value memory(CallContext&, std::span<Value>) {
  data::Dictionary result(Type::kString, Type::kLong, true);
  result.set(Scalar::of_string("allocatedBytes"), Value::of_long(resident_bytes()));
  result.set(Scalar::of_string("freeBytes"), Value::of_long(0));
  return result;
}

int64_t bytes_of(const Value& value) {
  if (value.is_vector()) return static_cast<int64_t>(value.vector().memory_bytes());
  if (value.is_table()) return static_cast<int64_t>(table_argument("memSize", value).memory_bytes());
  if (const auto elements = elements_of(value)) return static_cast<int64_t>((*elements)->memory_bytes());
  return static_cast<int64_t>(sizeof(Value));
}

}  // namespace

void register_session(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  const auto command = [&](Declaration d) { declare(registry, kFamily, Nature::kCommand, std::move(d)); };
  row({"now", "[nanoSecond=false]", now, "The node's local time.", "typestr(now())", "\"TIMESTAMP\""});
  row({"today", "", today, "The node's local date.", "typestr(today())", "\"DATE\""});
  row({"localtime", "X", [](CallContext&, std::span<Value> args) { return change_zone("localtime", args[0], 1); },
       "UTC as the node's local time.", "typestr(localtime(2021.05.06T00:00:00))", "\"DATETIME\"", "Null stays null."});
  row({"gmtime", "X", [](CallContext&, std::span<Value> args) { return change_zone("gmtime", args[0], -1); },
       "The node's local time as UTC.", "gmtime(localtime(2021.05.06T00:00:00))", "2021.05.06T00:00:00",
       "Null stays null."});
  command({"print", "X, [args...]", print, "Shows values to the client as the script runs.", "print(1 2)", {}});
  command({"sleep", "milliseconds", sleep, "Waits.", "sleep(1)", {}});
  row({"mem", "[freeUnusedBlocks=false]", memory, "Memory the node holds, in bytes.", "mem()[`allocatedBytes] > 0",
       "true"});
  row({"memSize", "X", [](CallContext&, std::span<Value> args) { return Value::of_long(bytes_of(args[0])); },
       "Bytes a value holds.", "memSize(1..1000) >= 4000", "true"});
}

}  // namespace pelorus::functions
