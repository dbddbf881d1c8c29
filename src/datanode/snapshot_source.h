#pragma once
// A version of a stored chunk as the columns a query asks for.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "datanode/column_view.h"
#include "exec/column_source.h"
#include "storage/chunk_snapshot.h"

namespace pelorus::datanode {

/// The columns are the table's. Leaves out what zones and key directories exclude by what the query narrowed to. Used
/// by one thread.
class SnapshotSource final : public exec::ColumnSource {
 public:
  SnapshotSource(std::shared_ptr<const storage::ChunkSnapshot> snapshot, ColumnView columns);

  const data::Schema& schema() const override { return columns_.schema(); }
  void narrow(const exec::Narrowing& narrowing) override;
  bool meets(size_t column) override;
  void keep_end(const exec::OrderedEnd& end) override;
  Result<int64_t> rows() override;
  Result<data::Shared<data::Vector>> read(size_t column) override;
  /// The first read that failed (damage, a bad disk): what the fragment made of it is worth nothing.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  /// The selection, chosen at the first use.
  Status choose();
  /// How many of the stored `columns` in turn the chosen rows ascend by: the sort columns, but for those that have one
  /// value in all chosen rows.
  size_t ordered_by(const std::vector<size_t>& columns) const;
  bool is_one_value(size_t column) const;
  Status choose_end(const exec::OrderedEnd& end);
  /// How many rows of an end have to be kept so that all are that equal the outermost of `count` in those columns.
  Result<size_t> count_with_equals(std::span<const size_t> columns, bool last, size_t count) const;
  void narrow_to_ends(const exec::Narrowing::GroupEnds& ends);
  Result<data::Shared<data::Vector>> read_stored(size_t column);

  const std::shared_ptr<const storage::ChunkSnapshot> snapshot_;
  const ColumnView columns_;
  std::vector<storage::Bound> bounds_;
  std::vector<size_t> bounded_columns_;  // of the table, for each bound
  std::optional<size_t> rows_wanted_;
  std::optional<storage::GroupEnds> ends_;
  storage::SelectedRows chosen_;  // `rows` null until then
  bool takes_all_ = true;         // it is all rows of the snapshot
  std::optional<Error> failure_;
};

}  // namespace pelorus::datanode
