#pragma once
// The replicated metadata as the log's state machine; readers of any thread look at it under a shared lock.

#include <atomic>
#include <functional>
#include <mutex>
#include <shared_mutex>

#include "meta/apply/apply.h"
#include "meta/chunk_changes.h"
#include "meta/state.h"
#include "raft/replicated_log.h"

namespace pelorus::controller {

class MetadataMachine final : public raft::StateMachine {
 public:
  /// `build`: the program. A state of a level it does not know is not restored; a command that raises the level beyond
  /// it stops the process.
  explicit MetadataMachine(meta::Build build) : build_(std::move(build)) {}

  Bytes apply(uint64_t index, std::string_view command) override;
  Bytes snapshot() override;
  Status restore(std::string_view snapshot) override;
  void leadership_changed(bool leads, uint64_t term) override;
  /// Forgets everything, for a log that begins anew. Only while no log applies to it.
  void clear();

  /// Calls look(const State&) and gives back what it returns (not a reference into the state). `look` must be quick,
  /// wait for nothing and not call back: applying waits for it.
  template <class Look>
  auto read(Look&& look) const {
    const std::shared_lock lock(mutex_);
    return look(state_);
  }
  /// The same with look(const State&, const ChunkChanges&).
  template <class Look>
  auto read_with_changes(Look&& look) const {
    const std::shared_lock lock(mutex_);
    return look(state_, changes_);
  }

  /// True from the moment this member may propose.
  bool leads() const { return leads_.load(std::memory_order_acquire); }
  uint64_t term() const { return term_.load(std::memory_order_acquire); }
  /// Commands applied since the process started.
  uint64_t applied() const { return applied_.load(std::memory_order_relaxed); }

 private:
  const meta::Build build_;
  mutable std::shared_mutex mutex_;
  meta::State state_;                           // guarded by mutex_; written by the group's thread only
  meta::ChunkChanges changes_{Uuid::random()};  // the same
  std::atomic<bool> leads_{false};
  std::atomic<uint64_t> term_{0};
  std::atomic<uint64_t> applied_{0};
};

}  // namespace pelorus::controller
