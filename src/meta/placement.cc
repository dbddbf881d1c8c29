#include "meta/placement.h"

#include <algorithm>

namespace pelorus::meta {
namespace {

/// Picks nodes one by one under the rules.
class Choice {
 public:
  Choice(const State& state, const PlacementRules& rules, const std::set<std::string>& live,
         const PlannedReplicas& planned)
      : state_(state), rules_(rules), live_(live), planned_(planned) {}

  /// A node that is there already, whatever the rules say.
  void keep(const std::string& alias) {
    nodes_.push_back(alias);
    if (const auto* node = state_.find_node(alias)) hosts_.insert(node->host);
  }
  /// A node that holds a replica which has to go: no second one there, but its host is free.
  void pass_over(const std::string& alias) { nodes_.push_back(alias); }
  bool full() const { return nodes_.size() >= rules_.replicas; }
  bool offer(const std::string& alias, bool may_share_host) {
    const auto* node = state_.find_node(alias);
    if (full() || node == nullptr || !node->holds_data() || node->draining || !live_.contains(alias)) return false;
    if (std::find(nodes_.begin(), nodes_.end(), alias) != nodes_.end()) return false;
    if (!may_share_host && hosts_.contains(node->host)) return false;
    keep(alias);
    return true;
  }
  /// Offers all live nodes, least loaded first; the best spread (distinct hosts) in the first round.
  void fill() {
    std::vector<std::pair<uint64_t, std::string>> by_load;
    for (const auto& alias : live_) {
      const auto* node = state_.find_node(alias);
      const auto planned = planned_.find(alias);
      if (node != nullptr)
        by_load.emplace_back(node->replica_count + (planned == planned_.end() ? 0 : planned->second), alias);
    }
    std::sort(by_load.begin(), by_load.end());
    const bool shares_first = rules_.reliability == Reliability::kAnyNode;
    for (const auto& [load, alias] : by_load) offer(alias, shares_first);
    if (rules_.reliability != Reliability::kPreferDistinct) return;
    for (const auto& [load, alias] : by_load) offer(alias, true);
  }
  const std::vector<std::string>& nodes() const { return nodes_; }

 private:
  const State& state_;
  const PlacementRules rules_;
  const std::set<std::string>& live_;
  const PlannedReplicas& planned_;
  std::vector<std::string> nodes_;
  std::set<std::string> hosts_;
};

}  // namespace

std::vector<std::string> place_chunk(const State& state, const PlacementRules& rules, const std::set<std::string>& live,
                                     const Table& table, const PartitionKey& key, const PlannedReplicas& planned) {
  Choice choice(state, rules, live, planned);
  const auto* database = state.find_database(table.database);
  if (database != nullptr && !table.is_dimension()) {
    for (const auto& [name, id] : database->tables) {
      const auto* sibling = state.find_table(id);
      const auto found = sibling->chunks.find(key);
      if (found == sibling->chunks.end()) continue;
      for (const auto& replica : state.chunks.at(found->second).replicas) {
        choice.offer(replica.node, rules.reliability != Reliability::kDistinctHosts);
      }
      break;
    }
  }
  choice.fill();
  return choice.nodes();
}

std::string place_replica(const State& state, const PlacementRules& rules, const std::set<std::string>& live,
                          const Chunk& chunk, const PlannedReplicas& planned, const std::string& leaving) {
  auto one_more = rules;
  one_more.replicas = static_cast<uint32_t>(chunk.replicas.size()) + 1;
  Choice choice(state, one_more, live, planned);
  for (const auto& replica : chunk.replicas) {
    if (has_to_go(state, replica) || replica.node == leaving)
      choice.pass_over(replica.node);
    else
      choice.keep(replica.node);
  }
  choice.fill();
  return choice.full() ? choice.nodes().back() : "";
}

}  // namespace pelorus::meta
