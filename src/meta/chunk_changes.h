#pragma once
// Which chunks were touched last: who knows a table's chunks from before need only hear of those.

#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "meta/command.h"
#include "meta/state.h"

namespace pelorus::meta {

/// Changes are numbered 1, 2, 3 … in the life of one object, which `source` names: numbers of another say nothing. Part
/// of no state and not replicated.
class ChunkChanges {
 public:
  /// Changes remembered; whoever knows less hears everything.
  static constexpr size_t kKept = 1u << 16;

  explicit ChunkChanges(Uuid source) : source_(source) {}

  /// Of a command that is about to be applied to `state`: what has to be noted afterwards.
  class Expected {
   public:
    Expected(const State& state, const Command& command);

   private:
    friend class ChunkChanges;
    bool all_ = false;  // something of which nobody keeps account
    std::vector<std::pair<TableId, ChunkId>> chunks_;
    std::vector<std::pair<TableId, PartitionKey>> keys_;  // their chunks may be made by the command
    uint64_t catalogue_revision_ = 0;
  };
  /// `state`: after the command. Cost: O(chunks of the command).
  void note(const State& state, const Expected& expected);
  /// Anything may have changed.
  void note_all();

  Uuid source() const { return source_; }
  uint64_t number() const { return first_ + kept_.size(); }
  /// Chunks of the table touched after change `number`, some of which may be there no more; nothing: that is too long
  /// ago. Cost: O(changes since).
  std::optional<std::set<ChunkId>> since(TableId table, uint64_t number) const;

 private:
  void add(TableId table, ChunkId chunk);

  const Uuid source_;
  uint64_t first_ = 0;                            // the number of the change before the first that is kept
  std::deque<std::pair<TableId, ChunkId>> kept_;  // changes first_ + 1, first_ + 2 …
};

}  // namespace pelorus::meta
