#include "stream/stream_table.h"

#include <algorithm>
#include <unordered_set>

#include "data/row_index.h"

namespace pelorus::stream {

using data::Table;

class StreamTable::SeenKeys {
 public:
  explicit SeenKeys(std::vector<size_t> columns) : columns_(std::move(columns)) {}
  /// True the first time a row's key comes.
  bool add(const Table& rows, size_t row) {
    data::RowIndex::Columns columns;
    for (const auto c : columns_) columns.push_back(&rows.column(c));
    return keys_.insert(data::RowIndex::key_of(columns, row)).second;
  }

 private:
  const std::vector<size_t> columns_;
  std::unordered_set<std::string> keys_;
};

StreamTable::StreamTable(Table rows, std::vector<std::string> keys) : schema_(rows.schema()), keys_(std::move(keys)) {
  chunks_.emplace_back(schema_);
  if (!keys_.empty()) {
    std::vector<size_t> columns;
    for (const auto& key : keys_) columns.push_back(static_cast<size_t>(rows.find(key)));
    seen_ = std::make_unique<SeenKeys>(std::move(columns));
  }
  if (rows.rows() > 0) (void)append(rows);
}

StreamTable::~StreamTable() = default;

Table StreamTable::without_known_keys(const Table& rows) {
  std::vector<int64_t> fresh;
  for (size_t r = 0; r < rows.rows(); ++r) {
    if (seen_->add(rows, r)) fresh.push_back(static_cast<int64_t>(r));
  }
  return fresh.size() == rows.rows() ? rows : rows.take(fresh);
}

Result<int64_t> StreamTable::append(const Table& rows) {
  Table typed(schema_);
  TRY_DONE(typed.append(rows));
  {
    const std::lock_guard lock(mutex_);
    if (seen_) typed = without_known_keys(typed);
    for (size_t from = 0; from < typed.rows();) {
      if (chunks_.back().rows() == kChunkRows) chunks_.emplace_back(schema_);
      const size_t count = std::min(kChunkRows - chunks_.back().rows(), typed.rows() - from);
      TRY_DONE(chunks_.back().append(typed.slice(from, count)));
      from += count;
    }
    rows_ += static_cast<int64_t>(typed.rows());
  }
  if (typed.rows() > 0) {
    const std::lock_guard lock(listeners_mutex_);
    for (const auto& [number, on_rows] : listeners_) on_rows();
  }
  return static_cast<int64_t>(typed.rows());
}

Status StreamTable::edit(const std::function<Status(Table&)>&) {
  return Error{ErrorCode::kInvalid, "The rows of a stream table can't be changed or deleted."};
}

Result<Table> StreamTable::snapshot() const { return read(0, INT64_MAX); }

int64_t StreamTable::rows() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

Table StreamTable::read(int64_t from, int64_t count) const {
  std::vector<Table> parts;
  {
    const std::lock_guard lock(mutex_);
    const int64_t until = count > rows_ - from ? rows_ : from + count;
    while (from < until) {
      const auto& chunk = chunks_[static_cast<size_t>(from) / kChunkRows];
      const size_t offset = static_cast<size_t>(from) % kChunkRows;
      const size_t wanted = std::min(chunk.rows() - offset, static_cast<size_t>(until - from));
      parts.push_back(offset == 0 && wanted == chunk.rows() ? chunk : chunk.slice(offset, wanted));
      from += static_cast<int64_t>(wanted);
    }
  }
  if (parts.size() == 1) return std::move(parts[0]);
  Table all(schema_);
  for (const auto& part : parts) (void)all.append(part);  // of one schema: cannot fail
  return all;
}

int64_t StreamTable::listen(std::function<void()> on_rows) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.emplace(next_listener_, std::move(on_rows));
  return next_listener_++;
}

void StreamTable::unlisten(int64_t listener) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.erase(listener);
}

void StreamTable::set_filter_column(const std::string& name) {
  const std::lock_guard lock(mutex_);
  filter_column_ = name;
}

std::string StreamTable::filter_column() const {
  const std::lock_guard lock(mutex_);
  return filter_column_;
}

}  // namespace pelorus::stream
