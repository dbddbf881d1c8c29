#include "controller/membership.h"

#include <algorithm>

namespace pelorus::controller {
namespace {

using Verdict = BootstrapDecision::Verdict;

std::vector<raft::Member> voters_of(const std::vector<meta::Founder>& founders) {
  std::vector<raft::Member> voters;
  for (const auto& founder : founders) {
    voters.push_back({raft::member_id_of(founder.node.to_string()), founder.alias, raft::MemberRole::kVoter});
  }
  return voters;
}

/// A peer that belongs to a cluster decides for everybody; nothing when there is none.
std::optional<BootstrapDecision> follow_existing(const BootstrapView& view) {
  for (const auto& [alias, peer] : view.peers) {
    if (!peer || peer->cluster.is_nil()) continue;
    const auto& founders = peer->founders;
    const bool is_founder = std::any_of(founders.begin(), founders.end(), [&](const meta::Founder& founder) {
      return founder.alias == view.self.alias && founder.node == view.self.node;
    });
    BootstrapDecision decision{.verdict = is_founder ? Verdict::kAdopt : Verdict::kJoin, .cluster = peer->cluster};
    decision.reason = alias + " belongs to the cluster " + peer->cluster.to_string();
    if (is_founder) {
      decision.voters = voters_of(founders);
      decision.founders = founders;
    }
    return decision;
  }
  return {};
}

}  // namespace

BootstrapDecision decide_bootstrap(const BootstrapView& view) {
  const auto& self = view.self;
  if (self.has_log) return {.verdict = Verdict::kResume, .reason = "this controller has a log"};
  if (self.had_log) {
    return {.verdict = Verdict::kJoin, .reason = "the log is lost: joins again under a new node UUID", .cluster = self.cluster};
  }
  if (!self.cluster.is_nil()) {
    // It had decided to found or adopt and stopped before the log was made.
    return {.verdict = Verdict::kAdopt, .reason = "resumes the foundation", .cluster = self.cluster, .voters = voters_of(self.founders), .founders = self.founders};
  }
  if (auto existing = follow_existing(view)) return *existing;
  std::vector<meta::Founder> founders{{self.alias, self.node}};
  for (const auto& [alias, peer] : view.peers) {
    if (!peer) {
      if (view.forced) continue;
      return {.reason = "waits for the controller " + alias + " to be reachable"};
    }
    if (peer->has_log) return {.reason = "waits: " + alias + " has a log of a cluster it has not named yet"};
    if (peer->controllers != self.controllers) {
      return {.reason = "waits: the controllers in cluster.nodes differ here and on " + alias};
    }
    founders.push_back({alias, peer->node});
  }
  std::sort(founders.begin(), founders.end(), [](const auto& l, const auto& r) { return l.alias < r.alias; });
  if (founders.front().alias != self.alias) return {.reason = "waits for " + founders.front().alias + " to found the cluster"};
  return {.verdict = Verdict::kFound, .reason = "all listed controllers are empty and agree", .voters = voters_of(founders),
          .founders = founders};
}

std::optional<MemberChange> next_member_change(const meta::State& state, const std::vector<raft::Member>& members,
                                               const std::set<std::string>& live) {
  size_t voters = 0, live_voters = 0;
  for (const auto& member : members) {
    if (member.role != raft::MemberRole::kVoter) continue;
    ++voters;
    live_voters += live.contains(member.alias) ? 1 : 0;
  }
  const auto identity_of = [&](const std::string& alias) -> uint64_t {
    const auto* node = state.find_node(alias);
    if (node == nullptr || node->role != meta::NodeRole::kController || node->uuid.is_nil()) return 0;
    return raft::member_id_of(node->uuid.to_string());
  };
  for (const auto& member : members) {
    const bool removed = state.find_node(member.alias) == nullptr;
    const auto id = identity_of(member.alias);
    const bool replaced = id != 0 && id != member.id;
    if (!removed && !replaced) continue;
    const bool is_voter = member.role == raft::MemberRole::kVoter;
    const auto live_after = live_voters - (is_voter && live.contains(member.alias) ? 1 : 0);
    if (is_voter && live_after * 2 <= voters - 1) return {};  // the rest would have no live majority
    return MemberChange{MemberChange::Kind::kRemove, member};
  }
  if (live_voters * 2 <= voters) return {};
  for (const auto& member : members) {
    if (member.role == raft::MemberRole::kLearner && live.contains(member.alias)) {
      return MemberChange{MemberChange::Kind::kPromote, member};
    }
  }
  for (const auto& alias : live) {
    const auto id = identity_of(alias);
    const bool is_member = std::any_of(members.begin(), members.end(), [&](const raft::Member& m) { return m.alias == alias; });
    if (id != 0 && !is_member) {
      return MemberChange{MemberChange::Kind::kAddLearner, {id, alias, raft::MemberRole::kLearner}};
    }
  }
  return {};
}

}  // namespace pelorus::controller
