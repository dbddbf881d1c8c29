#pragma once
// How long a database keeps its partitions: what setRetentionPolicy says, kept as a record for each database.

#include <string>
#include <vector>

#include "base/error.h"
#include "meta/catalogue.h"
#include "meta/partition_scheme.h"

namespace pelorus::meta {

inline constexpr const char* kRetentionArea = "retention";  // of records, named by record_name
/// Partitions that ended longer ago than the hours kept and this are left alone, as they are documented to be.
inline constexpr int64_t kRetentionReachHours = 240;
inline constexpr int64_t kRetentionHoursMax = 1'000'000'000;

struct RetentionPolicy {
  DatabaseId database;
  int64_t hours = 0;   // a partition is kept until so long after its end
  uint32_t level = 0;  // of the scheme: the one by time

  static std::string record_name(DatabaseId database) { return std::to_string(database.value); }
  bool operator==(const RetentionPolicy&) const = default;
  template <class A>
  void fields(A& a) {
    a(database, hours, level);
  }
};

/// kInvalid with what to do: no such level, one that is not VALUE or RANGE of DATE or DATEHOUR, hours that are not
/// positive or, with DATE, not whole days.
Status check(const PartitionScheme& scheme, const RetentionPolicy& policy);

/// Of `keys`, those whose time ended in the last kRetentionReachHours before `hours` ago. `now_hours`: local time,
/// since 1970. Cost: one look at each key, a search among the boundaries of a RANGE.
std::vector<PartitionKey> expired(const PartitionScheme& scheme, const RetentionPolicy& policy,
                                  const std::vector<PartitionKey>& keys, int64_t now_hours);

}  // namespace pelorus::meta
