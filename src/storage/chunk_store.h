#pragma once
// The storage engine of one data node: chunks, their versions, and the node's part of a transaction.
// It knows files, not networks, tables' names or SQL. The theory is in README.md, the bytes in docs/formats.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "data/table.h"
#include "io/file_system.h"
#include "storage/chunk_snapshot.h"
#include "storage/compression.h"
#include "storage/sort_rule.h"
#include "storage/store_options.h"

namespace pelorus::storage {

/// "whatever is newest": as a base version, no condition; as a version to read, the last committed one.
inline constexpr Version kLatestVersion = UINT64_MAX;

enum class WriteKind : uint8_t {
  kAppend = 0,   // adds the rows at the end
  kReplace = 1,  // the rows become the whole content, under the given schema (update, delete, upsert, alter, truncate)
};

/// What one transaction does to one chunk. Rows of a sorted chunk may come in any order.
struct ChunkWrite {
  ChunkId chunk;
  WriteKind kind = WriteKind::kAppend;
  data::Schema schema;                    // of a storable type each; must equal the chunk's unless kReplace
  SortRule sort;                          // likewise
  Version base_version = kLatestVersion;  // refuse unless this is the chunk's version now
  data::Table rows;                       // columns by position, of exactly the schema's types; moved from
  Compressions compression;               // of the schema's columns; the newest write's counts for files to come
};

struct ChunkVersion {
  ChunkId chunk;
  Version version = 0;
};

/// A transaction whose prepare is durable here and whose outcome this node does not know. Ask the controllers.
struct InDoubt {
  TransactionId transaction;
  std::vector<ChunkId> chunks;
  std::vector<uint64_t> rows;    // of each chunk
  std::vector<uint64_t> bytes;   // in memory, of each chunk
  bool recovered = false;        // found in the redo log at open(); false: prepared since then
  int64_t prepared_wall_ns = 0;  // when, by this node's clock (of the replay when recovered)
};

struct ChunkInfo {
  ChunkId chunk;
  data::Schema schema;
  SortRule sort;
  Version version = 0;
  size_t rows = 0;            // as stored: those that KeepDuplicates hides may still be among them
  size_t rows_in_memory = 0;  // committed and not flushed
  uint64_t memory_bytes = 0;  // of these rows
  Version flushed_version = 0;
  int64_t written_wall_ns = 0;  // when its newest version was committed, by this node's clock; 0: before it started
  size_t segments = 0;
  uint64_t bytes_on_disk = 0;
  std::string volume;  // its path; empty before the first flush
  /// Committed here but not visible because an earlier version never came: the replica missed a transaction and must
  /// be copied from another.
  size_t versions_waiting = 0;
  /// Empty when well. Else what is damaged (file and place); reads of it and writes give kCorrupt until import_chunk
  /// replaces the content or the chunk is dropped.
  std::string damage;
};

/// A column file of a chunk.
struct FileInfo {
  std::string name;  // without its directory
  uint64_t rows = 0;
  uint64_t bytes = 0;
  uint64_t sort_keys = 0;  // of a sorted one
};

/// One sort key of one file of a sorted chunk.
struct SortKeyRows {
  std::string file;
  std::string key;  // its values with '_' between
  uint64_t rows = 0;
};

struct StoreStatus {
  uint64_t buffer_bytes = 0;  // rows in memory, prepared ones included
  uint64_t buffer_bytes_max = 0;
  uint64_t index_bytes = 0;      // of what reads have learnt of column files, when last looked at
  uint64_t index_bytes_max = 0;  // 0: no limit
  uint64_t log_bytes = 0;        // redo log files that are still needed
  size_t chunks = 0;
  size_t prepared = 0;  // transactions
  /// Empty when well. Else why writes are refused until the node is restarted (the redo log's disk failed).
  std::string log_failure;
  std::string background_failure;  // last failed flush or compaction; empty after the next good one
};

/// How rows travel that lie in column files: decoded, which every importer reads, or as the files are stored.
enum class CopyForm : uint8_t { kRows, kFiles };

/// Reads a chunk as messages for import. Made by ChunkStore::export_chunk; one thread.
class ChunkExport {
 public:
  virtual ~ChunkExport() = default;
  /// Adds the next message to `out`; each has its own checksum and is about 4 MiB at most unless a row is larger.
  /// False, and nothing is added, after the last. After an error `out` holds part of a message.
  virtual Result<bool> next(Bytes& out) = 0;
  virtual Version from_version() const = 0;  // 0: the whole chunk
  virtual Version to_version() const = 0;
};

/// Takes the messages of a ChunkExport in order. Destroying it before finish() leaves the chunk as it was. One thread.
class ChunkImport {
 public:
  virtual ~ChunkImport() = default;
  /// kCorrupt when the message fails its checksum or order; kStale when it continues a version this chunk is not at
  /// (ask for a whole export); kNoSpace, kIo. After an error the import cannot go on.
  virtual Status add(std::string_view message) = 0;
  /// Makes the content visible and durable. Returns the chunk's version: the exporter's, or a later one when commits
  /// that waited here could follow. kCorrupt when messages are missing.
  virtual Result<Version> finish() = 0;
};

/// Made once per data node by open(), used by many threads, lives as long as the node. A write goes
///   prepare (durable) → commit (visible) → flush (in column files, redo log shortened) → compact.
/// Prepare, commit and read run on the caller's thread; one background thread flushes and compacts.
class ChunkStore {
 public:
  /// Takes the directories, reads the manifests and replays the redo log. `files` and `clock` must outlive the store.
  /// Errors: kConflict when another process uses a directory; kInvalid when a directory belongs to another node or a
  /// known volume is missing; kCorrupt when the redo log is damaged before its end. A damaged chunk does not stop the
  /// open: it shows in chunks().
  static Result<std::unique_ptr<ChunkStore>> open(io::FileSystem& files, const Clock& clock, StoreOptions options);
  /// Whose directories these are: what open() wrote there when it first took them; nothing where it never did. Makes
  /// and locks nothing. kCorrupt for a damaged identity file.
  static Result<std::optional<NodeIdentity>> owner(io::FileSystem& files, const NodeDirectories& directories);
  virtual ~ChunkStore() = default;

  /// Makes the writes of one transaction durable, all or none; they stay invisible. One sync, shared with other
  /// transactions that wait. A chunk appears with its first prepare. A repeated call for the same transaction and
  /// chunks does nothing. Rows of a chunk may be prepared by several appends at once; a replace must be alone.
  /// Errors, nothing kept: kInvalid (rows do not fit the schema); kStale (base_version); kConflict (a replace meets
  /// another prepared write); kNoSpace naming the path; kOutOfMemory (no room in buffer_bytes_max in time); kCorrupt
  /// (damaged chunk); kIo (the log has failed and takes no more). After kIo the outcome after a restart is open: the
  /// transaction may be in doubt.
  virtual Status prepare(TransactionId transaction, std::span<ChunkWrite> writes) = 0;

  /// Makes prepared writes visible as the given versions. Chunks prepared but not named are rolled back (the decision
  /// left this replica out). A version is shown only after the one before it; until then it waits (ChunkInfo).
  /// Repeating is fine. The record is written but not waited for: a restart may find the transaction in doubt again.
  /// kNotFound when a version was neither prepared nor is already there: the replica is stale.
  virtual Status commit(TransactionId transaction, std::span<const ChunkVersion> versions) = 0;

  /// Everything committed or aborted before the call is durable when it returns: a restart will not find it in doubt.
  virtual Status sync() = 0;

  /// Forgets prepared writes. Unknown transactions are fine.
  virtual Status abort(TransactionId transaction) = 0;

  /// All prepared transactions without an outcome.
  virtual std::vector<InDoubt> in_doubt() const = 0;

  /// kNotFound: no such chunk; kStale: the version is not here yet, or is older than what is kept; kCorrupt: damaged.
  virtual Result<std::shared_ptr<const ChunkSnapshot>> snapshot(ChunkId chunk, Version version = kLatestVersion) = 0;

  /// Removes the chunk and its files for good, prepared writes included. Snapshots under way can go on reading.
  virtual Status drop(ChunkId chunk) = 0;

  virtual std::vector<ChunkInfo> chunks() const = 0;
  virtual Result<ChunkInfo> info(ChunkId chunk) const = 0;
  virtual StoreStatus status() const = 0;
  /// Its column files, oldest first. kNotFound; kCorrupt, kIo when a directory of keys cannot be read.
  virtual Result<std::vector<FileInfo>> files(ChunkId chunk) = 0;
  /// Of every file, keys in order. kInvalid for a chunk that is not sorted; else as files().
  virtual Result<std::vector<SortKeyRows>> sort_keys(ChunkId chunk) = 0;
  /// How many bytes of rows may wait in memory from now on; writes wait while there are more.
  virtual void set_buffer_bytes_max(uint64_t bytes) = 0;

  /// Reads the chunk from after `from_version` up to now; the whole chunk when from_version is 0 or its rows are no
  /// longer the first rows of the present content. kStale when this replica is older than from_version. `form` is of a
  /// whole chunk only.
  virtual Result<std::unique_ptr<ChunkExport>> export_chunk(ChunkId chunk, Version from_version,
                                                            CopyForm form = CopyForm::kRows) = 0;
  /// Writes of other transactions to the chunk may go on meanwhile; kConflict while another import of it runs.
  virtual Result<std::unique_ptr<ChunkImport>> import_chunk(ChunkId chunk) = 0;
  virtual Result<ContentHash> content_hash(ChunkId chunk, Version version = kLatestVersion) = 0;

  /// Reads every stored block of the chunk; kCorrupt naming the first damaged one, which info() then shows too.
  virtual Status verify(ChunkId chunk) = 0;

  /// Writes committed rows of one chunk, or of all, to column files and shortens the redo log.
  virtual Status flush(ChunkId chunk) = 0;
  /// kCancelled once begin_stop() was called; kConflict is not told: a chunk being copied is flushed when that ends.
  virtual Status flush_all() = 0;
  /// The chunks with most rows in memory, for about so long; what is left the redo log keeps.
  virtual Status flush_for(std::chrono::nanoseconds time) = 0;
  /// Forgets what reads have learnt and may learn again, and has committed rows written to column files soon when they
  /// take more than a sixteenth of the write buffer. For when memory is short; a store does it by itself too
  /// (base/yielding). Snapshots stay valid.
  virtual void let_go() = 0;
  /// Merges all small neighbouring segments of the chunk now.
  virtual Status compact(ChunkId chunk) = 0;

  /// Paths of the node's volumes, in the order of the settings.
  virtual std::vector<std::string> volumes() const = 0;
  /// One more volume, an absolute path, for chunks to come and to be moved to. The directory is made when missing.
  /// From here on the node does not start without it: its path has to be in the settings. kAlreadyExists: it is a
  /// volume; kInvalid: it is another node's or holds chunks; kConflict: another process uses it; kDenied, kNoSpace,
  /// kIo.
  virtual Status add_volume(const std::string& path) = 0;
  /// Brings a chunk to another volume of the node; nothing to do when it is there, or nothing of it is on disk. Reads
  /// and writes go on meanwhile. After a crash at any moment the chunk is in one place, whole. kInvalid: no such
  /// volume; kNotFound, kCorrupt (a block fails its checksum), kConflict (being imported, dropped or replaced),
  /// kNoSpace, kIo: it stays where it is. Cost: reads its files twice and writes them once.
  virtual Status move(ChunkId chunk, const std::string& volume) = 0;

  /// The node is about to end: flush_all() returns after the chunks it has begun, instead of keeping it waiting.
  virtual void begin_stop() = 0;
  /// Refuses new writes, ends the background thread, writes and syncs what the log still holds back. Does not flush:
  /// the next open replays. Reading goes on. May be called again.
  virtual Status stop() = 0;
};

}  // namespace pelorus::storage
