#include "datanode/snapshot_source.h"

#include <algorithm>

namespace pelorus::datanode {

SnapshotSource::SnapshotSource(std::shared_ptr<const storage::ChunkSnapshot> snapshot, ColumnView columns)
    : snapshot_(std::move(snapshot)), columns_(std::move(columns)) {}

void SnapshotSource::narrow(const exec::Narrowing& narrowing) {
  if (narrowing.rows_wanted) rows_wanted_ = static_cast<size_t>(std::max<int64_t>(0, *narrowing.rows_wanted));
  if (narrowing.ends) narrow_to_ends(*narrowing.ends);
  for (const auto& range : narrowing.ranges) {
    if (!columns_.is_plain(range.column)) continue;  // its zones speak of other values
    bounds_.push_back({static_cast<size_t>(columns_.stored(range.column)), range.interval.low, range.interval.high});
    bounded_columns_.push_back(range.column);
  }
}

void SnapshotSource::narrow_to_ends(const exec::Narrowing::GroupEnds& ends) {
  const auto is_plain = [&](size_t column) { return columns_.is_plain(column); };
  if (!std::all_of(ends.keys.begin(), ends.keys.end(), is_plain) || (ends.by && !is_plain(*ends.by))) return;
  const auto stored = [&](size_t column) { return static_cast<size_t>(columns_.stored(column)); };
  ends_ = storage::GroupEnds{.keys = {}, .by = {}, .first = ends.first, .last = ends.last};
  for (const auto key : ends.keys) ends_->keys.push_back(stored(key));
  if (ends.by) ends_->by = stored(*ends.by);
}

Status SnapshotSource::choose() {
  if (chosen_.rows) return {};
  if (ends_) {
    auto rows = snapshot_->select(*ends_);
    if (!rows.ok()) failure_ = rows.error();
    TRY(chosen_.rows, std::move(rows));
    return {};
  }
  auto chosen = snapshot_->select(bounds_);
  if (!chosen.ok()) {
    failure_ = chosen.error();
    return chosen.error();
  }
  chosen_ = std::move(chosen).value();
  if (rows_wanted_ && *rows_wanted_ < chosen_.rows->rows())
    chosen_.rows = std::make_shared<const storage::RowSelection>(chosen_.rows->part({0, *rows_wanted_}));
  return {};
}

bool SnapshotSource::meets(size_t column) {
  if (!choose().ok()) return false;
  const auto bound = std::find(bounded_columns_.begin(), bounded_columns_.end(), column) - bounded_columns_.begin();
  return static_cast<size_t>(bound) < bounds_.size() && chosen_.exact[static_cast<size_t>(bound)];
}

Result<int64_t> SnapshotSource::rows() {
  TRY_DONE(choose());
  return static_cast<int64_t>(chosen_.rows->rows());
}

Result<data::Shared<data::Vector>> SnapshotSource::read(size_t column) {
  auto values = read_stored(column);
  if (!values.ok() && !failure_) failure_ = values.error();
  return values;
}

Result<data::Shared<data::Vector>> SnapshotSource::read_stored(size_t column) {
  TRY_DONE(choose());
  if (columns_.stored(column) < 0) return columns_.nulls(column, chosen_.rows->rows());
  const auto stored = static_cast<size_t>(columns_.stored(column));
  if (bounds_.empty() && !rows_wanted_ && !ends_) {
    TRY(auto all, snapshot_->read(stored));
    return columns_.fitted(column, std::move(all));
  }
  TRY(auto rows, snapshot_->read(stored, *chosen_.rows));
  return columns_.fitted(column, data::Shared<data::Vector>(std::move(rows)));
}

}  // namespace pelorus::datanode
