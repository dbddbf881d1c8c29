#pragma once
// Chunks that writers, recoveries or changes of the catalogue were refused because another node's transaction held
// them, and ask for again and again. Volatile: known to the leader that refused them.

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/ids.h"

namespace pelorus::controller {

/// Thread-safe.
class AwaitedChunks {
 public:
  /// Those who were refused ask again within this time.
  static constexpr std::chrono::milliseconds kAsksAgain{500};

  explicit AwaitedChunks(const Clock& clock) : clock_(clock) {}

  /// `coordinator`: empty for a change of the catalogue, which is another node's to all.
  void refused(ChunkId chunk, const std::string& coordinator);
  /// Whether another node than `coordinator` waits for the chunk. Cost: logarithmic in the chunks awaited.
  bool by_another(ChunkId chunk, const std::string& coordinator) const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Asker {
    std::string coordinator;
    Time last;
  };

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<ChunkId, Asker> askers_;  // guarded by mutex_; the last of each chunk
  Time swept_{};                     // guarded by mutex_
};

}  // namespace pelorus::controller
