#include "plan/prune_partitions.h"

#include <algorithm>

namespace pelorus::plan {
namespace {

using meta::Interval;
using meta::PartitionLevel;
using meta::PartitionType;
using types::Scalar;

/// `between` on a hashed column up to this many values is looked at value by value.
constexpr int64_t kHashedPointsMax = 1024;

bool may_contain_hashed(const PartitionLevel& level, const Scalar& part, const Interval& interval) {
  if (!interval.low || !interval.high) return true;
  const auto type = interval.low->type();
  if (!types::is_integral(type) && !types::is_temporal(type)) return may_contain(level, part, interval);
  const int64_t low = interval.low->as_int64(), high = interval.high->as_int64();
  if (high - low >= kHashedPointsMax) return true;
  for (int64_t value = low; value <= high; ++value) {
    const auto point = types::visit_fixed(types::repr_of(type), [&]<class T>() {
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 8)
        return Scalar::of<T>(type, static_cast<T>(value));
      else
        return Scalar();
    });
    if (may_contain(level, part, {point, point})) return true;
  }
  return false;
}

bool level_matches(const Constraint& constraint, const PartitionLevel& level, const Scalar& part) {
  if (!constraint.conversion.empty() &&
      (type_of_conversion(constraint.conversion) != level.value_type || level.type == PartitionType::kHash)) {
    return true;
  }
  return std::any_of(constraint.intervals.begin(), constraint.intervals.end(), [&](const Interval& interval) {
    return level.type == PartitionType::kHash ? may_contain_hashed(level, part, interval)
                                              : may_contain(level, part, interval);
  });
}

}  // namespace

types::Type type_of_conversion(std::string_view function) {
  types::Type type = types::Type::kVoid;
  if (!types::parse_type(function, &type)) return types::Type::kVoid;
  return types::is_temporal(type) ? type : types::Type::kVoid;
}

bool may_match(const Constraint& constraint, const PartitionedBy& by, const meta::PartitionKey& key) {
  const auto part_matches = [&](const Constraint& part) { return may_match(part, by, key); };
  switch (constraint.kind) {
    case Constraint::Kind::kAnything: return true;
    case Constraint::Kind::kAnd: return std::all_of(constraint.parts.begin(), constraint.parts.end(), part_matches);
    case Constraint::Kind::kOr: return std::any_of(constraint.parts.begin(), constraint.parts.end(), part_matches);
    case Constraint::Kind::kColumn: break;
  }
  for (size_t i = 0; i < by.columns.size() && i < key.parts.size(); ++i) {
    if (by.columns[i] == constraint.column && !level_matches(constraint, by.scheme.levels[i], key.parts[i]))
      return false;
  }
  return true;
}

}  // namespace pelorus::plan
