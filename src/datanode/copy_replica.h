#pragma once
// A chunk's rows from another node: the exporting side's open exports, and the importing side's loop.

#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <string>

#include "base/semaphore.h"
#include "base/thread_pool.h"
#include "datanode/copy_throttle.h"
#include "datanode/scrub.h"
#include "dist/catalogue.h"
#include "rpc/caller.h"
#include "rpc/methods.h"
#include "storage/chunk_store.h"

namespace pelorus::datanode {

inline constexpr size_t kExportsMax = 64;                  // open at once; beyond: kLimit
inline constexpr std::chrono::seconds kExportIdleMax{60};  // an importer that went away

inline constexpr size_t kExportsReadAhead = 8;  // more open ones are read when they are asked for

/// Answers data.export_open and data.export_next. A node copies a chunk once at a time: what it had open of it ends
/// when it opens it again. Nothing stays open for a node that lacks nothing. While an answer travels the next one is
/// put together. Thread-safe.
class ExportDesk {
 public:
  ExportDesk(storage::ChunkStore& store, Scrubber& scrubber) : store_(store), scrubber_(scrubber) {}
  void register_methods(rpc::Methods& methods);

 private:
  struct Reply {
    Bytes bytes;
    bool ended = false;
  };
  struct Open {
    ChunkId chunk;
    std::string importer;
    std::unique_ptr<storage::ChunkExport> content;  // of who makes a reply: one at a time
    std::chrono::steady_clock::time_point used;
    std::future<Result<Reply>> ahead = {};  // the reply to the next request, if that is under way already
  };
  Result<Bytes> open(const std::string& importer, std::string_view payload);
  Result<Bytes> next(std::string_view payload);
  static Result<Reply> read(Open& open, size_t bytes_wanted);
  void read_ahead(const std::shared_ptr<Open>& open, size_t bytes_wanted);

  storage::ChunkStore& store_;
  Scrubber& scrubber_;  // is told of damage that a copy meets
  std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<Open>> exports_;  // guarded by mutex_
  uint64_t last_ = 0;                                  // guarded by mutex_
  ThreadPool readers_{{.name = "export", .threads_max = 2}};
};

/// Brings this node's replica of a chunk up to the present and has the controllers count it as good again.
class ReplicaCopier {
 public:
  /// `transfers`: chunks whose bytes come at once. A chunk that has come whole no longer counts: while it is synced and
  /// the controllers are told, the next one comes.
  ReplicaCopier(storage::ChunkStore& store, rpc::Caller& caller, dist::Catalogue& catalogue, std::string self,
                std::function<uint64_t()> epoch, size_t transfers)
      : store_(store),
        caller_(caller),
        catalogue_(catalogue),
        self_(std::move(self)),
        epoch_(std::move(epoch)),
        transfers_(transfers) {}

  /// Copies from one of `sources` while writes go on, then holds the chunk still for the rest. Returns the version
  /// reached. Given up by the thread's CancellationScope.
  Result<Version> recover(ChunkId chunk, const std::vector<std::string>& sources);
  /// Copying waits for it, except for the rest that writers wait for.
  CopyThrottle& throttle() { return throttle_; }
  /// Copies wait no longer for the throttle or for a transfer to end; those that have not begun fail with kUnavailable.
  void stop() {
    throttle_.stop();
    transfers_.close();
  }

 private:
  enum class Pace : uint8_t { kThrottled, kFull };
  Result<Version> copy(ChunkId chunk, const std::vector<std::string>& sources, Pace pace);
  Result<Version> copy_from(ChunkId chunk, const std::string& source, Pace pace);
  /// One message of an open export at a time.
  std::future<Result<Bytes>> ask_next(const std::string& source, uint64_t id);

  storage::ChunkStore& store_;
  rpc::Caller& caller_;
  dist::Catalogue& catalogue_;
  const std::string self_;
  const std::function<uint64_t()> epoch_;
  CopyThrottle throttle_;
  Semaphore transfers_;
};

}  // namespace pelorus::datanode
