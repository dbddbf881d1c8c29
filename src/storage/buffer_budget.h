#pragma once
// How many bytes of rows the node keeps in memory before they are in column files (OLAPCacheEngineSize).

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/error.h"

namespace pelorus::storage {

/// Thread-safe.
class BufferBudget {
 public:
  explicit BufferBudget(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  /// Waits for room; kOutOfMemory when none comes. One request larger than the whole budget passes when it is alone.
  Status reserve(uint64_t bytes, std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    const bool room = released_.wait_for(
        lock, wait, [&] { return used_ == 0 || (bytes <= bytes_max_ && used_ <= bytes_max_ - bytes); });
    if (!room) {
      return Error{ErrorCode::kOutOfMemory, "Out of memory: the write buffer is full and was not flushed in time: " +
                                                std::to_string(used_) + " of " + std::to_string(bytes_max_) +
                                                " bytes (OLAPCacheEngineSize), wanted " + std::to_string(bytes)};
    }
    used_ += bytes;
    return {};
  }
  /// Without a limit: rows found in the redo log.
  void take(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    used_ += bytes;
  }
  void release(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    CHECK(bytes <= used_);
    used_ -= bytes;
    released_.notify_all();
  }
  uint64_t used() const {
    const std::lock_guard lock(mutex_);
    return used_;
  }
  uint64_t bytes_max() const {
    const std::lock_guard lock(mutex_);
    return bytes_max_;
  }
  /// Requests that wait are judged anew.
  void set_bytes_max(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    bytes_max_ = bytes;
    released_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable released_;
  uint64_t bytes_max_;  // guarded by mutex_
  uint64_t used_ = 0;   // guarded by mutex_
};

}  // namespace pelorus::storage
