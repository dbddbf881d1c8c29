#pragma once
// Feeds committed entries to a state machine and refuses those that do not continue the history it has seen: the
// guard against lost segments, foreign logs and diverging members. No threads, no files.

#include <optional>
#include <string_view>
#include <vector>

#include "raft/internal/entry_format.h"
#include "raft/replicated_log.h"

namespace pelorus::raft {

class Replay {
 public:
  Replay(const Uuid& group, StateMachine& machine) : group_(group), machine_(machine) {}

  /// Applies one entry's commands. When `results` is not null it receives what apply() returned for each.
  /// kCorrupt, changing nothing, when the entry is damaged, of another group, or not the next one.
  Status apply(const Entry& entry, std::vector<Bytes>* results);
  Bytes snapshot() const;
  Status restore(std::string_view snapshot);
  LogPlace place() const { return place_; }

 private:
  const Uuid group_;
  StateMachine& machine_;
  LogPlace place_;
};

/// The same test over everything a disk holds, before any of it is used.
class LoadCheck {
 public:
  explicit LoadCheck(const Uuid& group) : group_(group) {}

  /// index 0: there is no snapshot.
  Status snapshot(uint64_t index, std::string_view bytes);
  Status command(uint64_t index, std::string_view bytes);

 private:
  const Uuid group_;
  uint64_t snapshot_index_ = 0;
  LogPlace snapshot_place_;
  std::optional<LogPlace> place_;  // behind the last entry seen; unknown before the first behind a snapshot
};

}  // namespace pelorus::raft
