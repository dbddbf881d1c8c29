#include "stream/publish/table_feed.h"

#include <algorithm>

#include "wire/stream_record.h"

namespace pelorus::stream {

Result<data::Table> TableFeed::rows_from(int64_t from) const {
  auto rows = table_->read(from, kRecordRows);
  // Rows are dropped from the front only: what is kept now was kept while they were read.
  if (table_->first_row() > from)
    return Error{ErrorCode::kNotFound, "Can't find the message with offset [" + std::to_string(from) + "]"};
  return rows;
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
