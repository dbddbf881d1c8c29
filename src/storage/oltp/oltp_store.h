#pragma once
// IMOLTP: tables in memory whose changes are in a redo log before they are seen; a checkpoint keeps the log short.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "data/oltp_databases.h"
#include "data/row_index.h"
#include "data/table_transaction.h"
#include "io/file_system.h"
#include "storage/log/write_ahead_log.h"
#include "storage/oltp/oltp_records.h"

namespace pelorus::storage {

struct OltpOptions {
  std::string directory;                     // of this store alone: the log and the checkpoint
  bool sync = true;                          // false: a power cut may take the last transactions
  bool checkpoints = true;                   // false: only when forced
  uint64_t checkpoint_bytes = 100ull << 20;  // made when the log has grown by so much
  uint64_t log_file_bytes = 64ull << 20;
  std::chrono::milliseconds wait_max{10000};  // for another transaction to end
};

/// Transactions run one after another; reads see what is committed, those of a transaction its own changes.
/// Thread-safe. Must outlive its tables.
class OltpStore final : public data::OltpDatabases {
 public:
  /// kCorrupt naming the file when what is on disk is damaged; kConflict when another process has it open.
  static Result<std::unique_ptr<OltpStore>> open(io::FileSystem& files, OltpOptions options);
  ~OltpStore() override;

  bool has_database(const std::string& path) const override;
  std::vector<std::string> databases() const override;
  Status create_database(const std::string& path) override;
  Status drop_database(const std::string& path) override;
  std::vector<std::string> tables(const std::string& path) const override;
  Result<data::TableRef> table(const std::string& path, const std::string& name) const override;
  Result<data::TableRef> create_table(const std::string& path, const data::OltpTableTerms& terms) override;
  Status drop_table(const std::string& path, const std::string& name) override;
  Status checkpoint(bool force, bool wait) override;

  // Of a table by its id, for the values scripts hold. kNotFound once it was dropped; kConflict when another
  // transaction does not end in time.
  Result<data::OltpTableTerms> terms(uint64_t table) const;
  Result<data::Table> rows(uint64_t table) const;
  Result<int64_t> append(uint64_t table, const data::Table& rows);
  Status edit(uint64_t table, const std::function<Status(data::Table&)>& change);

 private:
  class Part;
  using UniqueIndexes = std::vector<std::optional<data::RowIndex>>;  // of the primary key, then of unique ones

  OltpStore(io::FileSystem& files, OltpOptions options) : files_(files), options_(std::move(options)) {}
  Status recover();
  Status replay(const LoggedRecord& record, std::string_view payload);
  /// The running transaction's part, or one of its own for a single change.
  Result<Part*> part_of_thread(std::unique_ptr<Part>* own);
  Status define(const std::function<Status(OltpChange&)>& describe);
  Status log(const std::vector<OltpChange>& changes);
  void publish(const std::vector<OltpChange>& changes, std::map<uint64_t, data::Table>& working);
  Status write_checkpoint();
  bool wants_checkpoint() const;
  void keep_checkpointing();
  std::vector<std::vector<std::string>> unique_keys(const OltpTableImage& table) const;
  Status check_new_rows(const OltpTableImage& table, const data::Table& before, const data::Table& added);
  Result<OltpTableImage> image_of(uint64_t table) const;
  const OltpTableImage* find(const std::string& path, const std::string& name) const;
  std::string checkpoint_path() const { return io::join_path(options_.directory, "checkpoint"); }

  io::FileSystem& files_;
  const OltpOptions options_;
  std::unique_ptr<io::FileLock> lock_;
  std::unique_ptr<WriteAheadLog> log_;

  std::timed_mutex writing_;                            // held by the transaction that changes something
  std::unordered_map<uint64_t, UniqueIndexes> unique_;  // guarded by writing_: of the rows as the transaction sees them

  mutable std::mutex mutex_;
  OltpImage image_;            // guarded by mutex_; what is committed
  LogPin pin_;                 // guarded by mutex_; of the first record behind the checkpoint
  uint64_t logged_bytes_ = 0;  // guarded by mutex_; since the checkpoint

  std::mutex checkpointing_;  // one checkpoint at a time
  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool wanted_ = false, stopping_ = false;  // guarded by wake_mutex_
  std::thread background_;
};

}  // namespace pelorus::storage
