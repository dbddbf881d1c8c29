#pragma once
// One transaction at the node that coordinates it, as a step function: events in, actions out. No thread, clock or
// socket. The caller (dist/drive_commit) carries the actions out and reports what came of them.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "txn/decision.h"

namespace pelorus::txn {

/// What the controllers answered to "begin".
struct Plan {
  struct Part {
    ChunkId chunk;
    Version version = 0;  // before the write
    std::vector<std::string> replicas;
  };
  TransactionId transaction;
  std::vector<Part> parts;
  std::set<std::string> down;  // nodes known to be dead: failed without being asked
  size_t prepared_min = 1;     // replicas of each chunk that must prepare; at least 1
};

/// Ask the controllers to record this.
struct DecisionRequest {
  TransactionId transaction;
  bool commit = false;
  std::vector<LostReplica> lost;
  bool operator==(const DecisionRequest&) const = default;
};

/// Send one node its share, all chunks in one message.
struct PrepareOrder {
  std::string node;
  std::vector<ChunkId> chunks;
};

/// Tell one node the outcome; `decision.chunks` holds those of this node only (none: roll back).
struct Notice {
  std::string node;
  Decision decision;
};

/// What the writer is told. After kOutcomeUnknown the decision may still be a commit.
struct Answer {
  Status status;
  Decision decision;
};

struct CoordinatorActions {
  std::vector<PrepareOrder> prepare;
  std::optional<DecisionRequest> decide;
  std::vector<Notice> notify;
  std::optional<Answer> answer;  // exactly once in a transaction's life
  bool finished = false;         // nothing is awaited any more
};

class Coordinator {
 public:
  enum class Phase : uint8_t { kNew, kPreparing, kDeciding, kPublishing, kFinished };

  explicit Coordinator(Plan plan) : plan_(std::move(plan)) {}

  /// Prepare goes to all replicas at once. Call first, once.
  CoordinatorActions start();
  /// The answer of `node` to its prepare order, chunk by chunk where they differ: `status` holds for those of its
  /// chunks that `failed` does not name. Late and repeated answers are ignored.
  CoordinatorActions on_prepare_answer(const std::string& node, const Status& status,
                                       const std::vector<std::pair<ChunkId, Error>>& failed = {});
  /// The time for preparing is over: who has not answered has failed.
  CoordinatorActions on_prepare_timeout();
  /// The writer gave up, or its node stops. No effect once a commit has been asked for.
  CoordinatorActions on_cancel(const Error& reason);
  /// What the controllers recorded, whatever was asked for. kUndecided is ignored.
  CoordinatorActions on_decision(const Decision& decision);
  /// The request got lost or its outcome is unknown: it is repeated, which is safe.
  CoordinatorActions on_decision_lost();
  /// Repeating has taken too long. The writer hears kOutcomeUnknown; participants find out by themselves.
  CoordinatorActions on_give_up();
  /// `node` has published, or cannot be told (it will ask by itself).
  CoordinatorActions on_notice_answer(const std::string& node);

  Phase phase() const { return phase_; }
  TransactionId transaction() const { return plan_.transaction; }
  /// Nodes whose prepare answer is awaited.
  const std::set<std::string>& awaited() const { return awaited_; }

 private:
  void lose(ChunkId chunk, const std::string& node, const Error& reason);
  void lose_all(const std::string& node, const Error& reason);
  /// Decides when everybody answered or the outcome no longer depends on who is missing.
  CoordinatorActions next();
  CoordinatorActions ask(bool commit);
  size_t prepared_of(const Plan::Part& part) const;
  bool is_lost(ChunkId chunk, const std::string& node) const;

  const Plan plan_;
  Phase phase_ = Phase::kNew;
  std::set<std::string> asked_;  // nodes that got a prepare order: they must hear of the outcome
  std::set<std::string> awaited_;
  std::set<std::string> unpublished_;
  std::vector<LostReplica> lost_;
  std::optional<DecisionRequest> request_;
  std::optional<Error> reason_;  // why it was aborted: the first cause
  bool refused_ = false;         // by a replica, as wrong in itself; or cancelled
};

}  // namespace pelorus::txn
