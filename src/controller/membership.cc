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

struct Votes {
  size_t voters = 0;
  size_t live = 0;
  std::vector<std::string> silent;
};

Votes count_votes(const std::vector<raft::Member>& members, const std::set<std::string>& live) {
  Votes votes;
  for (const auto& member : members) {
    if (member.role != raft::MemberRole::kVoter) continue;
    ++votes.voters;
    if (live.contains(member.alias))
      ++votes.live;
    else
      votes.silent.push_back(member.alias);
  }
  return votes;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

const raft::Member* find_member(const std::vector<raft::Member>& members, const std::string& alias) {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const raft::Member& member) { return member.alias == alias; });
  return found == members.end() ? nullptr : &*found;
}

Status check_controller(const meta::State& state, const std::string& alias) {
  std::vector<std::string> controllers;
  for (const auto& [name, node] : state.nodes) {
    if (node.role == meta::NodeRole::kController) controllers.push_back(name);
  }
  if (std::find(controllers.begin(), controllers.end(), alias) != controllers.end()) return {};
  return Error{ErrorCode::kNotFound, alias + " is no controller; the controllers are " + listed(controllers) + "."};
}

/// What the state wishes of a member of the group.
enum class Wish : uint8_t { kStay, kLearn, kLeave };
Wish wish_for(const meta::State& state, const raft::Member& member) {
  const auto* node = state.find_node(member.alias);
  if (node == nullptr) return Wish::kLeave;
  const bool known = node->role == meta::NodeRole::kController && !node->uuid.is_nil();
  if (known && raft::member_id_of(node->uuid.to_string()) != member.id) return Wish::kLeave;  // came back as another
  return node->learner_only && member.role == raft::MemberRole::kVoter ? Wish::kLearn : Wish::kStay;
}

}  // namespace

BootstrapDecision decide_bootstrap(const BootstrapView& view) {
  const auto& self = view.self;
  if (self.has_log) return {.verdict = Verdict::kResume, .reason = "this controller has a log"};
  if (self.had_log) {
    return {.verdict = Verdict::kJoin,
            .reason = "the log is lost: joins again under a new node UUID",
            .cluster = self.cluster};
  }
  if (!self.cluster.is_nil()) {
    // It had decided to found or adopt and stopped before the log was made.
    return {.verdict = Verdict::kAdopt,
            .reason = "resumes the foundation",
            .cluster = self.cluster,
            .voters = voters_of(self.founders),
            .founders = self.founders};
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
  if (founders.front().alias != self.alias)
    return {.reason = "waits for " + founders.front().alias + " to found the cluster"};
  return {.verdict = Verdict::kFound,
          .reason = "all listed controllers are empty and agree",
          .voters = voters_of(founders),
          .founders = founders};
}

DamageDecision decide_damage(const BootstrapView& view) {
  using Damage = DamageDecision::Verdict;
  std::string silent;
  for (const auto& [alias, peer] : view.peers) {
    if (!peer)
      silent += (silent.empty() ? "" : ", ") + alias;
    else if (peer->has_log && peer->cluster == view.self.cluster)
      return {Damage::kRejoin, alias + " has the cluster's metadata log"};
  }
  if (!silent.empty()) return {Damage::kWait, "waits for another controller of the cluster to be reachable: " + silent};
  return {Damage::kStop, "no other controller has the cluster's metadata log"};
}

std::optional<MemberChange> next_member_change(const meta::State& state, const std::vector<raft::Member>& members,
                                               const std::set<std::string>& live, const std::string& leader) {
  const auto votes = count_votes(members, live);
  const auto identity_of = [&](const std::string& alias) -> uint64_t {
    const auto* node = state.find_node(alias);
    if (node == nullptr || node->role != meta::NodeRole::kController || node->uuid.is_nil()) return 0;
    return raft::member_id_of(node->uuid.to_string());
  };
  for (const auto& member : members) {
    const auto wish = wish_for(state, member);
    if (wish == Wish::kStay) continue;
    const bool is_voter = member.role == raft::MemberRole::kVoter;
    const auto live_after = votes.live - (is_voter && live.contains(member.alias) ? 1 : 0);
    if (is_voter && live_after * 2 <= votes.voters - 1) return {};  // the rest would have no live majority
    if (member.alias == leader) return MemberChange{MemberChange::Kind::kHandOver, member};
    return MemberChange{wish == Wish::kLearn ? MemberChange::Kind::kDemote : MemberChange::Kind::kRemove, member};
  }
  if (votes.live * 2 <= votes.voters) return {};
  for (const auto& member : members) {
    const auto* node = state.find_node(member.alias);
    const bool may_vote = node != nullptr && !node->learner_only;
    if (member.role == raft::MemberRole::kLearner && may_vote && live.contains(member.alias)) {
      return MemberChange{MemberChange::Kind::kPromote, member};
    }
  }
  for (const auto& alias : live) {
    const auto id = identity_of(alias);
    const bool is_member =
        std::any_of(members.begin(), members.end(), [&](const raft::Member& m) { return m.alias == alias; });
    if (id != 0 && !is_member) {
      return MemberChange{MemberChange::Kind::kAddLearner, {id, alias, raft::MemberRole::kLearner}};
    }
  }
  return {};
}

Status check_vote_change(const meta::State& state, const std::vector<raft::Member>& members,
                         const std::set<std::string>& live, VoteChange change, const std::string& alias) {
  TRY_DONE(check_controller(state, alias));
  const auto* member = find_member(members, alias);
  const bool votes_now = member != nullptr && member->role == raft::MemberRole::kVoter;
  const bool is_live = live.contains(alias);
  const bool promotes = change == VoteChange::kPromote;
  if (promotes == votes_now) return {};  // a learner that leaves, or nothing to do
  if (promotes && !is_live) {
    return Error{ErrorCode::kConflict,
                 alias + " is not running and can't catch up; start its controller process first."};
  }
  const auto before = count_votes(members, live);
  const auto voters = promotes ? before.voters + 1 : before.voters - 1;
  const auto live_after = before.live + (promotes ? 1 : 0) - (!promotes && is_live ? 1 : 0);
  const auto what = std::string(promotes                        ? "Promoting "
                                : change == VoteChange::kDemote ? "Demoting "
                                                                : "Removing ") +
                    alias;
  if (voters == 0) {
    return Error{ErrorCode::kInvalid,
                 what +
                     " is impossible: it is the last voter of the controllers' group. Add another controller first "
                     "(addController)."};
  }
  if (live_after * 2 > voters) return {};
  auto silent = before.silent;
  std::erase(silent, alias);
  return Error{ErrorCode::kConflict, what + " would leave " + std::to_string(live_after) + " live of " +
                                         std::to_string(voters) +
                                         " voters, which is no majority. Start the silent ones first (" +
                                         listed(silent) + ") or add a controller (addController)."};
}

Status check_transfer(const meta::State& state, const std::vector<raft::Member>& members,
                      const std::set<std::string>& live, const std::string& leader, const std::string& alias) {
  if (alias.empty()) {
    const bool any = std::any_of(members.begin(), members.end(), [&](const raft::Member& member) {
      return member.alias != leader && member.role == raft::MemberRole::kVoter && live.contains(member.alias);
    });
    if (any) return {};
    return Error{ErrorCode::kConflict,
                 "No other live voter can take over from " + leader + "; add or start a controller first."};
  }
  TRY_DONE(check_controller(state, alias));
  const auto* member = find_member(members, alias);
  if (member == nullptr || member->role != raft::MemberRole::kVoter) {
    return Error{ErrorCode::kInvalid, alias + " is no voter and can't lead; promote it first (promoteController)."};
  }
  if (live.contains(alias) || alias == leader) return {};
  return Error{ErrorCode::kConflict, alias + " is not running and can't lead; start its controller process first."};
}

}  // namespace pelorus::controller
