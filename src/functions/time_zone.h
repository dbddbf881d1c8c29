#pragma once
// Time zones by their names in the system's database (TZif files, RFC 8536).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pelorus::functions {

/// Immutable once read.
class TimeZone {
 public:
  /// "Asia/Shanghai", "UTC". Nothing when the node's database has no such zone.
  static std::optional<TimeZone> load(const std::string& name);

  /// Seconds ahead of UTC at a moment given in UTC.
  int64_t offset_at_utc(int64_t utc_seconds) const;
  /// Seconds ahead of UTC at a local time; of two readings in autumn the earlier.
  int64_t offset_at_local(int64_t local_seconds) const;

 private:
  struct Change {
    int64_t utc_seconds;
    int64_t offset;
  };
  int64_t first_offset_ = 0;
  std::vector<Change> changes_;  // ascending
};

}  // namespace pelorus::functions
