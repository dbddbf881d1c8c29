#include "meta/retention.h"

#include <algorithm>
#include <optional>

namespace pelorus::meta {
namespace {

constexpr int64_t kHoursPerDay = 24;

int64_t hours_per_unit(const PartitionLevel& level) {
  return level.value_type == types::Type::kDate ? kHoursPerDay : 1;
}

/// When the partition's last moment is over, in hours since 1970; nothing for a range that the scheme lacks.
std::optional<int64_t> end_of(const PartitionLevel& level, const types::Scalar& part) {
  const auto unit = hours_per_unit(level);
  if (level.type == PartitionType::kValue) return (part.as_int64() + 1) * unit;
  const auto above = std::ranges::find_if(
      level.values, [&](const types::Scalar& boundary) { return boundary.as_int64() > part.as_int64(); });
  if (above == level.values.end()) return std::nullopt;
  return above->as_int64() * unit;
}

}  // namespace

Status check(const PartitionScheme& scheme, const RetentionPolicy& policy) {
  if (policy.level >= scheme.levels.size()) {
    return Error{ErrorCode::kInvalid, "retentionDimension must be below " + std::to_string(scheme.levels.size()) +
                                          ", the number of levels of partitions, not " + std::to_string(policy.level) +
                                          "."};
  }
  const auto& level = scheme.levels[policy.level];
  const bool is_temporal = level.value_type == types::Type::kDate || level.value_type == types::Type::kDatehour;
  if (!is_temporal || (level.type != PartitionType::kValue && level.type != PartitionType::kRange)) {
    return Error{ErrorCode::kInvalid, "Level " + std::to_string(policy.level) +
                                          " of the partitions must be VALUE or RANGE by DATE or DATEHOUR, not " +
                                          std::string(name_of(level.type)) + " by " +
                                          std::string(types::name_of(level.value_type)) +
                                          "; retentionDimension says which level is by time."};
  }
  if (policy.hours < 1 || policy.hours > kRetentionHoursMax || policy.hours % hours_per_unit(level) != 0) {
    return Error{ErrorCode::kInvalid,
                 "retentionHours must be a positive number" +
                     std::string(hours_per_unit(level) == 1 ? "" : " of whole days, a multiple of 24") + ", not " +
                     std::to_string(policy.hours) + "."};
  }
  return {};
}

std::vector<PartitionKey> expired(const PartitionScheme& scheme, const RetentionPolicy& policy,
                                  const std::vector<PartitionKey>& keys, int64_t now_hours) {
  std::vector<PartitionKey> all;
  if (!check(scheme, policy).ok()) return all;
  const auto& level = scheme.levels[policy.level];
  const auto kept_from = now_hours - policy.hours;
  for (const auto& key : keys) {
    if (key.parts.size() <= policy.level || key.parts[policy.level].is_null()) continue;
    const auto end = end_of(level, key.parts[policy.level]);
    if (end && *end <= kept_from && *end > kept_from - kRetentionReachHours) all.push_back(key);
  }
  return all;
}

}  // namespace pelorus::meta
