#include "stream/publish/table_feed.h"

#include <algorithm>

#include "wire/stream_record.h"

namespace pelorus::stream {

Result<data::Table> TableFeed::rows_from(int64_t from) {
  if (from >= table_->first_row()) return table_->read_kept(from, kRecordRows);
  const auto part = [&](const data::Table& rows, int64_t at) {
    const auto count = std::min(kRecordRows, static_cast<int64_t>(rows.rows()) - at);
    return rows.slice(static_cast<size_t>(at), static_cast<size_t>(count));
  };
  {
    const std::lock_guard lock(mutex_);
    const int64_t at = from - stored_from_;
    if (at >= 0 && at < static_cast<int64_t>(stored_.rows())) return part(stored_, at);
  }
  TRY(const auto rows, table_->read_kept(from, kStoredRows));
  const std::lock_guard lock(mutex_);
  stored_from_ = from;
  stored_ = rows;
  return part(rows, 0);
}

Result<std::shared_ptr<const TableFeed::Record>> TableFeed::record_from(int64_t from) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(recent_, from, &Made::from);
    if (found != recent_.end()) return found->record;
  }
  TRY(const auto rows, rows_from(from));
  if (rows.rows() == 0) return std::shared_ptr<const Record>();
  const auto made = std::make_shared<Record>();
  made->rows = static_cast<int64_t>(rows.rows());
  TRY_DONE(wire::encode_columns(rows, made->object));
  const std::shared_ptr<const Record> record = made;
  const std::lock_guard lock(mutex_);
  recent_[next_] = {.from = from, .record = record};
  next_ = (next_ + 1) % kRecent;
  return record;
}

}  // namespace pelorus::stream
