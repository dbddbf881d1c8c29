// What the leader does without being asked, once every tick; followers only report themselves.

#include <utility>

#include "base/fault_point.h"
#include "base/log.h"
#include "controller/membership.h"
#include "controller/metadata_service.h"

namespace pelorus::controller {
namespace {

constexpr milliseconds kPlanPeriod{1000};
constexpr milliseconds kReportPeriod{1000};

}  // namespace

void MetadataService::tick() {
  if (is_out_) return;
  if (machine_.leads()) {
    lead();
  } else {
    const std::lock_guard lock(mutex_);
    plans_at_once_ = false;
  }
  report_self();
  offer_files();
  write_back();
  const auto nodes = files_.find("cluster.nodes");
  has_settled_nodes_ = nodes != files_.end() && is_known(nodes->first, nodes->second);
}

void MetadataService::lead() {
  if (led_term_ != machine_.term()) {
    led_term_ = machine_.term();
    live_.begin_term();
    const std::lock_guard lock(mutex_);
    orders_.clear();
  }
  found_cluster();
  flush_pending();
  import_files();
  const bool at_once = [&] {
    const std::lock_guard lock(mutex_);
    return std::exchange(plans_at_once_, false);
  }();
  if (!at_once && clock_.now() - planned_ < kPlanPeriod) return;
  planned_ = clock_.now();
  expire_transactions();
  recover();
  reconcile_members();
  expire_partitions();
}

void MetadataService::found_cluster() {
  if (!options_.founding || knows_cluster()) return;
  const auto& founding = *options_.founding;
  if (founding.takes_over && founding.state.empty()) return;  // without it the data would be nobody's
  // Nodes and files first: the UUID says that the rest is there.
  for (const auto& node : founding.nodes) {
    if (const auto done = propose(meta::PutNode{node}); !done.ok())
      log_error("founding the cluster: " + done.error().message);
  }
  for (const auto& [name, text] : founding.configuration) {
    if (const auto done = propose(meta::PutConfiguration{.name = name, .text = text}); !done.ok()) return;
  }
  if (const auto raised = propose(meta::RaiseLevel{founding.level}); !raised.ok()) return;
  const auto done =
      founding.takes_over
          ? propose(meta::TakeOverState{founding.state})
          : propose(meta::FoundCluster{founding.cluster, founding.admin, founding.verifier, clock_.wall_ns()});
  if (!done.ok()) log_error("founding the cluster: " + done.error().message);
  if (done.ok()) log_info("the cluster has been founded: " + founding.cluster.to_string());
}

void MetadataService::flush_pending() {
  meta::CompleteTransactions complete;
  meta::ChangeReplicas change;
  {
    const std::lock_guard lock(mutex_);
    complete.published.swap(published_);
    change.changes.swap(changes_);
  }
  // What gets lost here is found again: by plan_resolution, by the next report, by the next recovery.
  if (!complete.published.empty()) {
    reach(FaultPoint::kCompletionBegun);
    (void)propose(complete);
    reach(FaultPoint::kCompletionRecorded);
  }
  if (change.changes.empty()) return;
  reach(FaultPoint::kReplicasChanging);
  const auto answer = propose(change);
  reach(FaultPoint::kReplicasChanged);
  if (!answer.ok()) return;
  if (const auto dropped = meta::decode<meta::Dropped>(*answer, "dropped chunks"); dropped.ok())
    live_.add_drops(*dropped);
}

void MetadataService::expire_transactions() {
  const auto now_ns = clock_.wall_ns();
  const auto patience = 2 * live_.timeout();
  const auto expired = machine_.read([&](const meta::State& state) {
    std::set<std::string> gone;
    for (const auto& [alias, node] : state.nodes) {
      if (live_.is_gone(alias, patience)) gone.insert(alias);
    }
    return expired_transactions(state, gone, now_ns, options_.transaction_limit);
  });
  for (const auto id : expired) {
    log_warning("aborts the transaction " + std::to_string(id.value) + ": its coordinator does not decide it");
    reach(FaultPoint::kExpiryBegun);
    (void)propose(meta::Decide{.transaction = id, .commit = false, .now_ns = now_ns});
    reach(FaultPoint::kExpiryRecorded);
  }
}

void MetadataService::recover() {
  RecoveryView view{.placement = options_.placement, .live = live_.live(), .copies_max = options_.copies_max};
  Resolution resolution;
  auto plan = machine_.read([&](const meta::State& state) {
    for (const auto& [alias, node] : state.nodes) {
      const bool rebuilds = options_.recovery_wait.count() > 0;
      if (rebuilds && live_.is_gone(alias, options_.recovery_wait)) view.gone.insert(alias);
    }
    view.suspended = state.records.contains({meta::kSettingsArea, kRecoverySuspended});
    resolution = plan_resolution(state, view.live, clock_.wall_ns(), options_.resolve_after);
    return plan_recovery(state, view);
  });
  for (auto& [node, orders] : resolution.orders) {
    auto& all = plan.orders[node];
    all.insert(all.end(), orders.begin(), orders.end());
  }
  const std::lock_guard lock(mutex_);
  if (!plan.orders.empty() || !plan.changes.empty()) reach(FaultPoint::kRecoveryPlanned);
  orders_ = std::move(plan.orders);
  changes_.insert(changes_.end(), plan.changes.begin(), plan.changes.end());
  published_.insert(published_.end(), resolution.removed.begin(), resolution.removed.end());
}

void MetadataService::reconcile_members() {
  const auto status = log_.status();
  const auto live = live_in_group(status);
  const auto change = machine_.read(
      [&](const meta::State& state) { return next_member_change(state, status.members, live, options_.self.alias); });
  if (!change || member_change_running_->exchange(true)) return;
  const auto what = [&] {
    switch (change->kind) {
      case MemberChange::Kind::kAddLearner: return "adds the learner ";
      case MemberChange::Kind::kPromote: return "promotes to voter ";
      case MemberChange::Kind::kDemote: return "demotes to learner ";
      case MemberChange::Kind::kHandOver: return "hands over the leadership of ";
      default: return "removes the member ";
    }
  }() + change->member.alias;
  log_info("controllers' group: " + what);
  const auto done = [running = member_change_running_, what](Status result) {
    if (!result.ok()) log_warning("controllers' group: " + what + " failed: " + result.error().message);
    running->store(false);
  };
  switch (change->kind) {
    case MemberChange::Kind::kAddLearner: return log_.add_learner(change->member, done);
    case MemberChange::Kind::kPromote: return log_.promote(change->member.alias, done);
    case MemberChange::Kind::kDemote: return log_.demote(change->member.alias, done);
    case MemberChange::Kind::kHandOver: return log_.transfer_leadership("", done);
    case MemberChange::Kind::kRemove: return log_.remove(change->member.alias, done);
  }
}

/// By the log, or by asking the others: one that joins is no member of the log yet, one that was removed is none any
/// more.
std::string MetadataService::find_leader() {
  auto leading = leader();
  if (!leading.empty() && leading != mute_) return leading;
  leading.clear();
  std::set<std::string> others(options_.controllers.begin(), options_.controllers.end());
  machine_.read([&](const meta::State& state) {
    for (const auto& [alias, node] : state.nodes) {
      if (node.role == meta::NodeRole::kController && alias != options_.self.alias) others.insert(alias);
    }
  });
  for (const auto& other : others) {
    if (!leading.empty()) break;
    const auto answer = peers_.call(other, meta::kLeader, Bytes(), {.timeout = live_.timeout(), .urgent = true});
    if (!answer.ok()) continue;
    const auto reply = meta::decode<meta::LeaderReply>(*answer, meta::kLeader);
    // One that knows no address of the leader goes through a follower, which forwards the registration.
    if (reply.ok() && !reply->leader.empty()) leading = reply->leader == mute_ ? other : reply->leader;
  }
  return leading;
}

// A controller is a node like any other: it registers with the leader and sends its figures.
void MetadataService::report_self() {
  const auto& self = options_.self;
  if (self.uuid.is_nil() || clock_.now() - reported_ < kReportPeriod) return;
  reported_ = clock_.now();
  const auto leading = find_leader();
  if (leading.empty()) return;
  meta::Heartbeat beat{.alias = self.alias, .boot = self.boot, .epoch = self_epoch_};
  beat.log_index = log_.status().applied_index;
  if (options_.metrics) beat.metrics = options_.metrics();
  const auto payload = encode(beat);
  const auto answer = leading == self.alias ? heartbeat(payload)
                                            : peers_.call(leading, meta::kHeartbeat, payload,
                                                          {.timeout = live_.timeout(), .urgent = true});
  mute_ = answer.ok() ? "" : leading;
  if (!answer.ok()) return;
  const auto reply = meta::decode<meta::HeartbeatReply>(*answer, meta::kHeartbeat);
  if (reply.ok() && reply->register_again) register_self(leading);
}

void MetadataService::register_self(const std::string& leading) {
  const auto& self = options_.self;
  auto cluster = machine_.read([](const meta::State& state) { return state.cluster; });
  // After a restart the state comes with the first leader's word; one that was removed meanwhile never hears it.
  if (cluster.is_nil() && options_.founding && !options_.joins) cluster = options_.founding->cluster;
  const auto request = encode(meta::RegisterRequest{.alias = self.alias,
                                                    .role = self.role,
                                                    .cluster = cluster,
                                                    .uuid = self.uuid,
                                                    .boot = self.boot,
                                                    .host = self.host,
                                                    .port = self.port,
                                                    .chunks = {},
                                                    .build = options_.build});
  const auto answer = leading == self.alias
                          ? register_node(request)
                          : peers_.call(leading, meta::kRegisterNode, request, {.timeout = live_.timeout()});
  if (!answer.ok()) {
    if (refusal_ != answer.error().message) log_warning("registering with " + leading + ": " + answer.error().message);
    refusal_ = answer.error().message;
    return;
  }
  refusal_.clear();
  const auto accepted = meta::decode<meta::RegisterReply>(*answer, meta::kRegisterNode);
  if (!accepted.ok()) return;
  if (!accepted->refusal.empty()) {
    is_out_ = true;
    log_error(accepted->refusal);
    if (options_.removed) options_.removed(accepted->refusal);
    return;
  }
  self_epoch_ = accepted->epoch;
  if (!accepted->removed || machine_.leads()) return;  // a leader hands over first
  is_out_ = true;
  const auto reason = "this controller was removed from the cluster: " + leading + " leads and knows no member " +
                      self.alias + ". It takes no part any more; addController on another controller takes it back in";
  log_error(reason);
  if (options_.removed) options_.removed(reason);
}

}  // namespace pelorus::controller
