#pragma once
// Where a data node keeps its chunks, and the limits of the engine.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace pelorus::storage {

/// Written into every directory at its first use and compared at every start, so that a node never takes another
/// node's data for its own.
struct NodeIdentity {
  Uuid node;
  std::string alias;
  Uuid cluster;
};

/// Absolute paths; made when missing. Volumes carry an id of their own and may be moved to another path.
struct NodeDirectories {
  std::string redo_log;              // redoLogDir
  std::string metadata;              // chunkMetaDir: which volumes this node has
  std::vector<std::string> volumes;  // volumes: the chunks
};

struct StoreOptions {
  NodeIdentity identity;
  NodeDirectories directories;

  bool sync = true;                        // dataSync: false trusts the operating system's cache
  uint64_t buffer_bytes_max = 1ull << 30;  // OLAPCacheEngineSize: rows in memory; a prepare beyond it waits
  double flush_share = 0.3;                // of buffer_bytes_max, at which flushing begins
  /// TSDBLevelFileIndexCacheSize: footers, key directories and zones of column files that reads have learnt. Looked at
  /// every few seconds: beyond it those of the chunks go that were not read for longest. 0: no limit.
  uint64_t index_bytes_max = 0;
  std::chrono::milliseconds buffer_wait{10000};   // how long a prepare waits for room; then kOutOfMemory
  uint64_t log_segment_bytes = 64ull << 20;       // size of one redo log file
  uint64_t log_bytes_max = 4ull << 30;            // redoLogPurgeLimit: beyond it chunks are flushed to shorten the log
  size_t block_rows = 65536;                      // rows of one column block; 2..2^20
  size_t segments_max = 8;                        // more than so many in a chunk: small neighbours are merged
  size_t segment_rows_max = 4u << 20;             // compaction makes no segment larger than this
  size_t versions_kept_max = 4096;                // row counts of old versions a snapshot may still ask for
  size_t generations_kept_max = 5;                // contents before a replace (update, delete) kept for such snapshots
  std::chrono::minutes generation_retention{60};  // oldChunkVersionRetentionTime: and for at most so long
  std::function<uint32_t()> column_format = [] { return 3u; };  // newest format of column files that may be written
  /// A redo log that is damaged before its end is set aside, and the store opens with what is in column files. Only
  /// where the chunks have other replicas and somebody compares versions: what the log held is to be copied from them.
  bool may_lose_log = false;
  /// Chunks that are flushed, or whose directories are read at the start, at a time. What each of them waits for, the
  /// file system's journal, is then shared.
  size_t chunks_at_once = 1;
  bool background = true;                            // false: nothing is flushed or compacted unless called for (tests)
  std::chrono::milliseconds background_period{200};  // how often the background thread looks
};

}  // namespace pelorus::storage
