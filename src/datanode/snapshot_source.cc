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
  takes_all_ = bounds_.empty() && !rows_wanted_ && !ends_;
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

void SnapshotSource::keep_end(const exec::OrderedEnd& end) {
  if (const auto chosen = choose_end(end); !chosen.ok() && !failure_) failure_ = chosen.error();
}

bool SnapshotSource::is_one_value(size_t column) const {
  for (size_t b = 0; b < bounds_.size(); ++b) {
    const auto& bound = bounds_[b];
    const bool is_one = bound.column == column && bound.low && bound.high && !bound.low->is_null();
    if (is_one && chosen_.exact[b] && types::compare(*bound.low, *bound.high) == 0) return true;
  }
  return false;
}

size_t SnapshotSource::ordered_by(const std::vector<size_t>& columns) const {
  size_t known = 0;
  for (const auto sorted : snapshot_->sort().columns) {
    if (known == columns.size()) break;
    const auto column = columns[known];
    const bool is_next = columns_.is_plain(column) && static_cast<size_t>(columns_.stored(column)) == sorted &&
                         !types::is_floating(columns_.schema()[column].type);
    if (is_next)
      ++known;
    else if (!is_one_value(sorted))
      break;
  }
  return known;
}

Status SnapshotSource::choose_end(const exec::OrderedEnd& end) {
  if (!snapshot_->sort().sorts() || rows_wanted_ || ends_) return {};
  TRY_DONE(choose());
  const size_t rows = chosen_.rows->rows();
  if (end.count >= rows) return {};
  const size_t known = ordered_by(end.columns);
  if (known == 0) return {};
  std::vector<size_t> columns;
  for (size_t k = 0; k < known; ++k) columns.push_back(static_cast<size_t>(columns_.stored(end.columns[k])));
  size_t count = end.count;
  if (count > 0 && (end.with_equals || known < end.columns.size())) {
    TRY(count, count_with_equals(columns, end.last, count));
  }
  const auto part = end.last ? storage::RowRange{rows - count, rows} : storage::RowRange{0, count};
  chosen_.rows = std::make_shared<const storage::RowSelection>(chosen_.rows->part(part));
  takes_all_ = false;
  return {};
}

Result<size_t> SnapshotSource::count_with_equals(std::span<const size_t> columns, bool last, size_t count) const {
  const size_t rows = chosen_.rows->rows();
  for (size_t looked_at = count;;) {
    looked_at = std::min(rows, looked_at < rows / 2 ? 2 * looked_at : rows);
    // From the outermost of the `count` on.
    const auto part =
        last ? storage::RowRange{rows - looked_at, rows - count + 1} : storage::RowRange{count - 1, looked_at};
    const auto selection = chosen_.rows->part(part);
    std::vector<data::Vector> values;
    for (const auto column : columns) {
      TRY(auto read, snapshot_->read(column, selection));
      values.push_back(std::move(read));
    }
    const auto at = [&](size_t step) { return last ? part.size() - 1 - step : step; };
    for (size_t step = 1; step < part.size(); ++step) {
      const bool equals = std::all_of(values.begin(), values.end(), [&](const data::Vector& column) {
        return types::compare(column.scalar_at(at(0)), column.scalar_at(at(step))) == 0;
      });
      if (!equals) return count + step - 1;
    }
    if (looked_at == rows) return rows;
  }
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
  if (takes_all_) {
    TRY(auto all, snapshot_->read(stored));
    return columns_.fitted(column, std::move(all));
  }
  TRY(auto rows, snapshot_->read(stored, *chosen_.rows));
  return columns_.fitted(column, data::Shared<data::Vector>(std::move(rows)));
}

}  // namespace pelorus::datanode
