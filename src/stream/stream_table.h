#pragma once
// A table that only grows and tells its subscribers.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "data/table.h"
#include "stream/stream_log.h"

namespace pelorus::stream {

/// Rows are numbered from 0 in the order they came; they are kept in chunks so that a reader never makes a writer copy
/// more than one of them. Thread-safe.
class StreamTable final : public data::TableObject {
 public:
  static constexpr size_t kChunkRows = 8192;

  /// `keys`: rows whose key was seen before are ignored; empty for a plain stream table. `first_row`: the number of the
  /// first of `rows`, where those before it are kept no more.
  StreamTable(data::Table rows, std::vector<std::string> keys, int64_t first_row = 0);
  ~StreamTable() override;

  std::string type_text() const override { return "STREAMING TABLE"; }
  data::Schema schema() const override { return schema_; }
  Result<data::Table> snapshot() const override;
  Result<int64_t> append(const data::Table& rows) override;
  /// kInvalid: rows of a stream table cannot be changed.
  Status edit(const std::function<Status(data::Table&)>& change) override;

  /// From now on rows also go to `log`; those it has loaded come before the table's own. kInvalid when the table is
  /// persisted already or has listeners.
  /// `memory_rows_max`: beyond two and a half times as many, older rows leave the memory, where queries see them no
  /// more; 0: none does.
  Status persist(io::FileSystem& files, std::unique_ptr<StreamLog> log, StreamLog::Loaded loaded,
                 int64_t memory_rows_max = 0);
  /// Rows go to memory only again; the log is given back, null when there was none.
  std::unique_ptr<StreamLog> stop_persisting();
  struct Persistence {
    StreamLogTerms terms;
    uint64_t bytes = 0;
  };
  std::optional<Persistence> persistence() const;

  /// The number the next row gets.
  int64_t rows() const;
  /// Of the oldest row in memory.
  int64_t first_row() const;
  /// Of the oldest row in memory or on disk. May wait for a writer.
  int64_t oldest_row() const;
  int64_t memory_bytes() const;
  /// Rows [from, from + count) of those in memory.
  data::Table read(int64_t from, int64_t count) const;
  /// Rows from `from` on, `count` at most, out of memory or from disk; none when there is no such row yet. kNotFound
  /// "Can't find the message with offset [n]" when the row is kept no more; what reading the file failed with.
  Result<data::Table> read_kept(int64_t from, int64_t count) const;

  /// Rows before that number are kept no more, and their keys may come again. Memory goes by whole chunks.
  void drop_before(int64_t row);

  /// Called after each append, outside of the table's lock, on the writer's thread; must be quick. The number ends it.
  int64_t listen(std::function<void()> on_rows);
  void unlisten(int64_t listener);

  /// The column whose values subscribers may ask for; empty: none.
  void set_filter_column(const std::string& name);
  std::string filter_column() const;

 private:
  class SeenKeys;
  data::Table without_known_keys(const data::Table& rows);
  Status store(const data::Table& rows);
  /// Rows of whole chunks before that number leave the memory. mutex_ is held.
  void drop_chunks(int64_t row);
  void trim_memory(size_t just_added);

  const data::Schema schema_;
  const std::vector<std::string> keys_;
  mutable std::mutex writing_;       // one writer at a time, also while it waits for the disk; before mutex_
  std::unique_ptr<StreamLog> log_;   // guarded by writing_
  io::FileSystem* files_ = nullptr;  // guarded by writing_; of log_
  int64_t memory_rows_max_ = 0;      // guarded by writing_; 0: no bound
  std::unique_ptr<SeenKeys> seen_;   // guarded by writing_; null without keys
  mutable std::mutex mutex_;
  std::vector<data::Table> chunks_;                     // guarded by mutex_; all but the last hold kChunkRows rows
  int64_t chunk_row_ = 0;                               // guarded by mutex_; number of the first chunk's first row
  int64_t first_row_ = 0;                               // guarded by mutex_; number of the oldest row that is kept
  int64_t rows_ = 0;                                    // guarded by mutex_; number of the next row
  std::string filter_column_;                           // guarded by mutex_
  std::mutex listeners_mutex_;                          // taken after mutex_ was released
  std::map<int64_t, std::function<void()>> listeners_;  // guarded by listeners_mutex_
  int64_t next_listener_ = 1;                           // guarded by listeners_mutex_
};

}  // namespace pelorus::stream
