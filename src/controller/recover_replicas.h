#pragma once
// What must happen so that every chunk has its replicas and every transaction its end. Pure functions of the state, of
// reports and of who is alive; the service proposes the changes and sends the orders.

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "meta/messages.h"
#include "meta/placement.h"

namespace pelorus::controller {

struct ReportFindings {
  std::vector<meta::ReplicaChange> changes;
  std::vector<meta::Order> orders;
  std::vector<std::string> alarms;  // what an operator must look at
};

/// Compares what a node holds with what the controllers know (operations manual, "Replica consistency rules").
/// A chunk changed within `grace` before `now_ns` is not judged by a report that may be older: another one is asked
/// for. The clock's time, as the state's stands still while nothing changes.
ReportFindings compare_report(const meta::State& state, const std::string& node,
                              const std::vector<meta::ReportedChunk>& report, int64_t now_ns,
                              std::chrono::seconds grace);
/// The same for the chunks a node was asked about; nothing is said of others.
ReportFindings compare_chunks(const meta::State& state, const std::string& node,
                              const std::vector<meta::ReportedChunk>& asked_for, int64_t now_ns,
                              std::chrono::seconds grace);
/// For a process that goes on working while it reports. A new one tells all there is: what had been decided before and
/// not published waits in the state.
inline constexpr std::chrono::seconds kReportGrace{30};

/// Copies a node is told of at once: more than it makes at once, so that it is never without work until the next plan.
inline constexpr size_t kCopyOrdersMax = 64;

/// The record of meta::kSettingsArea that is there while copying is suspended.
inline constexpr const char* kRecoverySuspended = "recoverySuspended";

struct RecoveryView {
  meta::PlacementRules placement;
  std::set<std::string> live;
  /// Nodes silent for so long that their replicas are rebuilt elsewhere.
  std::set<std::string> gone;
  bool suspended = false;  // no copies, and no new replicas to be copied
  size_t orders_per_node_max = kCopyOrdersMax;
  size_t copies_max = 0;  // told of to all nodes together; 0: no bound
  size_t changes_max = 1000;
};
struct RecoveryPlan {
  std::vector<meta::ReplicaChange> changes;
  std::map<std::string, std::vector<meta::Order>> orders;  // by node
};
/// Stale replicas on live nodes are filled from good ones, missing replicas added, needless stale ones removed. Those
/// that have to go (a drained node's, a moved one) leave once enough good ones stay without them. Cost: one pass over
/// all chunks.
RecoveryPlan plan_recovery(const meta::State& state, const RecoveryView& view);

/// Undecided transactions nobody will decide: their coordinator is gone, or they have taken longer than `limit`.
std::vector<TransactionId> expired_transactions(const meta::State& state, const std::set<std::string>& gone,
                                                int64_t now_ns, std::chrono::milliseconds limit);

struct Resolution {
  std::map<std::string, std::vector<meta::Order>> orders;      // by participant: to ask how its transactions ended
  std::vector<std::pair<TransactionId, std::string>> removed;  // participants that are no members: they hold nothing
};
/// Brings commits that not every participant has published to their end: live ones are told to ask for them `after` the
/// decision, removed ones never will.
Resolution plan_resolution(const meta::State& state, const std::set<std::string>& live, int64_t now_ns,
                           std::chrono::milliseconds after);

/// CONSTRUCTING in a transaction, COMPLETE when every replica is good and on a live node, else RECOVERING.
std::string state_of(const meta::Chunk& chunk, const std::set<std::string>& live);

}  // namespace pelorus::controller
