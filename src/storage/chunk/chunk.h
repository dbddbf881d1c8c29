#pragma once
// One chunk on this node: its versions, the writes prepared for it, and its files.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "storage/buffer_budget.h"
#include "storage/chunk/chunk_state.h"
#include "storage/chunk/dictionaries.h"
#include "storage/chunk/manifest.h"
#include "storage/chunk_store.h"
#include "storage/log/write_ahead_log.h"

namespace pelorus::storage {

/// One chunk's share of a prepared transaction. SYMBOL columns hold bases of their own.
struct PreparedWrite {
  ChunkId chunk;
  WriteKind kind = WriteKind::kAppend;
  data::Schema schema;
  SortRule sort;
  data::Table rows;    // in its order
  uint64_t bytes = 0;  // reserved in the budget
  LogPin pin;          // of its redo log record
  Compressions compression;
};

/// What all chunks of a node share.
struct ChunkContext {
  io::FileSystem& files;
  const Clock& clock;
  const StoreOptions& options;
  BufferBudget& budget;
};

/// Thread-safe. Three kinds of callers, none of which waits for another's file work:
///   readers  take the published state under publish_mutex_, which is only ever held to swap pointers;
///   writers  change it under writer_mutex_, then publish_mutex_; memory work only;
///   upkeep   (flush, compact, import, drop) does the file work, one at a time, by holding the chunk's turn.
class Chunk {
 public:
  /// Nothing on disk yet. Redo log records up to `log_floor` do not concern it.
  Chunk(ChunkContext context, ChunkId id, uint64_t log_floor);
  /// As its manifest says.
  Chunk(ChunkContext context, std::string volume, std::string directory, const Manifest& manifest);
  /// With a manifest that cannot be read.
  Chunk(ChunkContext context, ChunkId id, std::string volume, std::string directory, std::string damage);
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  ChunkId id() const { return id_; }

  // Writers.
  /// Asks whether the write may be prepared, and notes that it is. base_version as in ChunkWrite.
  Status register_write(const PreparedWrite& write, Version base_version);
  void unregister_write(const PreparedWrite& write);
  /// Makes a registered write visible as `version`, now or when the versions before it came. Takes over its share of
  /// the budget. A version that is there already is left alone.
  void apply(PreparedWrite write, Version version);
  /// True when `version` is visible or waits.
  bool has(Version version) const;
  /// Reads dictionaries from disk if that was not done. Needed before apply().
  Status load_dictionaries();

  // Readers.
  Result<std::shared_ptr<const ChunkSnapshot>> snapshot(Version version) const;
  ChunkInfo info() const;
  /// Empty: it has no files yet.
  std::string volume() const;
  Result<std::vector<FileInfo>> files() const;
  Result<std::vector<SortKeyRows>> sort_keys() const;
  struct ExportView {
    std::shared_ptr<const ChunkSnapshot> snapshot;
    Version from_version = 0;  // 0: the snapshot is the whole content
    size_t rows_before = 0;    // of the snapshot, that belong to from_version or lie in `files`
    Compressions compression;
    std::vector<std::shared_ptr<const Segment>> files;  // that hold the first rows; empty with CopyForm::kRows
  };
  Result<ExportView> export_view(Version from_version, CopyForm form) const;
  uint64_t log_floor() const;
  uint64_t memory_bytes() const;
  /// The oldest redo log file it needs; null when none.
  LogPin oldest_pin() const;
  bool is_empty_and_unused() const;
  /// True when a flush would write anything.
  bool needs_flush() const;
  bool wants_compaction() const;
  /// Forgets what reads have learnt and may learn again.
  void let_go() const;
  /// Of what let_go() forgets of its files, about.
  uint64_t learnt_bytes() const;
  /// When a snapshot was last asked for; the least there is: never.
  std::chrono::steady_clock::time_point last_read() const { return last_read_; }

  // Upkeep. kConflict while an import runs.
  Status flush(const std::string& volume_for_new);
  /// The same for the holder of the turn.
  Status flush_in_turn(const std::string& volume_for_new);
  /// `all`: merges every run of small segments; else only when there are too many.
  Status compact(bool all);
  /// Reads all stored blocks and the manifest; damage then shows in info().
  Status verify();
  /// To another volume of the node. At every moment exactly one of the two places is the chunk, after a crash too.
  /// Writes may go on; snapshots under way keep the old files. kCorrupt when a block fails its checksum; kConflict when
  /// the content is replaced too often, or while an import runs; kNoSpace, kIo: it stays where it is.
  Status move(const std::string& volume);
  /// Refuses writes for good and calls log_it; when that fails the chunk stays.
  Status drop(const std::function<Status()>& log_it);
  /// After drop(); snapshots under way keep their files until they are done.
  Status remove_files();
  /// Forgets old generations past their time and removes files only they needed.
  void prune();

  /// Held by whoever does file work on the chunk.
  class Turn {
   public:
    explicit Turn(Chunk& chunk) : chunk_(chunk) {}
    ~Turn() { chunk_.end_turn(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Chunk& chunk_;
  };
  /// Waits for other upkeep; kConflict when that is an import.
  Result<std::unique_ptr<Turn>> take_turn(bool for_import = false);

  // Import; the caller holds the turn.
  struct ImportTarget {
    Version version = 0;
    uint64_t generation = 0;
    std::shared_ptr<ChunkDictionaries> dictionaries;
    data::Schema schema;
    SortRule sort;
    bool damaged = false;
  };
  ImportTarget import_target() const;
  Status prepare_directory(const std::string& volume_for_new);
  std::string next_segment_path(uint64_t* file_number);
  struct Imported {
    bool whole = true;  // replaces everything; else continues `from_version`
    Version from_version = 0;
    Version to_version = 0;
    uint64_t generation = 0;  // of the content it continues
    uint64_t log_floor = 0;   // with `whole`: commits logged before do not concern the chunk any more
    data::Schema schema;
    SortRule sort;
    std::shared_ptr<ChunkDictionaries> dictionaries;
    std::vector<uint32_t> dictionary_sizes;  // texts that are in segments
    std::vector<SegmentFacts> segments;
    Compressions compression;
  };
  /// Makes it visible, then what waited for it. Durable with the flush_in_turn() that must follow.
  Status install(Imported imported);

 private:
  void note_damage(const std::string& damage);
  struct OldGeneration {
    std::shared_ptr<const ChunkState> state;
    std::shared_ptr<ChunkDictionaries> dictionaries;
    int64_t replaced_wall_ns = 0;
    bool rewritten = false;  // the same rows lie elsewhere now: kept for readers on their way only
  };
  struct Published {  // one moment of the chunk, for upkeep to work on
    std::shared_ptr<const ChunkState> state;
    std::shared_ptr<ChunkDictionaries> dictionaries;
    Version version = 0;
    uint64_t generation = 0;             // the manifest's once it is stored
    std::vector<VersionEntry> versions;  // of this generation
    std::vector<uint32_t> dictionary_sizes;
    Compressions compression;
  };

  void end_turn();
  /// A version's rows: the first `rows` of a state, or all of a sorted one.
  struct Held {
    std::shared_ptr<const ChunkState> state;
    std::shared_ptr<ChunkDictionaries> dictionaries;
    Version version = 0;
    size_t rows = 0;
  };
  Result<Held> hold_locked(Version version) const;
  std::shared_ptr<const ChunkSnapshot> snapshot_of(const Held& held) const;
  // writer_mutex_ held.
  void apply_next(PreparedWrite write);
  void append_block(const PreparedWrite& write);
  void replace_content(const PreparedWrite& write);
  std::shared_ptr<MemoryBlock> to_block(const PreparedWrite& write, ChunkDictionaries& dictionaries) const;
  std::vector<Part> merged_tail(std::vector<Part> parts) const;
  size_t mergeable_tail(const std::vector<Part>& parts) const;
  std::shared_ptr<MemoryBlock> merged(std::span<const Part> tail) const;
  void add_version(Version version, size_t rows);
  void prune_locked();
  Published freeze();
  void begin_generation(const Published& moment, std::vector<Part> parts);
  // Turn held.
  Status save_manifest(const Published& moment, const std::vector<std::shared_ptr<const Segment>>& segments);
  Result<std::shared_ptr<const Segment>> write_rows(const Published& moment, const std::vector<RowRange>& stored,
                                                    std::vector<SegmentPlan::NewTexts> texts);
  Result<std::shared_ptr<const Segment>> write_memory_rows(const Published& moment);
  void publish_flush(const Published& moment, std::shared_ptr<const Segment> added);
  void unfreeze();
  Published stored_moment() const;
  Status merge_segments(const Published& moment, size_t first, size_t count);
  Status remove_directory(const std::string& directory);
  Status check_movable() const;
  Status copy_files(const std::string& target) const;
  Status give_up_arrival(const std::string& target, const Status& why);
  void switch_to(const std::string& volume, const std::string& target);
  void bury(const std::string& source);

  const ChunkContext context_;
  const ChunkId id_;

  mutable std::atomic<std::chrono::steady_clock::time_point> last_read_{std::chrono::steady_clock::time_point::min()};

  std::mutex turn_mutex_;
  std::condition_variable turn_ended_;
  bool busy_ = false;       // guarded by turn_mutex_
  bool importing_ = false;  // guarded by turn_mutex_

  // Of the turn.
  std::vector<std::shared_ptr<const Segment>> on_disk_;  // segments the manifest names
  uint64_t next_file_ = 1;
  uint64_t manifest_generation_ = 0;  // 0: there is no manifest
  std::string left_behind_;           // where it has moved from, with a manifest that still speaks; empty as a rule

  mutable std::mutex writer_mutex_;               // before publish_mutex_
  std::map<Version, PreparedWrite> waiting_;      // guarded by writer_mutex_
  std::vector<std::pair<Version, LogPin>> pins_;  // guarded by writer_mutex_; not flushed yet, versions ascending
  size_t prepared_appends_ = 0;                   // guarded by writer_mutex_
  size_t prepared_replaces_ = 0;                  // guarded by writer_mutex_
  uint64_t last_generation_ = 1;                  // guarded by writer_mutex_; the highest given out
  size_t frozen_parts_ = 0;   // guarded by writer_mutex_; parts a flush is writing: not to be merged
  Compressions compression_;  // guarded by writer_mutex_; of the newest write
  bool dropping_ = false;     // guarded by writer_mutex_; refuses writes
  bool dropped_ = false;      // guarded by writer_mutex_; nothing comes after

  mutable std::mutex publish_mutex_;
  // Guarded by publish_mutex_; written only with writer_mutex_ held too.
  std::shared_ptr<const ChunkState> state_;
  std::shared_ptr<ChunkDictionaries> dictionaries_;
  Version version_ = 0;
  Version flushed_version_ = 0;
  int64_t written_wall_ns_ = 0;  // when version_ was added; 0: before the node started
  uint64_t log_floor_ = 0;
  // Vectors: an empty deque takes 576 bytes, and a node has tens of thousands of chunks.
  std::vector<VersionEntry> versions_;
  std::vector<OldGeneration> old_generations_;  // oldest first
  std::vector<OldGeneration> forgotten_;        // for prune() to let go
  std::string volume_;
  std::string directory_;
  std::string damage_;
};

}  // namespace pelorus::storage
