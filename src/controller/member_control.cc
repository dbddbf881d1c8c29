// What administrators ask about members: the leader checks it (membership.h, move_replicas.h) and records it in the
// state; duties.cc carries it out.

#include <algorithm>

#include "base/log.h"
#include "controller/membership.h"
#include "controller/metadata_service.h"
#include "controller/move_replicas.h"
#include "meta/messages/member_messages.h"

namespace pelorus::controller {
namespace {

using Kind = meta::MemberRequest::Kind;

constexpr double kNanosecondsOfDay = 86400e9;

std::string_view name_of(Kind kind) {
  constexpr std::string_view kNames[] = {"adds the controller ",
                                         "promotes ",
                                         "demotes ",
                                         "removes the controller ",
                                         "hands over to ",
                                         "drains ",
                                         "undrains ",
                                         "gives a new address to ",
                                         "removes the node ",
                                         "raises the feature level "};
  return kNames[std::min(static_cast<size_t>(kind), std::size(kNames) - 1)];
}

Error no_group() {
  return {ErrorCode::kInvalid,
          "This cluster has one controller and no group; set dfsHAMode=Raft in controller.cfg and restart it first."};
}

Error no_member(const std::string& alias) { return {ErrorCode::kNotFound, "There is no member " + alias + "."}; }

}  // namespace

/// Members of the group as the leader's log hears them, which is sooner than heartbeats; others by their heartbeats.
std::set<std::string> MetadataService::live_in_group(const raft::LogStatus& status) const {
  auto live = live_.live();
  for (const auto& member : status.members) live.insert(member.alias);
  for (const auto& alias : status.silent) live.erase(alias);
  live.insert(options_.self.alias);
  return live;
}

void MetadataService::await_first_heartbeats() {
  const auto awaits_somebody = [&] {
    if (led_term_ != machine_.term()) return true;
    const auto group = log_.status().members;  // the log hears these
    return machine_.read([&](const meta::State& state) {
      return std::ranges::any_of(state.nodes, [&](const auto& entry) {
        const auto& [alias, node] = entry;
        return !node.uuid.is_nil() && alias != options_.self.alias &&
               std::ranges::find(group, alias, &raft::Member::alias) == group.end() &&
               live_.is_awaited(alias, options_.first_heartbeats);
      });
    });
  };
  wait_while([&] { return machine_.leads() && awaits_somebody(); });
}

std::set<std::string> MetadataService::live_members() {
  await_first_heartbeats();
  return live_in_group(log_.status());
}

Result<Bytes> MetadataService::change_member(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::MemberRequest>(payload, meta::kChangeMember));
  const auto done = [&]() -> Status {
    switch (request.kind) {
      case Kind::kAddController: return add_controller(request);
      case Kind::kPromote:
      case Kind::kDemote:
      case Kind::kRemoveController: return change_vote(request);
      case Kind::kTransferLeader: return transfer_leader(request);
      case Kind::kDrain:
      case Kind::kUndrain: return drain(request);
      case Kind::kReaddress: return readdress(request);
      case Kind::kRemoveNode: return remove_node(request);
      case Kind::kRaiseLevel: return raise_level(request);
    }
    return Error{ErrorCode::kInvalid, "unknown change of a member: " + std::to_string(static_cast<int>(request.kind))};
  }();
  log_info("members: " + request.user + " " + std::string(name_of(request.kind)) + request.alias +
           (done.ok() ? "" : ", refused: " + done.error().message));
  if (!done.ok()) return done.error();
  return encode(meta::MemberAnswer{.leader = options_.self.alias});
}

Status MetadataService::add_controller(const meta::MemberRequest& request) {
  if (!options_.forms_group) return no_group();
  const auto known = machine_.read([&](const meta::State& state) { return state.find_node(request.alias) != nullptr; });
  if (known) return Error{ErrorCode::kAlreadyExists, "There is a member " + request.alias + " already."};
  meta::Node node{
      .alias = request.alias, .role = meta::NodeRole::kController, .host = request.host, .port = request.port};
  node.learner_only = !request.flag;
  TRY_DONE(propose(meta::PutNode{node}));
  return {};
}

Status MetadataService::change_vote(const meta::MemberRequest& request) {
  if (!options_.forms_group) return no_group();
  const auto change = request.kind == Kind::kPromote  ? VoteChange::kPromote
                      : request.kind == Kind::kDemote ? VoteChange::kDemote
                                                      : VoteChange::kRemove;
  const auto status = log_.status();
  const auto live = live_in_group(status);
  TRY_DONE(machine_.read(
      [&](const meta::State& state) { return check_vote_change(state, status.members, live, change, request.alias); }));
  if (change == VoteChange::kRemove) {
    TRY_DONE(propose(meta::RemoveNode{request.alias}));
  } else {
    TRY_DONE(
        propose(meta::MarkNode{.alias = request.alias, .draining = {}, .learner_only = change == VoteChange::kDemote}));
  }
  return {};
}

Status MetadataService::transfer_leader(const meta::MemberRequest& request) {
  if (!options_.forms_group) return no_group();
  const auto status = log_.status();
  const auto live = live_in_group(status);
  const auto& self = options_.self.alias;
  TRY_DONE(machine_.read(
      [&](const meta::State& state) { return check_transfer(state, status.members, live, self, request.alias); }));
  if (request.alias == self) return {};
  log_.transfer_leadership(request.alias, [](Status done) {
    if (!done.ok()) log_warning("controllers' group: the leadership was not handed over: " + done.error().message);
  });
  return {};
}

Status MetadataService::drain(const meta::MemberRequest& request) {
  const bool drains = request.kind == Kind::kDrain;
  const auto live = live_members();
  if (drains) {
    TRY_DONE(machine_.read([&](const meta::State& state) -> Status {
      const auto* node = state.find_node(request.alias);
      if (node == nullptr) return no_member(request.alias);
      if (node->draining || !node->holds_data()) return {};
      return check_drain(state, options_.placement, live, request.alias);
    }));
  }
  TRY_DONE(propose(meta::MarkNode{.alias = request.alias, .draining = drains, .learner_only = {}}));
  return {};
}

Status MetadataService::readdress(const meta::MemberRequest& request) {
  auto node = machine_.read([&](const meta::State& state) {
    const auto* found = state.find_node(request.alias);
    return found == nullptr ? std::optional<meta::Node>() : *found;
  });
  if (!node) return no_member(request.alias);
  if (node->host == request.host && node->port == request.port) return {};
  if (live_members().contains(request.alias)) {
    return Error{ErrorCode::kConflict, "The node " + request.alias + " is running at " + node->host + ":" +
                                           std::to_string(node->port) +
                                           "; stop it first and start it at the new address afterwards."};
  }
  node->host = request.host;
  node->port = request.port;
  TRY_DONE(propose(meta::PutNode{*node}));
  return {};
}

Status MetadataService::remove_node(const meta::MemberRequest& request) {
  const auto node = machine_.read([&](const meta::State& state) {
    const auto* found = state.find_node(request.alias);
    return found == nullptr ? std::optional<meta::Node>() : *found;
  });
  if (!node) return no_member(request.alias);
  if (node->role == meta::NodeRole::kController) {
    return Error{ErrorCode::kInvalid,
                 request.alias + " is a controller; use removeController, which looks after the votes."};
  }
  if (!request.flag && live_members().contains(request.alias)) {
    return Error{ErrorCode::kConflict, "The node " + request.alias + " is running; stop it first or pass force=true."};
  }
  TRY_DONE(propose(meta::RemoveNode{request.alias}));
  live_.forget(request.alias);
  return {};
}

/// Members that never ran a program are judged when they register.
Status MetadataService::raise_level(const meta::MemberRequest& request) {
  const std::unique_lock lock(raising_);
  uint32_t level = 0, highest = UINT32_MAX;
  std::string unable;
  machine_.read([&](const meta::State& state) {
    level = state.level;
    for (const auto& [alias, node] : state.nodes) {
      if (!node.uuid.is_nil()) highest = std::min(highest, node.build.newest_level);
    }
    for (const auto& [alias, node] : state.nodes) {
      if (node.uuid.is_nil() || request.level == 0 || node.build.runs_at(request.level)) continue;
      unable += (unable.empty() ? "" : "; ") + alias + " runs " + node.build.describe();
    }
  });
  const auto wanted = request.level == 0 ? std::max(level, highest == UINT32_MAX ? level : highest) : request.level;
  if (wanted < level) {
    return Error{ErrorCode::kInvalid, "The cluster is at feature level " + std::to_string(level) + " and stays there."};
  }
  if (!unable.empty()) {
    return Error{ErrorCode::kConflict, "Not every member knows feature level " + std::to_string(wanted) + ": " +
                                           unable + ". Upgrade or remove these first."};
  }
  if (wanted > level) TRY_DONE(propose(meta::RaiseLevel{wanted}));
  return {};
}

Result<Bytes> MetadataService::list_members(std::string_view) {
  const auto live = live_members();
  const auto status = log_.status();
  meta::MembersReply reply{.leader = options_.self.alias, .replicas = options_.placement.replicas, .members = {}};
  machine_.read([&](const meta::State& state) {
    const auto draining = drain_progress(state);
    reply.copy_megabytes_per_second = copy_throttle(state);
    reply.level = state.level;
    for (const auto& [alias, node] : state.nodes) {
      auto& row = reply.members.emplace_back();
      row.node = node;
      row.alive = live.contains(alias);
      row.chunks = node.replica_count;
      if (const auto found = draining.find(alias); found != draining.end()) row.rows = found->second.rows_left;
      const auto applied = alias == options_.self.alias ? status.applied_index : live_.log_index(alias);
      for (const auto& member : status.members) {
        if (member.alias != alias) continue;
        row.vote = raft::name_of(member.role);
        row.lag = status.applied_index - std::min(status.applied_index, applied);
      }
    }
    // Taken out of the state and still in the group: on its way out.
    for (const auto& member : status.members) {
      if (state.find_node(member.alias) != nullptr) continue;
      auto& row = reply.members.emplace_back();
      row.node = {.alias = member.alias, .role = meta::NodeRole::kController};
      row.alive = live.contains(member.alias);
      row.vote = raft::name_of(member.role);
    }
  });
  return encode(reply);
}

Result<Bytes> MetadataService::move_replicas(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::MoveRequest>(payload, meta::kMoveReplicas));
  if (request.source == request.target)
    return Error{ErrorCode::kInvalid, "Source and destination are the same: " + request.source};
  std::vector<meta::ReplicaChange> moves;
  TRY_DONE(machine_.read([&](const meta::State& state) -> Status {
    for (const auto id : request.chunks) {
      const auto* chunk = state.find_chunk(id);
      if (chunk == nullptr) return Error{ErrorCode::kNotFound, "There is no chunk " + std::to_string(id.value) + "."};
      if (chunk->find(request.target) != nullptr) continue;
      TRY_DONE(check_move(state, options_.placement, *chunk, request.source, request.target));
      moves.push_back(
          {.chunk = id, .node = request.source, .kind = meta::ReplicaChange::Kind::kMove, .target = request.target});
    }
    return {};
  }));
  log_info("members: " + request.user + " moves " + std::to_string(moves.size()) + " replica(s) from " +
           request.source + " to " + request.target);
  TRY_DONE(propose_moves(std::move(moves)));
  return Bytes();
}

Result<Bytes> MetadataService::rebalance(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::RebalanceRequest>(payload, meta::kRebalance));
  const auto age_ns = static_cast<int64_t>(request.unwritten_days * kNanosecondsOfDay);
  const auto live = live_members();
  meta::RebalanceReply reply;
  reply.moves = machine_.read([&](const meta::State& state) {
    return plan_rebalance(state, options_.placement, live, clock_.wall_ns() - age_ns);
  });
  if (request.execute) {
    log_info("members: " + request.user + " moves " + std::to_string(reply.moves.size()) +
             " replica(s) for an even spread");
    TRY_DONE(propose_moves(reply.moves));
  }
  return encode(reply);
}

Status MetadataService::propose_moves(std::vector<meta::ReplicaChange> moves) {
  if (moves.empty()) return {};
  TRY_DONE(propose(meta::ChangeReplicas{.changes = std::move(moves)}));
  return {};
}

}  // namespace pelorus::controller
