#include "cli/migrate/shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace pelorus::cli::migrate {
namespace {

/// Next free numbers behind the aliases of one role.
class Names {
 public:
  Names(const std::vector<Member>& members, NodeMode role, std::string stem) : stem_(std::move(stem)) {
    for (const auto& member : members) taken_.insert(member.alias);
    for (const auto& member : members_of(members, role)) {
      const auto [found, number] = stem_and_number(member.alias);
      if (number < 0) continue;
      if (last_ == 0) stem_ = found;
      if (found == stem_) last_ = std::max(last_, number);
    }
  }
  std::string next() {
    std::string name;
    do {
      name = stem_ + std::to_string(++last_);
    } while (taken_.contains(name));
    return name;
  }

 private:
  std::string stem_;
  int64_t last_ = 0;
  std::set<std::string> taken_;
};

class Shaping {
 public:
  Shaping(const ClusterFacts& facts, const Target& target) : facts_(facts), target_(target) {}

  Shape make() {
    shape_.data_nodes_per_host = per_host();
    place(NodeMode::kController, 1, true);
    place(NodeMode::kAgent, 1, !target_.controllers_only);
    place(NodeMode::kDataNode, static_cast<size_t>(shape_.data_nodes_per_host), !target_.controllers_only);
    return std::move(shape_);
  }

 private:
  bool is_pseudo() const {
    const auto controllers = members_of(facts_.members, NodeMode::kController);
    return hosts_of(controllers).size() < controllers.size();
  }

  int per_host() const {
    const int nodes = static_cast<int>(members_of(facts_.members, NodeMode::kDataNode).size());
    const int hosts_after = std::max<int>(1, static_cast<int>(target_.hosts.size()));
    const int hosts_now =
        std::max<int>(1, static_cast<int>(hosts_of(members_of(facts_.members, NodeMode::kDataNode)).size()));
    const int usual = is_pseudo() ? nodes / hosts_after : nodes / hosts_now;
    const int needed = (facts_.replication_factor + hosts_after - 1) / hosts_after;
    return std::max({1, usual, needed});
  }

  /// Where a new member of the role is put: the packages there are, or a new one.
  std::string server_on(const std::string& host, NodeMode role, const Member& like) const {
    for (const auto& member : facts_.members) {
      if (member.host != host || member.server.empty()) continue;
      const bool holds_role = std::any_of(facts_.members.begin(), facts_.members.end(), [&](const Member& other) {
        return other.host == host && other.role == role && other.server == member.server;
      });
      if (role == NodeMode::kDataNode ? member.role == NodeMode::kAgent : !holds_role) return member.server;
    }
    return target_.directory.empty() ? like.server : filled_in(target_.directory, host, "") + "/server";
  }

  void keep_or_leave(const std::string& host, NodeMode role, size_t wanted, size_t& kept) {
    // A host with more data nodes than its share keeps them, unless it plays several hosts.
    const bool keeps_all = role == NodeMode::kDataNode && (target_.controllers_only || !is_pseudo());
    for (const auto& member : members_on(members_of(facts_.members, role), host)) {
      const bool stays = keeps_all || (kept < wanted && member.online);
      (stays ? shape_.staying : shape_.leaving).push_back(member);
      if (stays) ++kept;
    }
  }

  void place(NodeMode role, size_t wanted, bool makes_new) {
    const auto all = members_of(facts_.members, role);
    Names names(facts_.members, role,
                role == NodeMode::kController ? "controller"
                : role == NodeMode::kAgent    ? "agent"
                                              : "node");
    const auto like = std::find_if(all.begin(), all.end(),
                                   [](const Member& member) { return member.online && !member.server.empty(); });
    for (const auto& host : target_.hosts) {
      size_t kept = 0;
      keep_or_leave(host, role, wanted, kept);
      for (; makes_new && kept < wanted && like != all.end(); ++kept) {
        shape_.additions.push_back(
            {names.next(), role, host, port_on(host, *like), server_on(host, role, *like), like->alias});
      }
    }
    for (const auto& member : all) {
      const bool named = std::find(target_.hosts.begin(), target_.hosts.end(), member.host) != target_.hosts.end();
      if (!named) shape_.leaving.push_back(member);
    }
  }

  /// The port of the old member; the next ones where it is taken.
  int port_on(const std::string& host, const Member& like) const {
    std::set<int> taken;
    for (const auto& member : members_on(facts_.members, host)) taken.insert(member.port);
    for (const auto& made : shape_.additions) {
      if (made.host == host) taken.insert(made.port);
    }
    int port = like.port;
    while (taken.contains(port)) ++port;
    return port;
  }

  const ClusterFacts& facts_;
  const Target& target_;
  Shape shape_;
};

std::vector<int> counts_by_host(const std::vector<std::string>& hosts) {
  std::map<std::string, int> counts;
  for (const auto& host : hosts) ++counts[host];
  std::vector<int> values;
  for (const auto& [host, count] : counts) values.push_back(count);
  return values;
}

void refuse_members(const ClusterFacts& facts, const Target& target, const Shape& shape, std::vector<Note>& refusals) {
  for (const auto& member : facts.members) {
    if (!member.online && member.host != target.replaced)
      refusals.push_back({"refuse.offline", {member.alias, member.host}});
    if (member.role == NodeMode::kController && member.online && !member.votes) {
      refusals.push_back({"refuse.learner", {member.alias}});
    }
    const bool leaves = find_member(shape.leaving, member.alias) != nullptr;
    if (member.draining && !leaves) refusals.push_back({"refuse.draining", {member.alias}});
    if (member.role == NodeMode::kComputeNode && !target.is_in_place() &&
        std::find(target.hosts.begin(), target.hosts.end(), member.host) == target.hosts.end()) {
      refusals.push_back({"refuse.compute_node", {member.alias, member.host}});
    }
  }
}

void refuse_data(const ClusterFacts& facts, const Target& target, const Shape& shape, std::vector<Note>& refusals) {
  const int nodes = shape.data_nodes(), hosts = static_cast<int>(target.hosts.size());
  if (nodes < facts.replication_factor) {
    refusals.push_back({"refuse.few_nodes", {std::to_string(nodes), std::to_string(facts.replication_factor)}});
  }
  if (facts.reliability_level == 1 && hosts < facts.replication_factor) {
    refusals.push_back({"refuse.level_1", {std::to_string(facts.replication_factor)}});
  }
  for (const auto& member : shape.leaving) {
    if (target.controllers_only && member.role == NodeMode::kDataNode)
      refusals.push_back({"refuse.controllers_only", {member.alias}});
  }
}

void refuse_hosts(const ClusterFacts& facts, const Shape& shape, std::vector<Note>& refusals) {
  std::map<std::string, int64_t> needed;
  for (const auto& made : shape.additions) {
    needed[made.host] += made.role == NodeMode::kDataNode ? std::max<int64_t>(0, share_bytes(facts, shape)) * 6 / 5 : 0;
  }
  for (const auto& [host, bytes] : needed) {
    const auto found = facts.hosts.find(host);
    if (found == facts.hosts.end()) continue;
    if (!found->second.reachable) {
      refusals.push_back({"refuse.unreachable", {host, found->second.problem}});
    } else if (found->second.bytes_free >= 0 && found->second.bytes_free < bytes + kPackageBytes) {
      refusals.push_back(
          {"refuse.room", {host, bytes_text(bytes + kPackageBytes), bytes_text(found->second.bytes_free)}});
    }
  }
}

}  // namespace

std::vector<int> Shape::voters_by_host() const {
  std::vector<std::string> hosts;
  for (const auto& member : staying) {
    if (member.role == NodeMode::kController) hosts.push_back(member.host);
  }
  for (const auto& made : additions) {
    if (made.role == NodeMode::kController) hosts.push_back(made.host);
  }
  return counts_by_host(hosts);
}

int Shape::data_nodes() const {
  int count = static_cast<int>(members_of(staying, NodeMode::kDataNode).size());
  for (const auto& made : additions) count += made.role == NodeMode::kDataNode;
  return count;
}

Shape make_shape(const ClusterFacts& facts, const Target& target) { return Shaping(facts, target).make(); }

int64_t share_bytes(const ClusterFacts& facts, const Shape& shape) {
  return facts.data_bytes < 0 ? -1 : facts.data_bytes / std::max(1, shape.data_nodes());
}

std::vector<Note> refusals_of_members(const ClusterFacts& facts, const Target& target, const Shape& shape) {
  const auto controllers = members_of(facts.members, NodeMode::kController);
  int voters = 0, living = 0;
  bool led = false;
  for (const auto& controller : controllers) {
    voters += controller.votes;
    living += controller.votes && controller.online;
    led = led || (controller.leads && controller.online);
  }
  if (controllers.empty()) return {{"refuse.no_controllers", {}}};
  if (!led || living * 2 <= voters) return {{"refuse.no_quorum", {std::to_string(living), std::to_string(voters)}}};
  std::vector<Note> refusals;
  refuse_members(facts, target, shape, refusals);
  return refusals;
}

std::vector<Note> refusals_of_target(const ClusterFacts& facts, const Target& target) {
  std::vector<Note> refusals;
  if (target.hosts.size() % 2 == 0) refusals.push_back({"refuse.even", {std::to_string(target.hosts.size())}});
  if (target.hosts.size() > 7) refusals.push_back({"refuse.many", {std::to_string(target.hosts.size())}});
  std::set<std::string> seen;
  for (const auto& host : target.hosts) {
    if (!seen.insert(host).second) refusals.push_back({"refuse.twice", {host}});
  }
  if (!target.replaced.empty() && members_on(facts.members, target.replaced).empty()) {
    refusals.push_back({"refuse.nobody_there", {target.replaced}});
  }
  return refusals;
}

std::vector<Note> refusals_of(const ClusterFacts& facts, const Target& target, const Shape& shape) {
  auto of_members = refusals_of_members(facts, target, shape);
  if (!of_members.empty() &&
      (of_members[0].code == "refuse.no_controllers" || of_members[0].code == "refuse.no_quorum"))
    return of_members;
  std::vector<Note> refusals;
  refusals = refusals_of_target(facts, target);
  refusals.insert(refusals.end(), of_members.begin(), of_members.end());
  refuse_data(facts, target, shape, refusals);
  refuse_hosts(facts, shape, refusals);
  const auto controllers = members_of(facts.members, NodeMode::kController);
  const auto voters = std::count_if(controllers.begin(), controllers.end(), [](const Member& m) { return m.votes; });
  const int before = hosts_that_may_fail_among(facts.members), after = hosts_that_may_fail(shape.voters_by_host());
  const auto voters_after = shape.voters_by_host();
  const bool has_fewer = std::accumulate(voters_after.begin(), voters_after.end(), 0) < voters;
  if (after == 0 && (before > 0 || has_fewer) && !target.accept_risk) refusals.push_back({"refuse.risk", {}});
  return refusals;
}

std::vector<Note> warnings_of_level(const ClusterFacts& facts, const Target& target) {
  const auto hosts = static_cast<int>(target.hosts.size());
  if (facts.reliability_level == 1 || hosts < facts.replication_factor || facts.replication_factor < 2 ||
      target.controllers_only)
    return {};
  return {{"warn.level", {std::to_string(facts.reliability_level)}}};
}

std::vector<Note> warnings_of_items(const ClusterFacts& facts, const std::vector<Member>& leaving,
                                    const std::vector<Member>& restarted) {
  std::vector<Note> warnings;
  const auto warn = [&](const char* code, const Member& member, const std::vector<std::string>& names) {
    if (!names.empty()) warnings.push_back({code, {member.alias, fmt::format("{}", fmt::join(names, ", "))}});
  };
  static const NodeItems kNone;
  const auto items_of = [&](const Member& member) -> const NodeItems& {
    const auto found = facts.items.find(member.alias);
    return found == facts.items.end() ? kNone : found->second;
  };
  for (const auto& member : leaving) {
    const auto& items = items_of(member);
    auto streams = items.streams;
    streams.insert(streams.end(), items.memory_streams.begin(), items.memory_streams.end());
    warn("warn.jobs", member, items.jobs);
    warn("warn.streams", member, streams);
  }
  for (const auto& member : restarted) warn("warn.memory_streams", member, items_of(member).memory_streams);
  return warnings;
}

std::vector<Note> warnings_of(const ClusterFacts& facts, const Target& target, const Shape& shape) {
  auto warnings = warnings_of_level(facts, target);
  const auto hosts = static_cast<int>(target.hosts.size());
  if (hosts < facts.replication_factor) warnings.push_back({"warn.one_host", {}});
  if (facts.data_bytes < 0) warnings.push_back({"warn.bytes", {}});
  for (const auto& host : target.hosts) {
    const auto found = facts.hosts.find(host);
    if (found != facts.hosts.end() && found->second.reachable && found->second.bytes_free < 0) {
      warnings.push_back({"warn.room", {host}});
    }
  }
  for (const auto& member : shape.leaving) {
    if (!member.online) warnings.push_back({"warn.dead", {member.alias, member.host}});
  }
  for (auto& note : warnings_of_items(facts, shape.leaving, {})) warnings.push_back(std::move(note));
  return warnings;
}

}  // namespace pelorus::cli::migrate
