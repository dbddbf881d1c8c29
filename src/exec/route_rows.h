#pragma once
// Splits rows to be written by the partition each belongs to.

#include <string>
#include <vector>

#include "base/error.h"
#include "data/table.h"
#include "meta/partition_scheme.h"

namespace pelorus::exec {

struct RoutedRows {
  meta::PartitionKey key;  // VALUE parts may be new to the scheme
  data::Table rows;        // in the order they had
};

/// The rows by partition, ascending by key. A scheme without levels (a dimension table) gives one entry with an empty
/// key and shares the columns. kInvalid: a partition column is missing or of a type the level cannot take, or a row
/// lies outside the scheme (the message names the column and the value). Cost: O(rows) for each level, text looked up
/// once per symbol.
Result<std::vector<RoutedRows>> split_rows(const data::Table& rows, const meta::PartitionScheme& scheme,
                                           const std::vector<std::string>& partition_columns);

}  // namespace pelorus::exec
