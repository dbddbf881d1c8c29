#pragma once
// Which partitions a query has to look at (language reference §4.6).

#include <span>
#include <string>
#include <vector>

#include "meta/partition_scheme.h"
#include "plan/constraint.h"

namespace pelorus::plan {

struct PartitionedBy {
  const meta::PartitionScheme& scheme;
  const std::vector<std::string>& columns;  // one a level
};

/// False only when no row of the partition can satisfy the constraint.
bool may_match(const Constraint& constraint, const PartitionedBy& by, const meta::PartitionKey& key);

/// The type that `date(…)`, `month(…)` … give; kVoid for other functions.
types::Type type_of_conversion(std::string_view function);

}  // namespace pelorus::plan
