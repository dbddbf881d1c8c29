#pragma once
// Time as an argument: production takes SystemClock, tests bring ManualClock.

#include <chrono>
#include <cstdint>

namespace pelorus {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Never goes back; for timeouts and durations.
  virtual std::chrono::steady_clock::time_point now() const = 0;
  /// Nanoseconds since 1970-01-01 UTC; may jump.
  virtual int64_t wall_ns() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() const override { return std::chrono::steady_clock::now(); }
  int64_t wall_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

/// Stands still until told to move. Not thread-safe.
class ManualClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() const override { return now_; }
  int64_t wall_ns() const override { return wall_ns_; }
  void advance(std::chrono::nanoseconds by) {
    now_ += by;
    wall_ns_ += by.count();
  }

 private:
  std::chrono::steady_clock::time_point now_{};
  int64_t wall_ns_ = 0;
};

}  // namespace pelorus
