#pragma once
// ChunkStore over files. Private to the folder: others use chunk_store.h.

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "base/yielding.h"
#include "storage/buffer_budget.h"
#include "storage/chunk/chunk.h"
#include "storage/chunk/move_marks.h"
#include "storage/chunk_store.h"
#include "storage/identity_file.h"
#include "storage/log/write_ahead_log.h"
#include "storage/transaction_record.h"

namespace pelorus::storage {

/// Order of mutexes: outcome_mutex_, mutex_, then a chunk's. None is held during file work.
class NodeStore final : public ChunkStore {
 public:
  NodeStore(io::FileSystem& files, const Clock& clock, StoreOptions options);
  ~NodeStore() override;
  /// Once, before anything else.
  Status start();

  Status prepare(TransactionId transaction, std::span<ChunkWrite> writes) override;
  Status commit(TransactionId transaction, std::span<const ChunkVersion> versions) override;
  Status abort(TransactionId transaction) override;
  std::vector<InDoubt> in_doubt() const override;
  Result<std::shared_ptr<const ChunkSnapshot>> snapshot(ChunkId chunk, Version version) override;
  Status drop(ChunkId chunk) override;
  std::vector<ChunkInfo> chunks() const override;
  Result<ChunkInfo> info(ChunkId chunk) const override;
  StoreStatus status() const override;
  Result<std::unique_ptr<ChunkExport>> export_chunk(ChunkId chunk, Version from_version, CopyForm form) override;
  Result<std::unique_ptr<ChunkImport>> import_chunk(ChunkId chunk) override;
  Result<ContentHash> content_hash(ChunkId chunk, Version version) override;
  Status verify(ChunkId chunk) override;
  Status flush(ChunkId chunk) override;
  Status flush_all() override;
  Status flush_for(std::chrono::nanoseconds time) override;
  void let_go() override;
  Status compact(ChunkId chunk) override;
  std::vector<std::string> volumes() const override;
  Status add_volume(const std::string& path) override;
  Status move(ChunkId chunk, const std::string& volume) override;
  Result<std::vector<FileInfo>> files(ChunkId chunk) override;
  Result<std::vector<SortKeyRows>> sort_keys(ChunkId chunk) override;
  void set_buffer_bytes_max(uint64_t bytes) override;
  Status sync() override { return log_->flush_pending(); }
  void begin_stop() override { ending_ = true; }
  Status stop() override;

 private:
  friend class ReplicaImport;
  using ChunkRef = std::shared_ptr<Chunk>;
  struct Transaction {
    std::vector<PreparedWrite> writes;
    bool recovered = false;
    int64_t prepared_wall_ns = 0;
  };

  // Opening.
  Status lock_directories();
  Status load_chunks(const std::vector<ChunkDirectory>& directories);
  Status open_log();
  Status set_log_aside(const Error& damage);
  Result<ChunkRef> load_chunk(const ChunkDirectory& found);
  Status remove_dropped(const std::string& directory);
  Status replay(const LoggedRecord& record, RecordType type, std::string_view payload);
  Status replay_prepare(const LoggedRecord& record, std::string_view payload);
  void replay_commit(const LoggedRecord& record, const CommitRecord& commit);
  Status replay_drop(const LoggedRecord& record, ChunkId chunk);
  Status flush_for_room();

  Result<ChunkRef> find(ChunkId chunk) const;
  ChunkRef find_or_make(ChunkId chunk, uint64_t log_floor);
  void forget_if_unused(const ChunkRef& chunk);
  std::vector<ChunkRef> all() const;
  Result<std::vector<PreparedWrite>> check_writes(std::span<ChunkWrite> writes) const;
  bool is_prepared(TransactionId transaction, std::span<const ChunkWrite> writes, Status& outcome) const;
  Status register_writes(std::span<const PreparedWrite> writes, std::span<const ChunkWrite> asked);
  void give_up(std::span<const PreparedWrite> writes);
  Error no_room(const Error& full) const;
  bool take_out(TransactionId transaction, Transaction& taken);
  Status apply_versions(Transaction& taken, std::span<const ChunkVersion> versions, uint64_t sequence);
  void remove_prepared(ChunkId chunk);
  using VolumeCounts = std::map<std::string, size_t>;  // chunks on each volume
  VolumeCounts count_chunks() const;
  std::string volume_for_new(VolumeCounts& counts) const;
  std::string volume_for_new() const;
  Status flush_chunk(const ChunkRef& chunk, const std::function<std::string()>& volume_for_new);
  enum class AfterFailure : uint8_t { kStop, kGoOn };
  Status flush_chunks(const std::vector<ChunkRef>& chunks, AfterFailure after_failure,
                      const std::function<bool()>& enough);

  // Background.
  void run_background();
  Status do_upkeep();
  Status shorten_log();
  void bound_indexes();
  Status flush_largest(const std::function<bool()>& enough);

  io::FileSystem& files_;
  const Clock& clock_;
  const StoreOptions options_;
  BufferBudget budget_;
  const ChunkContext context_;
  std::vector<std::unique_ptr<io::FileLock>> locks_;  // guarded by adding_mutex_ once it is open
  std::mutex adding_mutex_;                           // one volume after another; before mutex_
  std::unique_ptr<WriteAheadLog> log_;

  /// Commits, aborts and drops happen one after another. They work in memory only, but for a drop, which logs while
  /// its chunk refuses writes and no outcome of it can come.
  std::mutex outcome_mutex_;

  mutable std::mutex mutex_;
  std::vector<OpenedVolume> volumes_;                  // guarded by mutex_; only grows
  std::unordered_map<ChunkId, ChunkRef> chunks_;       // guarded by mutex_
  std::map<TransactionId, Transaction> transactions_;  // guarded by mutex_
  Status background_failure_;                          // guarded by mutex_; of the last upkeep
  bool stopping_ = false;                              // guarded by mutex_
  std::atomic<bool> ending_ = false;                   // begin_stop() was called
  std::atomic<bool> flush_wanted_ = false;             // everything, at the next upkeep
  std::atomic<uint64_t> index_bytes_ = 0;              // when last looked at
  size_t rounds_ = 0;                                  // of upkeep, on its thread
  std::condition_variable wake_;
  std::thread background_;
  std::optional<memory::Yielding> yielding_;  // once it is open
};

}  // namespace pelorus::storage
