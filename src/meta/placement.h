#pragma once
// Where the replicas of a new chunk go.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "meta/state.h"

namespace pelorus::meta {

/// dfsReplicaReliabilityLevel.
enum class Reliability : uint8_t {
  kAnyNode = 0,         // replicas may share a host
  kDistinctHosts = 1,   // never share a host: fewer replicas rather
  kPreferDistinct = 2,  // share a host only when there are not enough
};

struct PlacementRules {
  uint32_t replicas = 2;  // dfsReplicationFactor
  Reliability reliability = Reliability::kAnyNode;
};

/// Replicas planned but not in the state yet, by node.
using PlannedReplicas = std::map<std::string, uint64_t>;

/// Up to rules.replicas live data nodes for a new chunk: first those that hold the same partition of other tables of
/// the database, then those with the fewest replicas (ties: by alias). Fewer when there are not enough; empty when
/// there is none. Nodes that are drained take none. Deterministic in its arguments.
std::vector<std::string> place_chunk(const State& state, const PlacementRules& rules, const std::set<std::string>& live,
                                     const Table& table, const PartitionKey& key, const PlannedReplicas& planned = {});

/// A live data node for one more replica of `chunk`, or "" when none is allowed. Replicas that have to go, and the one
/// on `leaving`, do not stand in the way of another on their host.
std::string place_replica(const State& state, const PlacementRules& rules, const std::set<std::string>& live,
                          const Chunk& chunk, const PlannedReplicas& planned = {}, const std::string& leaving = "");

}  // namespace pelorus::meta
