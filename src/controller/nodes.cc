// The service's answers to and about nodes: registration, heartbeats, status tables, starting and stopping.

#include <algorithm>
#include <charconv>
#include <set>

#include "base/fault_point.h"
#include "base/log.h"
#include "controller/node_control.h"
#include "controller/metadata_service.h"
#include "controller/recover_replicas.h"

namespace pelorus::controller {
namespace {

void add_all(std::vector<meta::Order>& to, const std::vector<meta::Order>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// Orders to copy what has been copied are given no more, though the next plan is still to come. True: there were some.
bool strike_recovered(std::vector<meta::Order>& orders, const std::vector<std::pair<ChunkId, Version>>& recovered) {
  std::set<ChunkId> done;
  for (const auto& [chunk, version] : recovered) done.insert(chunk);
  return std::erase_if(orders, [&](const meta::Order& order) {
           return order.kind == meta::Order::Kind::kRecover && done.contains(order.chunk);
         }) > 0;
}

}  // namespace

uint64_t MetadataService::copy_throttle(const meta::State& state) const {
  const auto otherwise = options_.copy_megabytes_per_second;
  const auto record = state.records.find({meta::kSettingsArea, meta::kRecoveryThrottle});
  if (record == state.records.end()) return otherwise;
  uint64_t megabytes = 0;
  const auto& text = record->second;
  const auto end = text.data() + text.size();
  return std::from_chars(text.data(), end, megabytes).ptr == end ? megabytes : otherwise;
}

Result<Bytes> MetadataService::register_node(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::RegisterRequest>(payload, meta::kRegisterNode));
  TRY(const auto reply, take_registration(request));
  return encode(reply);
}

Result<meta::RegisterReply> MetadataService::take_registration(const meta::RegisterRequest& request) {
  const auto [cluster, known] = machine_.read([&](const meta::State& state) {
    const auto* node = state.find_node(request.alias);
    return std::pair(state.cluster, node == nullptr ? std::optional<meta::Node>() : *node);
  });
  if (cluster.is_nil()) return Error{ErrorCode::kUnavailable, "the cluster is still being founded; try again"};
  if (!request.cluster.is_nil() && request.cluster != cluster) {
    return Error{ErrorCode::kDenied, "The node " + request.alias + " belongs to another cluster: " +
                                         request.cluster.to_string() + ", not " + cluster.to_string()};
  }
  // It knows the cluster from inside, so it was a member. A data node keeps asking: its replicas are not to vanish.
  if (!known && !request.cluster.is_nil() && request.role == meta::NodeRole::kController) {
    for (const auto& member : log_.status().members) {
      if (member.alias == request.alias)
        return Error{ErrorCode::kUnavailable, request.alias + " is being removed from the cluster"};
    }
    return meta::RegisterReply{.cluster = cluster, .leader = options_.self.alias, .removed = true};
  }
  reach(FaultPoint::kRegistrationReceived);
  const std::shared_lock lock(raising_);
  const auto level = machine_.read([](const meta::State& state) { return state.level; });
  if (const auto able = check_runs_at(request.build, level); !able.ok()) {
    log_warning("not registered: " + request.alias + ": " + able.error().message);
    return meta::RegisterReply{
        .cluster = cluster, .leader = options_.self.alias, .level = level, .refusal = able.error().message};
  }
  const auto running = live_.live_boot(request.alias);
  const bool moved = known && (known->host != request.host || known->port != request.port);
  if (running && *running != request.boot && moved) {
    return Error{ErrorCode::kConflict, "The node " + request.alias + " is running already at " + known->site() +
                                           "; a copy of its directory can't join as well."};
  }
  if (known && known->role != request.role) {
    return Error{ErrorCode::kDenied, "The node " + request.alias + " is a " + std::string(name_of(known->role)) +
                                         " in cluster.nodes, not a " + std::string(name_of(request.role)) + "."};
  }
  // A controller that lost its disk comes back as another node. What it had promised in the metadata log is void, so it
  // joins the group anew (next_member_change).
  const bool is_another = known && !known->uuid.is_nil() && known->uuid != request.uuid;
  // A data node does where it was. Elsewhere it was moved, and its data forgotten: that is refused.
  const bool lost_data = is_another && known->holds_data() && !moved;
  if (lost_data) TRY_DONE(give_up_replicas(request));
  const bool replaces = lost_data || (is_another && known->role == meta::NodeRole::kController && !running);
  TRY(const auto answer, propose(meta::RegisterNode{.alias = request.alias,
                                                    .uuid = request.uuid,
                                                    .boot = request.boot,
                                                    .host = request.host,
                                                    .port = request.port,
                                                    .replace_uuid = replaces,
                                                    .now_ns = clock_.wall_ns(),
                                                    .build = request.build}));
  TRY(const auto registered, meta::decode<meta::Registered>(answer, "registration"));
  reach(FaultPoint::kRegistrationRecorded);
  if (!request.learns_cluster) live_.registered(request.alias, request.boot, registered.epoch);
  log_info("node registered: " + request.host + ":" + std::to_string(request.port) + ":" + request.alias + ", epoch " +
           std::to_string(registered.epoch) + ", " + std::to_string(request.chunks.size()) + " chunk(s)");
  meta::RegisterReply reply{
      .cluster = cluster, .epoch = registered.epoch, .leader = options_.self.alias, .level = level};
  reply.configuration_revision = machine_.read([](const meta::State& state) { return state.configuration.revision; });
  const auto grace = known && known->boot != request.boot ? std::chrono::seconds(0) : kReportGrace;
  if (!known || !known->holds_data()) return reply;
  take_findings(machine_.read([&](const meta::State& state) {
    return compare_report(state, request.alias, request.chunks, clock_.wall_ns(), grace);
  }),
                reply.orders);
  return reply;
}

Status MetadataService::give_up_replicas(const meta::RegisterRequest& request) {
  const auto& alias = request.alias;
  if (!request.chunks.empty()) {
    return Error{ErrorCode::kDenied, "The node " + alias +
                                         " is not the member of that name and has chunks of its own; " +
                                         "a data node takes the place of a lost one with empty directories only."};
  }
  if (!live_.is_gone(alias, live_.timeout()))
    return Error{ErrorCode::kUnavailable, "The node " + alias + " was heard of a moment ago as another one; try again"};
  meta::ChangeReplicas lost;
  std::string last;
  size_t last_count = 0;
  machine_.read([&](const meta::State& state) {
    for (const auto& [id, chunk] : state.chunks) {
      const auto* replica = chunk.find(alias);
      if (replica == nullptr || chunk.version == 0) continue;
      lost.changes.push_back({id, alias, meta::ReplicaChange::Kind::kStale, 0});
      if (replica->stale || chunk.good_replicas() > 1) continue;
      if (last_count++ == 0) last = meta::chunk_path(state, chunk);
    }
  });
  if (last_count > 0) {
    return Error{ErrorCode::kConflict, "The node " + alias + " comes without its data, and " +
                                           std::to_string(last_count) +
                                           " chunk(s) have no other good replica, the first of them " + last +
                                           ". Bring its directories back, or drop those partitions; then it is taken."};
  }
  log_warning("the node " + alias + " comes back without its data: its " + std::to_string(lost.changes.size()) +
              " replica(s) are lost and will be copied from others");
  // Before the new node has the name: whatever happens in between, nobody reads or counts what it does not have.
  TRY(const auto done, propose(lost));
  return {};
}

void MetadataService::take_findings(const ReportFindings& findings, std::vector<meta::Order>& orders) {
  for (const auto& alarm : findings.alarms) log_error(alarm);
  add_all(orders, findings.orders);
  const std::lock_guard lock(mutex_);
  changes_.insert(changes_.end(), findings.changes.begin(), findings.changes.end());
  if (!findings.changes.empty()) plan_at_once();
}

void MetadataService::take_report(const meta::Heartbeat& beat, std::vector<meta::Order>& orders) {
  if (!beat.chunks && beat.asked_for.empty()) return;
  const auto now_ns = clock_.wall_ns();
  take_findings(machine_.read([&](const meta::State& state) {
    return beat.chunks ? compare_report(state, beat.alias, *beat.chunks, now_ns, kReportGrace)
                       : compare_chunks(state, beat.alias, beat.asked_for, now_ns, kReportGrace);
  }),
                orders);
}

Result<Bytes> MetadataService::heartbeat(std::string_view payload) {
  TRY(const auto beat, meta::decode<meta::Heartbeat>(payload, meta::kHeartbeat));
  meta::HeartbeatReply reply{.leader = leader()};
  if (!machine_.leads() || !live_.heard(beat)) {
    reply.register_again = true;
    return encode(reply);
  }
  machine_.read([&](const meta::State& state) {
    reply.register_again = state.find_node(beat.alias) == nullptr;  // removed: to be told so
    reply.configuration_revision = state.configuration.revision;
    reply.catalogue_revision = state.catalogue_revision;
    reply.access_revision = state.access_revision;
    reply.copy_bytes_per_second = copy_throttle(state) * 1000000;
    reply.level = state.level;
  });
  if (reply.register_again) return encode(reply);
  take_report(beat, reply.orders);
  const auto drops = live_.drops_for(beat.alias);
  machine_.read([&](const meta::State& state) {
    for (const auto id : drops) {
      // It may have been placed here again since: a replica that moves there and back within the minute that orders are
      // repeated.
      const auto* chunk = state.find_chunk(id);
      if (chunk != nullptr && chunk->find(beat.alias) != nullptr) continue;
      reply.orders.push_back({.kind = meta::Order::Kind::kDrop, .chunk = id});
    }
  });
  const std::lock_guard lock(mutex_);
  for (const auto id : beat.published) published_.emplace_back(id, beat.alias);
  for (const auto& [chunk, version] : beat.recovered) {
    changes_.push_back({chunk, beat.alias, meta::ReplicaChange::Kind::kGood, version});
  }
  const auto planned = orders_.find(beat.alias);
  if (planned == orders_.end()) return encode(reply);
  if (strike_recovered(planned->second, beat.recovered) && planned->second.size() <= kCopyOrdersMax / 2) plan_at_once();
  add_all(reply.orders, planned->second);
  return encode(reply);
}

meta::PerfReply MetadataService::perf_of(const meta::State& state, bool controllers) const {
  meta::PerfReply reply;
  const auto leading = leader();
  // Only a leader hears anybody.
  const auto live = machine_.leads() ? live_in_group(log_.status()) : std::set<std::string>{options_.self.alias};
  for (const auto& [alias, node] : state.nodes) {
    const bool is_controller = node.role == meta::NodeRole::kController;
    if (is_controller && !controllers) continue;
    auto& row = reply.nodes.emplace_back();
    row.node = node;
    row.metrics = live_.metrics(alias);
    row.alive = live.contains(alias);
    row.agent = node.role == meta::NodeRole::kAgent ? "" : agent_of(state, node);
    if (is_controller && row.alive) row.is_leader = alias == leading;
  }
  return reply;
}

Result<Bytes> MetadataService::cluster_perf(std::string_view payload) {
  await_first_heartbeats();
  if (!machine_.leads()) return Error{ErrorCode::kNotLeader, ""};
  return own_perf(payload);
}

Result<Bytes> MetadataService::own_perf(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::PerfRequest>(payload, meta::kClusterPerf));
  return machine_.read([&](const meta::State& state) { return encode(perf_of(state, request.controllers)); });
}

Result<Bytes> MetadataService::chunks_status(std::string_view) {
  const auto live = live_.live();
  return machine_.read([&](const meta::State& state) {
    meta::ChunksReply reply;
    for (const auto& [id, chunk] : state.chunks) {
      reply.chunks.push_back({chunk, chunk_path(state, chunk), state_of(chunk, live)});
    }
    return encode(reply);
  });
}

Result<Bytes> MetadataService::who_leads(std::string_view) {
  meta::LeaderReply reply{.leader = leader()};
  for (const auto& member : log_.status().members)
    reply.members.push_back({member.alias, std::string(name_of(member.role)), member.id});
  machine_.read([&](const meta::State& state) {
    reply.initialised = !state.cluster.is_nil() && !reply.leader.empty();
    if (const auto* node = state.find_node(reply.leader)) {
      reply.host = node->host;
      reply.port = node->port;
    }
  });
  return encode(reply);
}

}  // namespace pelorus::controller
