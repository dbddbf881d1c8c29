#pragma once
// How fast replicas may be copied to this node, all copies together.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace pelorus::datanode {

/// Thread-safe.
class CopyThrottle {
 public:
  /// 0: none. Holds at once, also for those that wait.
  void set(uint64_t bytes_per_second) {
    const std::lock_guard lock(mutex_);
    if (rate_ == bytes_per_second) return;
    rate_ = bytes_per_second;
    free_at_ = {};
    changed_.notify_all();
  }
  /// After `bytes` came: waits until the next may be asked for.
  void pay(uint64_t bytes) {
    std::unique_lock lock(mutex_);
    if (rate_ == 0 || stopping_) return;
    const auto cost = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(rate_)));
    free_at_ = std::max(free_at_, Clock::now()) + cost;
    const auto until = free_at_;
    const auto rate = rate_;
    changed_.wait_until(lock, until, [&] { return stopping_ || rate_ != rate; });
  }
  /// Nobody waits any more.
  void stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t rate_ = 0;            // guarded by mutex_, as all below; bytes a second
  Clock::time_point free_at_{};  // what was paid for is over then
  bool stopping_ = false;
};

}  // namespace pelorus::datanode
