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
  void clear() { keys_.clear(); }

 private:
  const std::vector<size_t> columns_;
  std::unordered_set<std::string> keys_;
};

StreamTable::StreamTable(Table rows, std::vector<std::string> keys, int64_t first_row)
    : schema_(rows.schema()), keys_(std::move(keys)), chunk_row_(first_row), first_row_(first_row), rows_(first_row) {
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
    const std::lock_guard writer(writing_);
    if (seen_) typed = without_known_keys(typed);
    if (log_ && typed.rows() > 0) TRY_DONE(log_->append(typed));
    TRY_DONE(store(typed));
    trim_memory(typed.rows());
  }
  if (typed.rows() > 0) {
    const std::lock_guard lock(listeners_mutex_);
    for (const auto& [number, on_rows] : listeners_) on_rows();
  }
  return static_cast<int64_t>(typed.rows());
}

Status StreamTable::store(const Table& rows) {
  const std::lock_guard lock(mutex_);
  for (size_t from = 0; from < rows.rows();) {
    if (chunks_.back().rows() == kChunkRows) chunks_.emplace_back(schema_);
    const size_t count = std::min(kChunkRows - chunks_.back().rows(), rows.rows() - from);
    TRY_DONE(chunks_.back().append(rows.slice(from, count)));
    from += count;
  }
  rows_ += static_cast<int64_t>(rows.rows());
  return {};
}

Status StreamTable::persist(io::FileSystem& files, std::unique_ptr<StreamLog> log, StreamLog::Loaded loaded,
                            int64_t memory_rows_max) {
  const std::lock_guard writer(writing_);
  {
    const std::lock_guard lock(listeners_mutex_);
    if (log_ || !listeners_.empty())
      return Error{ErrorCode::kInvalid, "The stream table is persisted already or has subscribers."};
  }
  const Table own = read(0, INT64_MAX);
  {
    const std::lock_guard lock(mutex_);
    chunks_.assign(1, Table(schema_));
    chunk_row_ = first_row_ = rows_ = loaded.first_row;
  }
  if (seen_) {
    for (size_t r = 0; r < loaded.rows.rows(); ++r) seen_->add(loaded.rows, r);
  }
  TRY_DONE(store(loaded.rows));
  if (own.rows() > 0) {
    TRY_DONE(log->append(own));
    TRY_DONE(store(own));
  }
  log_ = std::move(log);
  files_ = &files;
  memory_rows_max_ = memory_rows_max;
  trim_memory(0);
  return {};
}

void StreamTable::drop_chunks(int64_t row) {
  first_row_ = std::min(row, rows_);
  size_t gone = 0;
  while (gone + 1 < chunks_.size() && chunk_row_ + static_cast<int64_t>(kChunkRows) <= first_row_) {
    chunk_row_ += static_cast<int64_t>(kChunkRows);
    ++gone;
  }
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(gone));
}

/// As documented: a large batch stays whole, with some of what was there before.
void StreamTable::trim_memory(size_t just_added) {
  if (log_ == nullptr || memory_rows_max_ == 0) return;
  const auto added = static_cast<int64_t>(just_added);
  constexpr double kSmallBatches = 2.5, kLargeBatch = 1.2;
  const double bound = added <= memory_rows_max_ ? kSmallBatches * static_cast<double>(memory_rows_max_)
                                                 : kLargeBatch * static_cast<double>(added + memory_rows_max_);
  const std::lock_guard lock(mutex_);
  if (static_cast<double>(rows_ - first_row_) > bound) drop_chunks(rows_ - std::max(memory_rows_max_, added));
}

std::unique_ptr<StreamLog> StreamTable::stop_persisting() {
  const std::lock_guard writer(writing_);
  return std::move(log_);
}

std::optional<StreamTable::Persistence> StreamTable::persistence() const {
  const std::lock_guard writer(writing_);
  if (!log_) return std::nullopt;
  return Persistence{log_->terms(), log_->bytes()};
}

Status StreamTable::edit(const std::function<Status(Table&)>&) {
  return Error{ErrorCode::kInvalid, "The rows of a stream table can't be changed or deleted."};
}

Result<Table> StreamTable::snapshot() const { return read(0, INT64_MAX); }

int64_t StreamTable::rows() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

int64_t StreamTable::first_row() const {
  const std::lock_guard lock(mutex_);
  return first_row_;
}

int64_t StreamTable::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  size_t bytes = 0;
  for (const auto& chunk : chunks_) bytes += chunk.memory_bytes();
  return static_cast<int64_t>(bytes);
}

Table StreamTable::read(int64_t from, int64_t count) const {
  std::vector<Table> parts;
  {
    const std::lock_guard lock(mutex_);
    from = std::max(from, first_row_);
    const int64_t until = count > rows_ - from ? rows_ : from + count;
    while (from < until) {
      const auto at = static_cast<size_t>(from - chunk_row_);
      const auto& chunk = chunks_[at / kChunkRows];
      const size_t offset = at % kChunkRows;
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

int64_t StreamTable::oldest_row() const {
  const std::lock_guard writer(writing_);
  return log_ ? log_->first_row() : first_row();
}

Result<Table> StreamTable::read_kept(int64_t from, int64_t count) const {
  if (first_row() <= from) {
    auto rows = read(from, count);
    // Rows are dropped from the front only: what is in memory now was there while they were read.
    if (first_row() <= from) return rows;
  }
  std::optional<StreamLog::Place> place;
  io::FileSystem* files = nullptr;
  {
    const std::lock_guard writer(writing_);
    if (log_) place = log_->place_of(from);
    files = files_;
  }
  const Error gone{ErrorCode::kNotFound, "Can't find the message with offset [" + std::to_string(from) + "]"};
  if (!place) return gone;
  auto stored = StreamLog::read(*files, *place, from, count);
  if (!stored.ok() && stored.error().code == ErrorCode::kNotFound) return gone;
  return stored;
}

void StreamTable::drop_before(int64_t row) {
  const std::lock_guard writer(writing_);
  {
    const std::lock_guard lock(mutex_);
    if (row <= first_row_) return;
    drop_chunks(row);
  }
  if (seen_ == nullptr) return;
  const Table left = read(0, INT64_MAX);
  seen_->clear();
  for (size_t r = 0; r < left.rows(); ++r) seen_->add(left, r);
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
