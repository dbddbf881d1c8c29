#pragma once
// The machine's zone.

#include <cstdint>

namespace pelorus::functions {

/// Seconds that local time is ahead of UTC at a moment, in seconds since 1970.
int64_t zone_offset(int64_t utc_seconds);
/// Now: nanoseconds since 1970-01-01 of local time.
int64_t local_ns();

}  // namespace pelorus::functions
