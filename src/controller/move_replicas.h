#pragma once
// Replicas that operators have moved: draining a node, spreading chunks evenly. Pure functions of the state and of who
// is alive; plan_recovery (recover_replicas.h) carries the moves out.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "meta/commands/transaction_commands.h"
#include "meta/placement.h"

namespace pelorus::controller {

/// Whether every chunk of the data node `alias` finds as many other nodes as the rules ask for. kConflict says how
/// many chunks do not and why.
Status check_drain(const meta::State& state, const meta::PlacementRules& rules, const std::set<std::string>& live,
                   const std::string& alias);

struct DrainProgress {
  uint64_t chunks_left = 0;  // with a replica on the node
  int64_t rows_left = 0;     // in them
};
/// By data node, for all that are being drained.
std::map<std::string, DrainProgress> drain_progress(const meta::State& state);

/// Whether a replica may go from `source` to `target` under the rules; kInvalid, kNotFound or kConflict says why not.
Status check_move(const meta::State& state, const meta::PlacementRules& rules, const meta::Chunk& chunk,
                  const std::string& source, const std::string& target);

/// Moves (kMove) after which live data nodes hold about equally many replicas: at most one more than another, as far as
/// the rules allow. Only whole, unlocked chunks that nobody wrote since `written_before_ns`. Cost: chunks times nodes.
std::vector<meta::ReplicaChange> plan_rebalance(const meta::State& state, const meta::PlacementRules& rules,
                                                const std::set<std::string>& live, int64_t written_before_ns);

}  // namespace pelorus::controller
