#pragma once
// Looks for damage in what this node has stored, and has it mended: reads every chunk's files again and again, slowly,
// and hears of damage that readers met.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "storage/chunk_store.h"

namespace pelorus::datanode {

struct ScrubTerms {
  std::chrono::milliseconds round{0};  // every chunk is read once in so long (chunkScrubInterval); 0: never
  uint64_t bytes_per_second = 0;       // and no faster (chunkScrubThrottle); 0: no limit
};

/// Thread-safe. Own thread between start() and stop(): the round. Damage found is told once, until it is another one;
/// the controllers then order a copy from a good replica.
class Scrubber {
 public:
  Scrubber(storage::ChunkStore& store, ScrubTerms terms) : store_(store), terms_(terms) {}
  ~Scrubber();  // stop()

  /// `damaged`: this node's report of its chunks has changed for the worse; called on any thread, must not block.
  void start(std::function<void()> damaged);
  void stop();

  /// Reads all stored blocks of the chunk. kCorrupt names file and place, and is told; kNotFound: no such chunk.
  Status verify(ChunkId chunk);
  /// A reader met `error` in the chunk. Anything but damage is ignored.
  void suspect(ChunkId chunk, const Error& error);

 private:
  void run();
  std::optional<ChunkId> next_after(ChunkId chunk, size_t* count) const;
  std::chrono::milliseconds pause_after(ChunkId chunk, size_t count) const;

  storage::ChunkStore& store_;
  const ScrubTerms terms_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::function<void()> damaged_;         // guarded by mutex_
  std::map<ChunkId, std::string> known_;  // guarded by mutex_; damage told
  bool stopping_ = false;                 // guarded by mutex_
  std::thread thread_;
};

}  // namespace pelorus::datanode
