#include "cli/migrate/in_place.h"

#include <algorithm>

#include "cli/migrate/new_files.h"
#include "cli/migrate/shape.h"

namespace pelorus::cli::migrate {
namespace {

bool works_on_data(const Member& member) {
  return member.role == NodeMode::kDataNode || member.role == NodeMode::kComputeNode;
}

class Planner {
 public:
  Planner(const ClusterFacts& facts, const Plan& plan) : facts_(facts), plan_(plan), target_(plan.target) {}

  std::vector<Step> steps() {
    const auto& host = target_.moved.empty() ? target_.directory_host : target_.moved_to;
    add(StepKind::kCheckHost, host, host, {"effect.none", {}});
    if (target_.moved.empty())
      move_directories();
    else
      move_host();
    add(StepKind::kVerify, "after", "", {"effect.none", {}});
    return std::move(steps_);
  }

 private:
  void add(StepKind kind, const std::string& subject, const std::string& host, Note effect, int64_t bytes = 0) {
    steps_.push_back({kind, subject, host, bytes, std::move(effect)});
  }

  void pause(const Member& member) {
    const auto controllers = members_of(facts_.members, NodeMode::kController).size();
    Note effect{"effect.none", {}};
    if (member.role == NodeMode::kController) {
      if (controllers > 1) add(StepKind::kYieldLeader, member.alias, member.host, {"effect.election", {}});
      effect = controllers > 1 ? Note{"effect.one_less", {std::to_string(controllers - 1), std::to_string(controllers)}}
                               : Note{"effect.no_controller", {}};
    }
    if (works_on_data(member)) effect = {"effect.others_serve", {}};
    add(StepKind::kPause, member.alias, member.host, std::move(effect));
  }

  void go_on(const Member& member, const std::string& host) {
    add(StepKind::kContinue, member.alias, host,
        works_on_data(member) ? Note{"effect.complete_again", {}} : Note{"effect.none", {}});
  }

  void readdress(const Member& member, const std::string& host) {
    pause(member);
    add(StepKind::kReaddress, member.alias, host, {"effect.none", {}});
    go_on(member, host);
  }

  void move_host() {
    const auto here = members_on(facts_.members, target_.moved);
    for (const auto& member : members_of(here, NodeMode::kController)) readdress(member, target_.moved_to);
    const auto agents = members_of(here, NodeMode::kAgent);
    std::vector<Member> workers;
    std::copy_if(here.begin(), here.end(), std::back_inserter(workers), works_on_data);
    if (workers.empty()) {
      for (const auto& agent : agents) readdress(agent, target_.moved_to);
    }
    // Nodes are stopped and started by an agent that has their address, so with several nodes it goes to and fro.
    for (size_t i = 0; i < workers.size(); ++i) {
      const auto& node = workers[i];
      pause(node);
      add(StepKind::kReaddress, node.alias, target_.moved_to, {"effect.none", {}});
      for (const auto& agent : agents) readdress(agent, target_.moved_to);
      go_on(node, target_.moved_to);
      if (i + 1 == workers.size()) continue;
      for (const auto& agent : agents) readdress(agent, target_.moved);
    }
    for (const auto& host : target_.hosts) add(StepKind::kWriteFiles, host, host, {"effect.none", {}});
  }

  void move_directories() {
    for (const auto& member : members_on(facts_.members, target_.directory_host)) {
      if (folders_of(plan_.moves, member.alias).empty()) continue;
      pause(member);
      add(StepKind::kCopyDirectories, member.alias, member.host, {"effect.source_stays", {}}, bytes_of(member.alias));
      add(StepKind::kSetDirectories, member.alias, member.host, {"effect.none", {}});
      go_on(member, member.host);
    }
  }

  int64_t bytes_of(const std::string& alias) const {
    const auto found = facts_.directories.find(alias);
    int64_t sum = 0;
    for (const auto& [from, to] : folders_of(plan_.moves, alias)) {
      for (const auto& directory : found->second) {
        if (directory.path != from) continue;
        if (directory.bytes < 0) return -1;
        sum += directory.bytes;
        break;
      }
    }
    return sum;
  }

  const ClusterFacts& facts_;
  const Plan& plan_;
  const Target& target_;
  std::vector<Step> steps_;
};

void refuse_address(const ClusterFacts& facts, const Target& target, std::vector<Note>& refusals) {
  if (members_on(facts.members, target.moved).empty()) refusals.push_back({"refuse.nobody_there", {target.moved}});
  for (const auto& member : members_on(facts.members, target.moved_to))
    refusals.push_back({"refuse.address_taken", {target.moved_to, member.alias}});
  if (!facts.authority_missing.empty())
    refusals.push_back({"refuse.no_authority", {target.moved_to, facts.authority_missing}});
}

void refuse_directories(const Plan& plan, const ClusterFacts& facts, std::vector<Note>& refusals) {
  const auto& target = plan.target;
  if (members_on(facts.members, target.directory_host).empty()) {
    refusals.push_back({"refuse.nobody_there", {target.directory_host}});
    return;
  }
  if (plan.moves.empty()) refusals.push_back({"refuse.no_directory", {target.directory_host, target.paths[0].from}});
  for (const auto& rule : target.paths) {
    const bool nested = lies_in(rule.from, rule.to) || lies_in(rule.to, rule.from);
    if (nested) refusals.push_back({"refuse.nested", {rule.from, rule.to}});
  }
}

/// Stopping one controller must leave a majority, or the operator knows better.
void refuse_pause(const ClusterFacts& facts, const Plan& plan, std::vector<Note>& refusals) {
  const bool stops_controller = std::any_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    const auto* member = step.kind == StepKind::kPause ? find_member(facts.members, step.subject) : nullptr;
    return member != nullptr && member->role == NodeMode::kController;
  });
  const auto voters = members_of(facts.members, NodeMode::kController).size();
  if (stops_controller && (voters - 1) * 2 <= voters && !plan.target.accept_risk)
    refusals.push_back({"refuse.pause", {std::to_string(voters)}});
}

}  // namespace

std::vector<DirectoryMove> directory_moves(const ClusterFacts& facts, const Target& target) {
  std::vector<DirectoryMove> moves;
  for (const auto& member : members_on(facts.members, target.directory_host)) {
    const auto found = facts.directories.find(member.alias);
    if (found == facts.directories.end()) continue;
    const auto like = Addition{member.alias, member.role, member.host, member.port, member.server, ""};
    std::vector<DirectoryMove> own;
    for (const auto& directory : found->second) {
      const auto to = mapped_path(directory.path, like, target, "");
      auto same =
          std::find_if(own.begin(), own.end(), [&](const auto& move) { return move.setting == directory.setting; });
      if (same == own.end()) {
        own.push_back({member.alias, directory.setting, directory.path, to});
      } else {
        same->from += "," + directory.path;
        same->to += "," + to;
      }
    }
    std::copy_if(own.begin(), own.end(), std::back_inserter(moves),
                 [](const auto& move) { return move.from != move.to; });
  }
  return moves;
}

std::vector<std::pair<std::string, std::string>> folders_of(const std::vector<DirectoryMove>& moves,
                                                            std::string_view alias) {
  std::vector<std::pair<std::string, std::string>> all, outer;
  for (const auto& move : moves) {
    if (move.alias != alias) continue;
    const auto from = config::split(move.from, ','), to = config::split(move.to, ',');
    for (size_t i = 0; i < from.size(); ++i) {
      if (from[i] != to[i]) all.emplace_back(from[i], to[i]);
    }
  }
  std::sort(all.begin(), all.end());
  for (const auto& pair : all) {
    const bool inside =
        std::any_of(outer.begin(), outer.end(), [&](const auto& o) { return lies_in(pair.first, o.first); });
    if (!inside) outer.push_back(pair);
  }
  return outer;
}

PlanOutcome make_plan_in_place(const ClusterFacts& facts, const Target& target) {
  PlanOutcome outcome;
  auto& plan = outcome.plan;
  plan.target = target;
  plan.before = facts.members;
  plan.moves = directory_moves(facts, target);
  plan.fails_before = plan.fails_after = hosts_that_may_fail_among(facts.members);
  Shape shape;
  shape.staying = facts.members;
  outcome.refusals = refusals_of_members(facts, target, shape);
  if (!target.moved.empty()) refuse_address(facts, target, outcome.refusals);
  if (!target.directory_host.empty()) refuse_directories(plan, facts, outcome.refusals);
  for (const auto& [host, found] : facts.hosts) {
    if (!found.reachable) outcome.refusals.push_back({"refuse.unreachable", {host, found.problem}});
    if (found.reachable && found.bytes_free >= 0 && found.bytes_free < facts.data_bytes) {
      outcome.refusals.push_back({"refuse.room", {host, bytes_text(facts.data_bytes), bytes_text(found.bytes_free)}});
    }
  }
  if (outcome.refusals.empty()) {
    plan.steps = Planner(facts, plan).steps();
    refuse_pause(facts, plan, outcome.refusals);
  }
  if (facts.replication_factor < 2 || members_of(facts.members, NodeMode::kDataNode).size() < 2)
    plan.warnings.push_back({"warn.no_other_replica", {}});
  std::vector<Member> restarted;
  for (const auto& step : plan.steps) {
    if (step.kind == StepKind::kPause) restarted.push_back(*find_member(facts.members, step.subject));
  }
  for (auto& note : warnings_of_items(facts, {}, restarted)) plan.warnings.push_back(std::move(note));
  plan.id = plan_id(plan);
  return outcome;
}

}  // namespace pelorus::cli::migrate
