#pragma once
// A table's columns over a chunk that was written under older ones.

#include <span>
#include <vector>

#include "data/table.h"
#include "meta/catalogue.h"
#include "storage/chunk_snapshot.h"

namespace pelorus::datanode {

/// Finds columns by the names chunks use; those the chunk lacks are null, those of another type are converted, those
/// the table has dropped are left out. Immutable.
class ColumnView {
 public:
  ColumnView(std::span<const meta::Column> columns, const data::Schema& chunk);

  /// The table's.
  const data::Schema& schema() const { return schema_; }
  /// Number of the chunk's column behind `column`; -1: the chunk lacks it.
  int stored(size_t column) const { return stored_[column]; }
  /// The chunk's values are the column's, without a conversion.
  bool is_plain(size_t column) const { return plain_[column]; }
  /// Values read from the chunk as the table's type. kCorrupt when they cannot be.
  Result<data::Shared<data::Vector>> fitted(size_t column, data::Shared<data::Vector> values) const;
  data::Shared<data::Vector> nulls(size_t column, size_t rows) const;
  /// All rows of a chunk as the table's.
  Result<data::Table> read(const storage::ChunkSnapshot& chunk) const;

 private:
  data::Schema schema_;
  std::vector<int> stored_;
  std::vector<bool> plain_;
};

/// Names, types, order: rows of the one can be appended to the other.
bool same_columns(const data::Schema& left, const data::Schema& right);

}  // namespace pelorus::datanode
