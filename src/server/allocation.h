#pragma once
// The program's operator new and delete: they count large blocks and refuse those that would pass maxMemSize
// (base/memory_limit.h). The memory itself comes from malloc, which is jemalloc's in pelorusd.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "config/settings.h"

namespace pelorus::server {

/// Sets the process's limit: maxMemSize, and no more than nine tenths of what the machine or its control group has,
/// so that a generous file of an operator does not end in the system's killer. Returns the bytes.
uint64_t set_memory_limit(const config::Settings& settings, const std::string& holder);

/// Empties the caches of the process (base/yielding) when it holds more than warningMemSize (three quarters of
/// maxMemSize unless set), and once more before a statement is refused memory. Owns a thread.
class MemoryWatch {
 public:
  /// `warning_bytes` is asked each period; 0: only before a refusal.
  explicit MemoryWatch(std::function<uint64_t()> warning_bytes,
                       std::chrono::milliseconds period = std::chrono::milliseconds(500));
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

 private:
  void run();
  /// Waits until caches were emptied, or for kPatience. Allocates nothing.
  void ask();
  bool is_wanted();

  static constexpr std::chrono::milliseconds kPatience{500};
  /// While what the process holds is no cache, emptying them again and again would only make it slow.
  static constexpr int kPeriodsAtLeast = 10;

  const std::function<uint64_t()> warning_bytes_;
  const std::chrono::milliseconds period_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable emptied_;
  uint64_t asked_ = 0;     // guarded by mutex_
  uint64_t answered_ = 0;  // guarded by mutex_; of asked_
  int periods_ = 0;        // guarded by mutex_; since caches were emptied
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

/// The bytes from which caches are emptied, as the limit stands now.
uint64_t warning_bytes(const config::Settings& settings);

/// Freed columns stay with the process for the next query, as the system zeroes every page that it gives. Once nobody
/// has allocated a column for a while, all of it goes back to the system. Owns a thread.
class UnusedMemory {
 public:
  static constexpr std::chrono::milliseconds kQuietUsual{10'000};
  explicit UnusedMemory(std::chrono::milliseconds quiet = kQuietUsual);
  ~UnusedMemory();
  UnusedMemory(const UnusedMemory&) = delete;
  UnusedMemory& operator=(const UnusedMemory&) = delete;

 private:
  void run();

  const std::chrono::milliseconds quiet_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace pelorus::server
