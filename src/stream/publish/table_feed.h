#pragma once
// The rows of one stream table as its subscribers' connections take them.

#include <array>
#include <memory>
#include <mutex>

#include "stream/stream_table.h"
#include "wire/chain.h"

namespace pelorus::stream {

/// One for each published table, shared by its publications: subscribers who are at the same row share the encoding.
/// Thread-safe.
class TableFeed {
 public:
  static constexpr int64_t kRecordRows = 1024;  // clients size their buffers for that

  explicit TableFeed(std::shared_ptr<StreamTable> table) : table_(std::move(table)) {}

  struct Record {
    wire::Chain object;
    int64_t rows = 0;
  };
  /// The object of a record that begins at row `from`, of as many rows as there are, kRecordRows at most; null when
  /// there are none. kNotFound when the table keeps that row no more; otherwise as wire::encode().
  Result<std::shared_ptr<const Record>> record_from(int64_t from);

  /// The same rows not encoded.
  Result<data::Table> rows_from(int64_t from);

  StreamTable& table() const { return *table_; }

 private:
  struct Made {
    int64_t from = -1;
    std::shared_ptr<const Record> record;
  };
  static constexpr size_t kRecent = 8;
  static constexpr int64_t kStoredRows = 65536;  // read from disk at once: records there may be long

  const std::shared_ptr<StreamTable> table_;
  std::mutex mutex_;
  std::array<Made, kRecent> recent_;  // guarded by mutex_
  size_t next_ = 0;                   // guarded by mutex_; the oldest of them
  int64_t stored_from_ = 0;           // guarded by mutex_; number of the first of stored_
  data::Table stored_;                // guarded by mutex_; rows read from disk last
};

}  // namespace pelorus::stream
