#include "base/script_error.h"
#include "exec/operators/window_join.h"

namespace pelorus::exec {
namespace {

using types::DurationUnit;
using types::Type;

constexpr int64_t kSecond = 1'000'000'000;

int64_t nanoseconds_of(DurationUnit unit) {
  switch (unit) {
    case DurationUnit::kNanosecond: return 1;
    case DurationUnit::kMicrosecond: return 1'000;
    case DurationUnit::kMillisecond: return 1'000'000;
    case DurationUnit::kSecond: return kSecond;
    case DurationUnit::kMinute: return 60 * kSecond;
    case DurationUnit::kHour: return 3600 * kSecond;
    case DurationUnit::kDay: return 86400 * kSecond;
    case DurationUnit::kWeek: return 7 * 86400 * kSecond;
    default: return 0;
  }
}

int64_t nanoseconds_per_unit(Type type) {
  switch (type) {
    case Type::kDate: return 86400 * kSecond;
    case Type::kDatehour: return 3600 * kSecond;
    case Type::kMinute:
    case Type::kDateminute: return 60 * kSecond;
    case Type::kSecond:
    case Type::kDatetime: return kSecond;
    case Type::kTime:
    case Type::kTimestamp: return 1'000'000;
    case Type::kNanotime:
    case Type::kNanotimestamp: return 1;
    default: return 0;
  }
}

}  // namespace

int64_t units_of(types::Duration duration, Type type) {
  const auto unit = static_cast<DurationUnit>(duration.unit);
  if (type == Type::kMonth && unit == DurationUnit::kMonth) return duration.count;
  if (type == Type::kMonth && unit == DurationUnit::kYear) return int64_t{12} * duration.count;
  const int64_t step = nanoseconds_of(unit), own = nanoseconds_per_unit(type);
  if (step == 0 || own == 0 || (step * duration.count) % own != 0) {
    throw ScriptError("The duration can't be expressed in units of " + std::string(name_of(type)) + ".");
  }
  return step * duration.count / own;
}

}  // namespace pelorus::exec
