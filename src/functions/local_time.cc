#include "functions/local_time.h"

#include <ctime>

#include "base/clock.h"

namespace pelorus::functions {

int64_t zone_offset(int64_t utc_seconds) {
  const auto moment = static_cast<time_t>(utc_seconds);
  tm local{};
  localtime_r(&moment, &local);
  return local.tm_gmtoff;
}

int64_t local_ns() {
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  const int64_t utc = SystemClock().wall_ns();
  return utc + zone_offset(utc / kNsPerSecond) * kNsPerSecond;
}

}  // namespace pelorus::functions
