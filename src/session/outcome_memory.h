#pragma once
// What became of a client's numbered requests, so that a repetition of one that had succeeded is not run again.

#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "data/value.h"

namespace pelorus::session {

struct OutcomeMemoryLimits {
  size_t clients_max = 4096;          // the longest unused is forgotten
  size_t outcomes_per_client = 16;    // the oldest is forgotten
  size_t value_bytes_max = 64 << 10;  // larger results are remembered as "no value"
  size_t bytes_max = 32 << 20;        // of all results; then those of the longest unused are remembered so
};

/// Successful outcomes by client and number (docs/protocol/native.md §2.4). Failed requests may run again. Thread-safe.
class OutcomeMemory {
 public:
  explicit OutcomeMemory(OutcomeMemoryLimits limits = {}) : limits_(limits) {}

  struct Remembered {
    std::optional<data::Value> value;
  };

  /// Begins request `sequence`; for a repetition (negative) first waits for the first try if it still runs here.
  /// Something: it has succeeded before and must not be run. Nothing: run it, then call end().
  std::optional<Remembered> begin(const std::string& client, int64_t sequence);
  /// `succeeded` is null for a failure.
  void end(const std::string& client, int64_t sequence, const Remembered* succeeded);

 private:
  struct Entry {
    int64_t sequence = 0;
    bool running = true;
    size_t bytes = 0;  // of the value
    Remembered outcome;
  };
  struct Client {
    std::deque<Entry> entries;
    std::list<std::string>::iterator used;  // in uses_
  };
  Client& touch(const std::string& client);
  // Caller holds mutex_.
  void forget(const Entry& entry) { bytes_ -= entry.bytes; }
  void forget_values_of_longest_unused();

  const OutcomeMemoryLimits limits_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::map<std::string, Client> clients_;  // guarded by mutex_
  std::list<std::string> uses_;            // guarded by mutex_; the latest used first
  size_t bytes_ = 0;                       // guarded by mutex_; of all values
};

}  // namespace pelorus::session
