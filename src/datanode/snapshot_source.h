#pragma once
// A version of a stored chunk as the columns a query asks for.

#include <memory>
#include <optional>

#include "datanode/column_view.h"
#include "exec/column_source.h"
#include "storage/chunk_snapshot.h"

namespace pelorus::datanode {

/// The columns are the table's. Leaves out blocks whose zones exclude what the query narrowed to. Used by one thread.
class SnapshotSource final : public exec::ColumnSource {
 public:
  SnapshotSource(std::shared_ptr<const storage::ChunkSnapshot> snapshot, ColumnView columns);

  const data::Schema& schema() const override { return columns_.schema(); }
  void narrow(const exec::Narrowing& narrowing) override;
  int64_t rows() const override { return rows_; }
  Result<data::Shared<data::Vector>> read(size_t column) override;
  /// The first read that failed (damage, a bad disk): what the fragment made of it is worth nothing.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  Result<data::Shared<data::Vector>> read_stored(size_t column);

  const std::shared_ptr<const storage::ChunkSnapshot> snapshot_;
  const ColumnView columns_;
  std::optional<std::vector<storage::RowRange>> ranges_;  // absent: all rows
  int64_t rows_ = 0;
  std::optional<Error> failure_;
};

}  // namespace pelorus::datanode
