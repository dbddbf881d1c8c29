#include "cli/migrate/offline.h"

#include <algorithm>
#include <map>
#include <set>

#include "cli/migrate/inventory.h"
#include "cli/migrate/new_files.h"
#include "cli/migrate/shape.h"
#include "config/cluster_config.h"

namespace pelorus::cli::migrate {
namespace {

bool works_on_data(NodeMode role) { return role == NodeMode::kDataNode || role == NodeMode::kComputeNode; }

/// Fills plan.relocations and plan.additions: who is too many where they are goes where somebody is lacking.
class Placing {
 public:
  Placing(const ClusterFacts& facts, Plan& plan, std::vector<Note>& refusals)
      : facts_(facts), plan_(plan), target_(plan.target), refusals_(refusals) {}

  void place_all() {
    place(NodeMode::kController, "controller", 1, 0);
    place(NodeMode::kAgent, "agent", 1, 0);
    const auto nodes = members_of(facts_.members, NodeMode::kDataNode).size(), hosts = target_.hosts.size();
    // With controllers alone to be added, data nodes stay where they are.
    if (target_.controllers_only)
      place(NodeMode::kDataNode, "node", nodes, 0);
    else
      place(NodeMode::kDataNode, "node", nodes / hosts, nodes % hosts);
  }

 private:
  /// `each` members to a host, one more on the first `more` hosts.
  void place(NodeMode role, const std::string& stem, size_t each, size_t more) {
    std::map<std::string, size_t> lives;
    std::vector<Member> moving;
    const auto all = members_of(facts_.members, role);
    for (const auto& host : hosts_in_order(all)) {
      const auto at = std::find(target_.hosts.begin(), target_.hosts.end(), host);
      const size_t share =
          at == target_.hosts.end() ? 0 : share_of(static_cast<size_t>(at - target_.hosts.begin()), each, more);
      for (const auto& member : members_on(all, host)) {
        if (lives[host] < share)
          ++lives[host];
        else
          moving.push_back(member);
      }
    }
    auto next = moving.begin();
    for (size_t i = 0; i < target_.hosts.size(); ++i) {
      const auto& host = target_.hosts[i];
      for (; lives[host] < share_of(i, each, more) && next != moving.end(); ++next, ++lives[host])
        relocate(*next, host);
    }
    for (; next != moving.end(); ++next) refusals_.push_back({"refuse.no_place", {next->alias, next->host}});
    if (role != NodeMode::kController && target_.controllers_only) return;
    for (const auto& host : target_.hosts) {
      if (lives[host] == 0) make(role, stem, host);
    }
  }

  static size_t share_of(size_t host, size_t each, size_t more) { return each + (host < more ? 1 : 0); }

  /// Those of the target first, so that nobody leaves one who could stay.
  std::vector<std::string> hosts_in_order(const std::vector<Member>& members) const {
    auto hosts = target_.hosts;
    for (const auto& host : hosts_of(members)) {
      if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
    }
    return hosts;
  }

  void relocate(const Member& member, const std::string& host) {
    plan_.relocations.push_back({member.alias, member.role, host, member.port, package_on(host, member), member.alias});
  }

  void make(NodeMode role, const std::string& stem, const std::string& host) {
    const auto all = members_of(facts_.members, role);
    if (all.empty()) return;
    const auto& like = all[0];
    plan_.additions.push_back(
        {next_alias(role, stem), role, host, port_on(host, like.port), package_on(host, like), like.alias});
  }

  std::string next_alias(NodeMode role, std::string stem) const {
    int64_t last = 0;
    for (const auto& member : members_of(facts_.members, role)) {
      const auto [found, number] = stem_and_number(member.alias);
      if (number < 0) continue;
      if (last == 0) stem = found;
      if (found == stem) last = std::max(last, number);
    }
    std::string name;
    do {
      name = stem + std::to_string(++last);
    } while (find_member(facts_.members, name) != nullptr || plan_.addition(name) != nullptr);
    return name;
  }

  int port_on(const std::string& host, int port) const {
    std::set<int> taken;
    for (const auto& member : facts_.members) {
      if (plan_.host_after(member) == host) taken.insert(member.port);
    }
    for (const auto& made : plan_.arrivals(host)) taken.insert(made.port);
    while (taken.contains(port)) ++port;
    return port;
  }

  /// One package takes all that come to a host: one that is there, or that of the first who comes.
  std::string package_on(const std::string& host, const Member& first) {
    auto& package = packages_[host];
    if (!package.empty()) return package;
    for (const auto role : {NodeMode::kAgent, NodeMode::kController, NodeMode::kDataNode}) {
      for (const auto& member : members_on(members_of(facts_.members, role), host)) {
        if (package.empty() && plan_.relocation(member.alias) == nullptr) package = member.server;
      }
    }
    if (package.empty())
      package = target_.directory.empty() ? first.server : filled_in(target_.directory, host, "") + "/server";
    return package;
  }

  const ClusterFacts& facts_;
  Plan& plan_;
  const Target& target_;
  std::vector<Note>& refusals_;
  std::map<std::string, std::string> packages_;
};

/// Where the member's directories are then: those of who goes, and of controllers who stay, which are set aside.
void add_moves(const ClusterFacts& facts, const Member& member, Plan& plan) {
  const auto found = facts.directories.find(member.alias);
  if (found == facts.directories.end()) return;
  const auto* moved = plan.relocation(member.alias);
  if (moved == nullptr && member.role != NodeMode::kController) return;
  const auto begin = plan.moves.size();
  for (const auto& directory : found->second) {
    if (moved == nullptr && !is_state(directory.setting)) continue;
    auto to = directory.path;
    if (moved != nullptr)
      to = directory.setting == "home" ? home_of(moved->server, member.alias)
                                       : mapped_path(directory.path, *moved, plan.target, member.server);
    const auto same = std::find_if(plan.moves.begin() + static_cast<ptrdiff_t>(begin), plan.moves.end(),
                                   [&](const DirectoryMove& move) { return move.setting == directory.setting; });
    if (same == plan.moves.end()) {
      plan.moves.push_back({member.alias, directory.setting, directory.path, to});
    } else {
      same->from += "," + directory.path;
      same->to += "," + to;
    }
  }
}

int64_t bytes_of(const ClusterFacts& facts, const Plan& plan, const std::string& alias, bool reads) {
  const auto found = facts.directories.find(alias);
  if (found == facts.directories.end()) return -1;
  int64_t sum = 0;
  for (const auto& folder : folders_of_member(plan, alias, reads)) {
    for (const auto& directory : found->second) {
      if (directory.path != folder.first) continue;
      if (directory.bytes < 0) return -1;
      sum += directory.bytes;
      break;
    }
  }
  return sum;
}

class Planner {
 public:
  Planner(const ClusterFacts& facts, const Plan& plan) : facts_(facts), plan_(plan), target_(plan.target) {}

  std::vector<Step> steps() {
    auto hosts = target_.hosts;
    for (const auto& host : hosts_of(facts_.members)) {
      if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
    }
    for (const auto& host : hosts) add(StepKind::kCheckHost, host, host);
    for (const auto& host : target_.hosts) {
      if (gets_program(host)) add(StepKind::kSendPackage, host, host, "effect.none", -1);
    }
    halt();
    copy();
    for (const auto& host : target_.hosts) {
      if (gets_files(host)) add(StepKind::kWriteConfig, host, host);
    }
    for (const auto& host : target_.hosts) add(StepKind::kWriteFiles, host, host);
    start();
    add(StepKind::kVerify, "after", "");
    return std::move(steps_);
  }

 private:
  void add(StepKind kind, const std::string& subject, const std::string& host, const char* effect = "effect.none",
           int64_t bytes = 0) {
    steps_.push_back({kind, subject, host, bytes, {effect, {}}});
  }

  bool gets_files(const std::string& host) const {
    const auto arrivals = plan_.arrivals(host);
    return std::any_of(arrivals.begin(), arrivals.end(),
                       [](const Addition& made) { return !works_on_data(made.role); });
  }
  bool gets_program(const std::string& host) const {
    const auto arrivals = plan_.arrivals(host);
    return std::any_of(arrivals.begin(), arrivals.end(), [&](const Addition& made) {
      return !works_on_data(made.role) &&
             std::none_of(facts_.members.begin(), facts_.members.end(),
                          [&](const Member& m) { return m.host == host && m.server == made.server; });
    });
  }

  void halt() {
    for (const auto role : {NodeMode::kComputeNode, NodeMode::kDataNode, NodeMode::kAgent, NodeMode::kController}) {
      for (const auto& member : members_of(facts_.members, role))
        add(StepKind::kHalt, member.alias, member.host, "effect.stopped");
    }
  }

  void copy() {
    for (const auto& member : members_of(facts_.members, NodeMode::kController)) {
      if (plan_.relocation(member.alias) == nullptr)
        add(StepKind::kKeepState, member.alias, member.host, "effect.stopped",
            bytes_of(facts_, plan_, member.alias, false));
    }
    for (const auto& moved : plan_.relocations)
      add(StepKind::kCopyMember, moved.alias, moved.host, "effect.source_stays",
          bytes_of(facts_, plan_, moved.alias, true));
    for (const auto& moved : plan_.relocations)
      add(StepKind::kFence, moved.alias, find_member(facts_.members, moved.alias)->host, "effect.stopped");
  }

  void start() {
    begin(NodeMode::kController, "effect.stopped");
    add(StepKind::kNoteState, "", "", "effect.stopped");
    for (const auto& made : made_as(NodeMode::kController)) {
      add(StepKind::kBegin, made.alias, made.host, "effect.stopped");
      add(StepKind::kJoin, made.alias, made.host, "effect.stopped");
    }
    begin(NodeMode::kAgent, "effect.stopped");
    join(NodeMode::kAgent, "effect.stopped");
    begin(NodeMode::kDataNode, "effect.serves_again");
    begin(NodeMode::kComputeNode, "effect.none");
    join(NodeMode::kDataNode, "effect.more_room");
  }

  void begin(NodeMode role, const char* effect) {
    for (const auto& member : members_of(facts_.members, role))
      add(StepKind::kBegin, member.alias, plan_.host_after(member), effect);
  }

  void join(NodeMode role, const char* effect) {
    for (const auto& made : made_as(role)) {
      add(StepKind::kJoin, made.alias, made.host);
      add(StepKind::kBegin, made.alias, made.host, effect);
    }
  }

  std::vector<Addition> made_as(NodeMode role) const {
    std::vector<Addition> found;
    std::copy_if(plan_.additions.begin(), plan_.additions.end(), std::back_inserter(found),
                 [&](const Addition& made) { return made.role == role; });
    return found;
  }

  const ClusterFacts& facts_;
  const Plan& plan_;
  const Target& target_;
  std::vector<Step> steps_;
};

/// Two members may not have one port of a host, nor write into one directory of it.
void refuse_collisions(const ClusterFacts& facts, const Plan& plan, std::vector<Note>& refusals) {
  std::map<std::pair<std::string, int>, std::string> ports;
  std::map<std::pair<std::string, std::string>, std::string> writers;
  for (const auto& member : facts.members) {
    const auto host = plan.host_after(member);
    const auto [other, is_free] = ports.emplace(std::pair(host, member.port), member.alias);
    if (!is_free) refusals.push_back({"refuse.port", {member.alias, other->second, host, std::to_string(member.port)}});
    std::vector<std::string> written;
    const auto found = facts.directories.find(member.alias);
    if (plan.relocation(member.alias) != nullptr) {
      for (const auto& folder : folders_of_member(plan, member.alias, false)) written.push_back(folder.second);
    } else if (found != facts.directories.end()) {
      for (const auto& directory : found->second) {
        if (is_state(directory.setting)) written.push_back(directory.path);
      }
    }
    for (const auto& path : written) {
      const auto [writer, is_own] = writers.emplace(std::pair(host, path), member.alias);
      if (!is_own && writer->second != member.alias)
        refusals.push_back({"refuse.directory", {member.alias, writer->second, host, path}});
    }
  }
}

void refuse_hosts(const ClusterFacts& facts, const Plan& plan, std::vector<Note>& refusals) {
  std::map<std::string, int64_t> needed;
  for (const auto& moved : plan.relocations)
    needed[moved.host] += std::max<int64_t>(0, bytes_of(facts, plan, moved.alias, true)) * 11 / 10;
  for (const auto& made : plan.additions) needed[made.host] += 0;
  for (const auto& [host, found] : facts.hosts) {
    if (!found.reachable) {
      refusals.push_back({"refuse.unreachable", {host, found.problem}});
      continue;
    }
    const auto bytes = needed.find(host);
    if (bytes == needed.end() || found.bytes_free < 0) continue;
    const int64_t wanted = bytes->second + kPackageBytes;
    if (found.bytes_free < wanted)
      refusals.push_back({"refuse.room", {host, bytes_text(wanted), bytes_text(found.bytes_free)}});
  }
}

void refuse_shape(const ClusterFacts& facts, const Target& target, std::vector<Note>& refusals) {
  const auto controllers = members_of(facts.members, NodeMode::kController);
  if (controllers.size() > target.hosts.size()) {
    refusals.push_back(
        {"refuse.offline_fewer", {std::to_string(controllers.size()), std::to_string(target.hosts.size())}});
  }
  for (const auto& member : facts.members) {
    if (member.server.empty()) refusals.push_back({"refuse.no_server", {member.alias}});
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> folders_of_member(const Plan& plan, std::string_view alias,
                                                                   bool reads) {
  std::vector<std::pair<std::string, std::string>> all, outer;
  for (const auto& move : plan.moves) {
    if (move.alias != alias || (!reads && !is_state(move.setting))) continue;
    const auto from = config::split(move.from, ','), to = config::split(move.to, ',');
    for (size_t i = 0; i < from.size(); ++i) all.emplace_back(from[i], to[i]);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (const auto& pair : all) {
    const bool goes_along = std::any_of(outer.begin(), outer.end(), [&](const auto& o) {
      return lies_in(pair.first, o.first) && pair.second == o.second + pair.first.substr(o.first.size());
    });
    if (!goes_along) outer.push_back(pair);
  }
  return outer;
}

Addition place_after(const Plan& plan, const Member& member) {
  if (const auto* moved = plan.relocation(member.alias)) return *moved;
  return {member.alias, member.role, member.host, member.port, member.server, ""};
}

std::vector<Member> members_after(const Plan& plan) {
  auto members = plan.before;
  for (auto& member : members) member.host = plan.host_after(member);
  return members;
}

std::string settings_after(const Plan& plan, const std::string& cluster_cfg) {
  auto text = cluster_cfg;
  config::Findings findings;
  const auto config = config::parse_cluster_config(cluster_cfg, "", findings);
  for (const auto& moved : plan.relocations) {
    if (!works_on_data(moved.role)) continue;
    const auto* before = find_member(plan.before, moved.alias);
    for (const auto& [setting, value] : config.effective_settings(moved.alias)) {
      if (!is_path_setting(setting)) continue;
      const auto mapped = mapped_paths(value.text, moved, plan.target, before->server);
      if (mapped != value.text) text = with_own_value(text, moved.alias, setting, mapped);
    }
  }
  return text;
}

PlanOutcome make_plan_offline(const ClusterFacts& facts, const Target& target) {
  PlanOutcome outcome;
  auto& plan = outcome.plan;
  plan.target = target;
  plan.before = facts.members;
  plan.fails_before = hosts_that_may_fail_among(facts.members);
  Shape shape;
  shape.staying = facts.members;
  outcome.refusals = refusals_of_target(facts, target);
  const auto of_members = refusals_of_members(facts, target, shape);
  outcome.refusals.insert(outcome.refusals.end(), of_members.begin(), of_members.end());
  refuse_shape(facts, target, outcome.refusals);
  if (outcome.refusals.empty()) {
    Placing(facts, plan, outcome.refusals).place_all();
    for (const auto& member : facts.members) add_moves(facts, member, plan);
    refuse_collisions(facts, plan, outcome.refusals);
    refuse_hosts(facts, plan, outcome.refusals);
    if (plan.relocations.empty() && plan.additions.empty()) outcome.refusals.push_back({"refuse.nothing", {}});
  }
  auto after = members_after(plan);
  for (const auto& made : plan.additions) after.push_back({.alias = made.alias, .role = made.role, .host = made.host});
  plan.fails_after = hosts_that_may_fail_among(after);
  plan.warnings.push_back({"warn.full_stop", {}});
  for (const auto& note : warnings_of_level(facts, target)) plan.warnings.push_back(note);
  for (auto& note : warnings_of_items(facts, {}, facts.members)) plan.warnings.push_back(std::move(note));
  if (outcome.refusals.empty()) plan.steps = Planner(facts, plan).steps();
  plan.id = plan_id(plan);
  return outcome;
}

}  // namespace pelorus::cli::migrate
