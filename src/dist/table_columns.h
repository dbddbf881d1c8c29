#pragma once
// The columns of a stored table: as queries see them, as chunks keep them, and how they change.

#include <span>
#include <vector>

#include "base/error.h"
#include "data/table.h"
#include "dist/partition_service.h"
#include "exec/stored_table.h"
#include "meta/catalogue.h"

namespace pelorus::dist {

/// The columns of a stored table as the value model has them.
data::Schema schema_of(const meta::Table& table);

/// Of meta::Table::options: "true".
inline constexpr const char* kSoftDeleteOption = "softDelete";
/// The option of a table that describes it for people.
inline constexpr const char* kCommentOption = "comment";
/// Deletes from the table mark rows (createPartitionedTable's softDelete).
bool is_soft_delete(const meta::Table& table);
/// How its partitions keep their rows.
RowOrder order_of(const meta::Table& table);
/// How many rows a chunk has that had `before` (-1: nobody knows) and got `added`, or only these: `replaced`. -1 where
/// keepDuplicates may drop some.
int64_t rows_after(const RowOrder& order, int64_t before, int64_t added, bool replaced);

/// `rows` has the table's columns in order; the same rows as chunks keep them: under the names that chunks use, of a
/// table with soft deletes with a column behind them that is false.
data::Table as_stored(data::Table rows, const meta::Table& table);
/// Rows that mark others as deleted, as chunks keep them: `keys` holds the sort columns of those others.
data::Table deletion_marks(const data::Table& keys, const meta::Table& table);

/// The columns after `changes`, in order and all or none. No row is touched: chunks follow when they are next written.
/// A name that was dropped may come back, its old values do not. kInvalid: unknown or taken names, partition, sort and
/// key columns, types that the old values cannot take.
Result<std::vector<meta::Column>> changed_columns(const meta::Table& table,
                                                  std::span<const exec::ColumnChange> changes);

}  // namespace pelorus::dist
