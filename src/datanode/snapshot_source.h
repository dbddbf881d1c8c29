#pragma once
// A version of a stored chunk as the columns a query asks for.

#include <memory>
#include <optional>
#include <vector>

#include "datanode/column_view.h"
#include "exec/column_source.h"
#include "storage/chunk_snapshot.h"

namespace pelorus::datanode {

/// The columns are the table's. Leaves out what zones and key directories exclude by what the query narrowed to. Used by
/// one thread.
class SnapshotSource final : public exec::ColumnSource {
 public:
  SnapshotSource(std::shared_ptr<const storage::ChunkSnapshot> snapshot, ColumnView columns);

  const data::Schema& schema() const override { return columns_.schema(); }
  void narrow(const exec::Narrowing& narrowing) override;
  Result<int64_t> rows() override;
  Result<data::Shared<data::Vector>> read(size_t column) override;
  /// Why the stored rows could not be read; ok when they could. A query sees it as an error of its script.
  const Status& failure() const { return failure_; }

 private:
  const std::shared_ptr<const storage::ChunkSnapshot> snapshot_;
  const ColumnView columns_;
  /// The selection, chosen at the first use.
  Status choose();
  Result<data::Shared<data::Vector>> read_stored(size_t column);

  std::vector<storage::Bound> bounds_;
  std::optional<size_t> rows_wanted_;
  std::shared_ptr<const storage::RowSelection> selection_;
  Status failure_;
};

}  // namespace pelorus::datanode
