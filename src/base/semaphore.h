#pragma once
// Places that threads take and give back.

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace pelorus {

/// In place of the standard library's, whose acquire() in libstdc++ 12 may sleep for ever while a place is free: it
/// reads how many are free, finds the last one gone, and then sleeps unless the number has changed, which it has not
/// when the place was given back meanwhile. Thread-safe.
class Semaphore {
 public:
  explicit Semaphore(size_t free) : free_(free) {}

  /// Waits for a free place and takes it. False, with none taken, once closed.
  bool acquire() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || free_ > 0; });
    if (closed_) return false;
    --free_;
    return true;
  }
  void release(size_t places = 1) {
    const std::lock_guard lock(mutex_);
    free_ += places;
    for (size_t i = 0; i < places; ++i) changed_.notify_one();
  }
  /// Nobody waits any more.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t free_;          // guarded by mutex_
  bool closed_ = false;  // guarded by mutex_
};

}  // namespace pelorus
