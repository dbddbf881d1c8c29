#pragma once
// Splits rows to be written by the partition each belongs to.

#include <string>
#include <vector>

#include "base/error.h"
#include "data/table.h"
#include "kernels/group.h"
#include "meta/partition_scheme.h"

namespace pelorus::exec {

/// Which rows of a table belong to which partition. Shares the table's columns; copies nothing before it is asked.
class RowRoutes {
 public:
  RowRoutes() = default;
  /// All rows belong to one partition.
  RowRoutes(data::Table rows, meta::PartitionKey key) : rows_(std::move(rows)), keys_{std::move(key)} {}
  /// `keys` ascend; those of keys[k] are group groups[k] of `directory`.
  RowRoutes(data::Table rows, std::vector<meta::PartitionKey> keys, std::vector<size_t> groups,
            kernels::GroupDirectory directory)
      : rows_(std::move(rows)), keys_(std::move(keys)), groups_(std::move(groups)), directory_(std::move(directory)) {}

  /// Ascending; VALUE parts may be new to the scheme.
  const std::vector<meta::PartitionKey>& keys() const { return keys_; }
  const data::Table& table() const { return rows_; }
  /// How many rows belong to keys()[k].
  size_t count(size_t k) const { return is_whole() ? rows_.rows() : directory_.rows_of(groups_[k]).size(); }
  /// They, in the order they had, SYMBOL columns coded by bases of their own that hold no other texts. All rows of the
  /// table are shared and stay as they are.
  data::Table part(size_t k) const;
  /// Adds them to `to` as data::append_rows does.
  void append_part(size_t k, data::Table& to) const;
  /// Of the same rows in the same order under other columns.
  void set_table(data::Table rows) { rows_ = std::move(rows); }
  /// Without the partitions marked in `out`, one mark for each.
  void leave_out(const std::vector<bool>& out);

 private:
  bool is_whole() const { return groups_.empty(); }

  data::Table rows_;
  std::vector<meta::PartitionKey> keys_;
  std::vector<size_t> groups_;  // empty when there is one partition for all rows
  kernels::GroupDirectory directory_;
};

/// Where the rows go. A scheme without levels (a dimension table) gives one partition with an empty key. kInvalid: a
/// partition column is missing or of a type the level cannot take, or a row lies outside the scheme (the message names
/// the column and the value). Cost: O(rows) for each level, text looked up once per symbol.
Result<RowRoutes> route_rows(const data::Table& rows, const meta::PartitionScheme& scheme,
                             const std::vector<std::string>& partition_columns);

struct RoutedRows {
  meta::PartitionKey key;
  data::Table rows;
};
/// The same as tables, ascending by key.
Result<std::vector<RoutedRows>> split_rows(const data::Table& rows, const meta::PartitionScheme& scheme,
                                           const std::vector<std::string>& partition_columns);

}  // namespace pelorus::exec
