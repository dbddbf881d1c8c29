#pragma once
// Queries that only want rows from one end of the order in which partitions lie: the latest row, the latest hundred.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/table.h"
#include "plan/prune_partitions.h"
#include "syntax/sql.h"

namespace pelorus::plan {

/// Partitions are asked from one end, and no more of them once those asked have what is wanted.
struct PartitionsEnd {
  bool last = false;  // from the last one backwards
  size_t levels = 0;  // partitions alike in so many leading parts of their keys are asked together
};

/// True when a partition with a lesser first part of its key has lesser values of `key` only: the column of a VALUE or
/// RANGE level of numbers or times. Such a column has no nulls, as they belong to no partition.
bool rises_with_partitions(const syntax::Expr& key, const PartitionedBy& by, const data::Schema& schema);

/// The end from which the first partition that has rows decides all `aggregates` of a query without groups: first or
/// last of anything, the least or greatest value of a column that rises with partitions. Nothing: all are needed.
std::optional<PartitionsEnd> end_that_decides(const std::vector<std::pair<std::string, syntax::ExprRef>>& aggregates,
                                              const PartitionedBy& by, const data::Schema& schema);

}  // namespace pelorus::plan
