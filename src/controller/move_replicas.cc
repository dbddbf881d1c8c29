#include "controller/move_replicas.h"

#include <algorithm>

namespace pelorus::controller {
namespace {

using meta::Chunk;
using meta::ReplicaChange;
using meta::State;

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

/// Live data nodes that take chunks, apart from `alias`.
std::vector<std::string> takers(const State& state, const std::set<std::string>& live, const std::string& alias) {
  std::vector<std::string> names;
  for (const auto& [name, node] : state.nodes) {
    if (name != alias && node.holds_data() && !node.draining && live.contains(name)) names.push_back(name);
  }
  return names;
}

/// The chunk finds `rules.replicas` places when `alias` is left. `planned` remembers them.
bool finds_places(const State& state, const meta::PlacementRules& rules, const std::set<std::string>& live, Chunk chunk,
                  const std::string& alias, meta::PlannedReplicas& planned) {
  size_t staying = 0;
  for (const auto& replica : chunk.replicas) {
    staying += replica.node != alias && !has_to_go(state, replica) && live.contains(replica.node) ? 1 : 0;
  }
  for (; staying < rules.replicas; ++staying) {
    const auto node = place_replica(state, rules, live, chunk, planned, alias);
    if (node.empty()) return false;
    ++planned[node];
    chunk.replicas.push_back({.node = node, .stale = true});
  }
  return true;
}

/// Whether `target` shares a host with a replica that stays when `source` goes.
bool shares_host(const State& state, const Chunk& chunk, const std::string& source, const std::string& target) {
  const auto host_of = [&](const std::string& alias) {
    const auto* node = state.find_node(alias);
    return node == nullptr ? std::string() : node->host;
  };
  return std::any_of(chunk.replicas.begin(), chunk.replicas.end(), [&](const meta::Replica& replica) {
    return replica.node != source && !has_to_go(state, replica) && host_of(replica.node) == host_of(target);
  });
}

}  // namespace

Status check_drain(const State& state, const meta::PlacementRules& rules, const std::set<std::string>& live,
                   const std::string& alias) {
  meta::PlannedReplicas planned;
  size_t without = 0;
  for (const auto& [id, chunk] : state.chunks) {
    if (chunk.find(alias) != nullptr && !finds_places(state, rules, live, chunk, alias, planned)) ++without;
  }
  if (without == 0) return {};
  const auto others = takers(state, live, alias);
  std::set<std::string> hosts;
  for (const auto& name : others) hosts.insert(state.find_node(name)->host);
  std::string why = "each needs " + std::to_string(rules.replicas) +
                    " replica(s) (dfsReplicationFactor) and the other running data " + "nodes are " +
                    std::to_string(others.size()) + ": " + listed(others);
  if (rules.reliability == meta::Reliability::kDistinctHosts) {
    why += ", on " + std::to_string(hosts.size()) +
           " host(s), where two replicas may not share a host (dfsReplicaReliabilityLevel=1)";
  }
  return Error{ErrorCode::kConflict, "No node can take " + std::to_string(without) + " chunk(s) of " + alias + ": " +
                                         why + ". Start or add a data node first (addNode, startDataNode)."};
}

std::map<std::string, DrainProgress> drain_progress(const State& state) {
  std::map<std::string, DrainProgress> progress;
  for (const auto& [alias, node] : state.nodes) {
    if (node.draining) progress[alias];
  }
  if (progress.empty()) return progress;
  for (const auto& [id, chunk] : state.chunks) {
    for (const auto& replica : chunk.replicas) {
      const auto found = progress.find(replica.node);
      if (found == progress.end()) continue;
      ++found->second.chunks_left;
      found->second.rows_left += chunk.rows;
    }
  }
  return progress;
}

Status check_move(const State& state, const meta::PlacementRules& rules, const Chunk& chunk, const std::string& source,
                  const std::string& target) {
  const auto* to = state.find_node(target);
  if (to == nullptr || !to->holds_data()) return Error{ErrorCode::kNotFound, "There is no data node " + target + "."};
  if (to->draining)
    return Error{ErrorCode::kConflict, "The node " + target + " is being drained and takes no chunks (undrainNode)."};
  const auto* replica = chunk.find(source);
  const auto id = std::to_string(chunk.id.value);
  if (replica == nullptr) return Error{ErrorCode::kNotFound, "The chunk " + id + " has no replica on " + source + "."};
  if (!replica->successor.empty()) {
    return Error{ErrorCode::kConflict,
                 "The replica of the chunk " + id + " on " + source + " moves to " + replica->successor + " already."};
  }
  if (rules.reliability == meta::Reliability::kDistinctHosts && shares_host(state, chunk, source, target)) {
    return Error{ErrorCode::kInvalid,
                 "The chunk " + id + " has another replica on the host of " + target +
                     ", which dfsReplicaReliabilityLevel=1 forbids; choose a node on another host."};
  }
  return {};
}

std::vector<ReplicaChange> plan_rebalance(const State& state, const meta::PlacementRules& rules,
                                          const std::set<std::string>& live, int64_t written_before_ns) {
  std::map<std::string, uint64_t> load;
  for (const auto& alias : takers(state, live, "")) load[alias] = state.find_node(alias)->replica_count;
  const auto can_move = [&](const Chunk& chunk) {
    if (chunk.version == 0 || chunk.locked_by.value != 0 || chunk.updated_ns >= written_before_ns) return false;
    return std::none_of(chunk.replicas.begin(), chunk.replicas.end(), [&](const meta::Replica& replica) {
      return replica.stale || has_to_go(state, replica) || !live.contains(replica.node);
    });
  };
  std::vector<ReplicaChange> moves;
  for (const auto& [id, chunk] : state.chunks) {
    if (!can_move(chunk)) continue;
    // One move a chunk: from its fullest node to the emptiest that may have it.
    const meta::Replica* source = nullptr;
    for (const auto& replica : chunk.replicas) {
      if (load.contains(replica.node) && (source == nullptr || load[replica.node] > load[source->node]))
        source = &replica;
    }
    if (source == nullptr) continue;
    std::string target;
    for (const auto& [alias, count] : load) {
      if (count + 1 >= load[source->node] || chunk.find(alias) != nullptr || (!target.empty() && count >= load[target]))
        continue;
      const bool shares_now = shares_host(state, chunk, source->node, source->node);
      const bool spreads = rules.reliability == meta::Reliability::kAnyNode ||
                           !shares_host(state, chunk, source->node, alias) ||
                           (rules.reliability == meta::Reliability::kPreferDistinct && shares_now);
      if (spreads) target = alias;
    }
    if (target.empty()) continue;
    --load[source->node];
    ++load[target];
    moves.push_back({.chunk = id, .node = source->node, .kind = ReplicaChange::Kind::kMove, .target = target});
  }
  return moves;
}

}  // namespace pelorus::controller
