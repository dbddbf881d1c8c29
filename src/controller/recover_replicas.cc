#include "controller/recover_replicas.h"

#include <algorithm>

namespace pelorus::controller {
namespace {

using meta::Chunk;
using meta::Order;
using meta::ReplicaChange;
using meta::State;

int64_t nanoseconds(std::chrono::nanoseconds duration) { return duration.count(); }

int64_t settled_before(int64_t now_ns, std::chrono::seconds grace) {
  return grace.count() > 0 ? now_ns - nanoseconds(grace) : INT64_MAX;
}

/// Committed transactions that `node` has not published, by chunk.
std::map<ChunkId, std::vector<TransactionId>> unpublished_of(const State& state, const std::string& node) {
  std::map<ChunkId, std::vector<TransactionId>> by_chunk;
  for (const auto& [id, transaction] : state.transactions) {
    if (transaction.state != meta::TransactionState::kCommitted || !transaction.unpublished.contains(node)) continue;
    for (const auto& part : transaction.chunks) by_chunk[part.chunk].push_back(id);
  }
  return by_chunk;
}

/// Judges one replica by the version its node reported (0: not there).
class ReportJudge {
 public:
  /// Chunks changed after `settled_ns` may be newer than the report.
  ReportJudge(const State& state, const std::string& node, int64_t settled_ns)
      : state_(state), node_(node), settled_ns_(settled_ns), unpublished_(unpublished_of(state, node)) {}

  void judge(const Chunk& chunk, const meta::Replica& replica, Version version, bool damaged) {
    if (chunk.version == 0) return;  // being made
    if (damaged) {
      change(chunk, replica, 0);
      alarm("damaged", chunk);
    } else if (version == chunk.version) {
      if (replica.stale) findings.changes.push_back({chunk.id, node_, ReplicaChange::Kind::kGood, version});
    } else if (version > chunk.version) {
      // Published without a decision we know: never by our rules, so the operator must hear of it.
      change(chunk, replica, chunk.version - 1);
      alarm("newer than the controllers' version " + std::to_string(chunk.version), chunk);
    } else {
      behind(chunk, replica, version);
    }
  }
  ReportFindings findings;
  bool orders_to_resolve = true;

 private:
  void behind(const Chunk& chunk, const meta::Replica& replica, Version version) {
    const auto waiting = unpublished_.find(chunk.id);
    if (waiting != unpublished_.end()) {
      if (orders_to_resolve) {
        for (const auto id : waiting->second)
          findings.orders.push_back({.kind = Order::Kind::kResolve, .transaction = id});
      }
      // It may have lost what it had prepared. Then it says, as when it publishes, that the transaction is over: only
      // what it holds after that shows the loss.
      ask_again(chunk);
    } else if (replica.stale) {
      if (replica.version != version)
        findings.changes.push_back({chunk.id, node_, ReplicaChange::Kind::kStale, version});
    } else if (chunk.updated_ns > settled_ns_) {
      ask_again(chunk);
    } else {
      change(chunk, replica, version);
      if (chunk.good_replicas() == 1) alarm("the last good replica and older than the committed version", chunk);
    }
  }
  void ask_again(const Chunk& chunk) { findings.orders.push_back({.kind = Order::Kind::kReport, .chunk = chunk.id}); }
  void change(const Chunk& chunk, const meta::Replica& replica, Version version) {
    if (!replica.stale) findings.changes.push_back({chunk.id, node_, ReplicaChange::Kind::kStale, version});
  }
  void alarm(const std::string& what, const Chunk& chunk) {
    findings.alarms.push_back("The replica of " + meta::chunk_path(state_, chunk) + " on " + node_ + " is " + what +
                              ".");
  }

  const State& state_;
  const std::string& node_;
  const int64_t settled_ns_;
  const std::map<ChunkId, std::vector<TransactionId>> unpublished_;
};

/// Plans one chunk after the other; what it has planned for a node counts as its load.
class Planner {
 public:
  Planner(const State& state, const RecoveryView& view) : state_(state), view_(view) {}

  void plan_chunk(const Chunk& chunk) {
    std::vector<std::string> sources;
    size_t staying = 0;  // good, live and not on their way out
    size_t counted = 0;  // replicas that exist or will come back, and need not go
    for (const auto& replica : chunk.replicas) {
      const bool goes = has_to_go(state_, replica);
      if (!goes && !view_.gone.contains(replica.node)) ++counted;
      if (replica.stale || !view_.live.contains(replica.node)) continue;
      sources.push_back(replica.node);
      staying += goes ? 0 : 1;
    }
    if (sources.empty()) return;
    const bool enough = staying >= view_.placement.replicas;
    for (const auto& replica : chunk.replicas) {
      const bool goes = has_to_go(state_, replica);
      if (replica.stale && (goes || (enough && !replica.wanted))) {
        plan.changes.push_back({chunk.id, replica.node, ReplicaChange::Kind::kRemove, 0});
      } else if (replica.stale) {
        order_copy(chunk, replica.node, sources);
      } else if (goes && enough) {
        plan.changes.push_back({.chunk = chunk.id,
                                .node = replica.node,
                                .kind = ReplicaChange::Kind::kRetire,
                                .keep = view_.placement.replicas});
      }
    }
    if (counted >= view_.placement.replicas || view_.suspended) return;
    const auto node = meta::place_replica(state_, view_.placement, view_.live, chunk, planned_);
    if (node.empty()) return;
    ++planned_[node];
    plan.changes.push_back({chunk.id, node, ReplicaChange::Kind::kAdd, 0});
  }
  RecoveryPlan plan;

 private:
  void order_copy(const Chunk& chunk, const std::string& node, const std::vector<std::string>& sources) {
    if (!view_.live.contains(node) || view_.suspended) return;
    if (view_.copies_max > 0 && copies_ >= view_.copies_max) return;
    auto& orders = plan.orders[node];
    if (orders.size() >= view_.orders_per_node_max) return;
    orders.push_back({.kind = Order::Kind::kRecover, .chunk = chunk.id, .version = chunk.version, .nodes = sources});
    ++copies_;
  }

  const State& state_;
  const RecoveryView& view_;
  meta::PlannedReplicas planned_;
  size_t copies_ = 0;
};

}  // namespace

ReportFindings compare_report(const State& state, const std::string& node,
                              const std::vector<meta::ReportedChunk>& report, int64_t now_ns,
                              std::chrono::seconds grace) {
  ReportJudge judge(state, node, settled_before(now_ns, grace));
  std::set<ChunkId> reported;
  for (const auto& item : report) {
    reported.insert(item.chunk);
    const auto* chunk = state.find_chunk(item.chunk);
    const auto* replica = chunk == nullptr ? nullptr : chunk->find(node);
    if (replica == nullptr) {
      judge.findings.orders.push_back({.kind = Order::Kind::kDrop, .chunk = item.chunk});
    } else {
      judge.judge(*chunk, *replica, item.version, item.damaged);
    }
  }
  for (const auto& [id, chunk] : state.chunks) {
    const auto* replica = chunk.find(node);
    if (replica != nullptr && !reported.contains(id)) judge.judge(chunk, *replica, 0, false);
  }
  return std::move(judge.findings);
}

ReportFindings compare_chunks(const State& state, const std::string& node,
                              const std::vector<meta::ReportedChunk>& asked_for, int64_t now_ns,
                              std::chrono::seconds grace) {
  ReportJudge judge(state, node, settled_before(now_ns, grace));
  judge.orders_to_resolve = false;  // its report brought them, and plan_resolution repeats them
  for (const auto& item : asked_for) {
    const auto* chunk = state.find_chunk(item.chunk);
    const auto* replica = chunk == nullptr ? nullptr : chunk->find(node);
    if (replica != nullptr) judge.judge(*chunk, *replica, item.version, item.damaged);
  }
  return std::move(judge.findings);
}

RecoveryPlan plan_recovery(const State& state, const RecoveryView& view) {
  Planner planner(state, view);
  for (const auto& [id, chunk] : state.chunks) {
    if (planner.plan.changes.size() >= view.changes_max) break;
    if (chunk.version > 0) planner.plan_chunk(chunk);
  }
  return std::move(planner.plan);
}

std::vector<TransactionId> expired_transactions(const State& state, const std::set<std::string>& gone, int64_t now_ns,
                                                std::chrono::milliseconds limit) {
  std::vector<TransactionId> expired;
  for (const auto& [id, transaction] : state.transactions) {
    if (transaction.is_decided()) continue;
    const auto* node = state.find_node(transaction.coordinator);
    const bool orphan = node == nullptr || node->epoch != transaction.epoch || gone.contains(transaction.coordinator);
    if (orphan || now_ns - transaction.begun_ns > nanoseconds(limit)) expired.push_back(id);
  }
  return expired;
}

Resolution plan_resolution(const State& state, const std::set<std::string>& live, int64_t now_ns,
                           std::chrono::milliseconds after) {
  Resolution resolution;
  for (const auto& [id, transaction] : state.transactions) {
    if (transaction.state != meta::TransactionState::kCommitted) continue;
    const bool is_due = now_ns - transaction.decided_ns >= nanoseconds(after);
    for (const auto& node : transaction.unpublished) {
      if (state.find_node(node) == nullptr) {
        resolution.removed.emplace_back(id, node);
      } else if (is_due && live.contains(node)) {
        resolution.orders[node].push_back({.kind = Order::Kind::kResolve, .transaction = id});
      }
    }
  }
  return resolution;
}

std::string state_of(const Chunk& chunk, const std::set<std::string>& live) {
  if (chunk.locked_by.value != 0) return "CONSTRUCTING";
  const bool complete = std::all_of(chunk.replicas.begin(), chunk.replicas.end(), [&](const meta::Replica& replica) {
    return !replica.stale && live.contains(replica.node);
  });
  return complete ? "COMPLETE" : "RECOVERING";
}

}  // namespace pelorus::controller
