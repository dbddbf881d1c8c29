#include "datanode/snapshot_source.h"

#include <algorithm>

namespace pelorus::datanode {
namespace {

using storage::RowRange;

std::vector<RowRange> intersect(const std::vector<RowRange>& left, const std::vector<RowRange>& right) {
  std::vector<RowRange> both;
  for (size_t i = 0, j = 0; i < left.size() && j < right.size();) {
    const RowRange part{std::max(left[i].from, right[j].from), std::min(left[i].to, right[j].to)};
    if (part.from < part.to) both.push_back(part);
    if (left[i].to < right[j].to)
      ++i;
    else
      ++j;
  }
  return both;
}

}  // namespace

SnapshotSource::SnapshotSource(std::shared_ptr<const storage::ChunkSnapshot> snapshot, ColumnView columns)
    : snapshot_(std::move(snapshot)), columns_(std::move(columns)), rows_(static_cast<int64_t>(snapshot_->rows())) {}

void SnapshotSource::narrow(const exec::Narrowing& narrowing) {
  if (narrowing.ranges.empty()) {
    if (narrowing.rows_wanted && *narrowing.rows_wanted < rows_) {
      rows_ = std::max<int64_t>(0, *narrowing.rows_wanted);
      ranges_ = std::vector<RowRange>{{0, static_cast<size_t>(rows_)}};
    }
    return;
  }
  std::vector<RowRange> kept{{0, snapshot_->rows()}};
  for (const auto& range : narrowing.ranges) {
    if (!columns_.is_plain(range.column)) continue;  // its zones speak of other values
    const auto column = static_cast<size_t>(columns_.stored(range.column));
    const auto matching = snapshot_->matching(column, range.interval.low, range.interval.high);
    if (!matching.ok()) return;  // read() will meet the same damage and report it
    kept = intersect(kept, *matching);
  }
  rows_ = 0;
  for (const auto& range : kept) rows_ += static_cast<int64_t>(range.size());
  ranges_ = std::move(kept);
}

Result<data::Shared<data::Vector>> SnapshotSource::read(size_t column) {
  auto rows = read_stored(column);
  if (!rows.ok() && !failure_) failure_ = rows.error();
  return rows;
}

Result<data::Shared<data::Vector>> SnapshotSource::read_stored(size_t column) {
  if (columns_.stored(column) < 0) return columns_.nulls(column, static_cast<size_t>(rows_));
  const auto stored = static_cast<size_t>(columns_.stored(column));
  if (!ranges_) {
    TRY(auto all, snapshot_->read(stored));
    return columns_.fitted(column, std::move(all));
  }
  TRY(auto rows, snapshot_->read(stored, *ranges_));
  return columns_.fitted(column, data::Shared<data::Vector>(std::move(rows)));
}

}  // namespace pelorus::datanode
