#pragma once
// The program's operator new and delete: they count large blocks and refuse those that would pass maxMemSize
// (base/memory_limit.h). The memory itself comes from malloc, which is jemalloc's in pelorusd.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "config/settings.h"

namespace pelorus::server {

/// Sets the process's limit: maxMemSize, and no more than nine tenths of what the machine or its control group has,
/// so that a generous file of an operator does not end in the system's killer. Returns the bytes.
uint64_t set_memory_limit(const config::Settings& settings, const std::string& holder);

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
