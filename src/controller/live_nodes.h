#pragma once
// Who is running, as the leader hears it: heartbeats, live figures, and deletions that nodes still have to carry out.
// Volatile: a new leader begins with nobody and hears all within a heartbeat or two.

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "meta/commands/catalogue_commands.h"
#include "meta/messages.h"

namespace pelorus::controller {

using std::chrono::milliseconds;

/// Drop orders kept for one node; more are found again by its next chunk report.
inline constexpr size_t kDropsMax = 100000;

/// Thread-safe.
class LiveNodes {
 public:
  LiveNodes(const Clock& clock, milliseconds timeout) : clock_(clock), timeout_(timeout) {}

  /// A leader's term begins: forgets everything and gives every node time to be heard.
  void begin_term();
  void registered(const std::string& alias, const Uuid& boot, uint64_t epoch);
  /// False when the node must register with this leader first.
  bool heard(const meta::Heartbeat& beat);
  void forget(const std::string& alias);

  bool is_live(const std::string& alias) const;
  std::set<std::string> live() const;
  /// The boot of a live node; nothing when it is not.
  std::optional<Uuid> live_boot(const std::string& alias) const;
  /// Silent for longer than `wait`, counted from the term's beginning for a node never heard in it.
  bool is_gone(const std::string& alias, milliseconds wait) const;
  /// Not heard in this term, which began less than `wait` ago.
  bool is_awaited(const std::string& alias, milliseconds wait) const;
  meta::NodeMetrics metrics(const std::string& alias) const;
  /// What a controller said it had applied of the metadata log; 0 before it did.
  uint64_t log_index(const std::string& alias) const;

  milliseconds timeout() const;
  void set_timeout(milliseconds timeout);

  /// Remembers chunks to be deleted; each is ordered for a minute.
  void add_drops(const meta::Dropped& dropped);
  std::vector<ChunkId> drops_for(const std::string& alias);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    Uuid boot;
    uint64_t epoch = 0;
    Time heard;
    meta::NodeMetrics metrics;
    uint64_t log_index = 0;
  };
  bool is_live_locked(const Entry& entry) const { return clock_.now() - entry.heard < timeout_; }

  const Clock& clock_;
  mutable std::mutex mutex_;
  milliseconds timeout_;  // guarded by mutex_, as all below
  Time term_began_{};
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::map<ChunkId, Time>> drops_;  // by node: since when
};

}  // namespace pelorus::controller
