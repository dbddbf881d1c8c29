#pragma once
// All transactions one node takes part in, as a step function: events in, actions out. The caller (datanode) makes
// prepares durable, publishes and asks as told, and reports back.

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "txn/decision.h"

namespace pelorus::txn {

/// Time since any fixed point; never goes back.
using Time = std::chrono::milliseconds;

struct ParticipantOptions {
  Time doubt_after{3000};           // prepared for so long without an outcome: ask
  Time ask_again_after{1000};       // and go on asking
  size_t finished_kept = 4096;      // outcomes remembered against late prepares
  size_t transactions_max = 65536;  // prepared at once; more are refused (kLimit)
};

/// A node's share of a transaction.
struct Share {
  TransactionId transaction;
  std::string coordinator;
  uint64_t epoch = 0;  // of the coordinator's boot
  std::vector<ChunkId> chunks;
};

struct ParticipantActions {
  std::optional<Share> persist;          // make it durable, then on_persisted()
  std::optional<Status> prepare_answer;  // to the coordinator that asked
  std::optional<Decision> publish;  // make these versions visible (chunks not named roll back), then on_published()
  std::optional<TransactionId> discard;  // roll back; needs no report
  std::vector<TransactionId> ask;        // get their decisions from the controllers
  std::optional<TransactionId>
      notice_done;  // answer the notice, and report with the next heartbeat when it was a commit
};

class Participant {
 public:
  enum class State : uint8_t { kNone, kPersisting, kPrepared, kInDoubt, kPublishing, kCommitted, kAborted };

  explicit Participant(ParticipantOptions options = {}) : options_(options) {}

  /// A coordinator asks to prepare. Refused (kStale) when a later boot of the coordinator has been heard of, or when
  /// the outcome is known already: the message is late. A repetition of what is prepared is answered again.
  ParticipantActions on_prepare(const Share& share, Time now);
  /// The caller has made the share durable, or failed to (then nothing of it may be kept).
  ParticipantActions on_persisted(TransactionId transaction, const Status& status, Time now);
  /// The coordinator's notice or the controllers' answer. kUndecided: keep waiting. Safe in any order and number.
  ParticipantActions on_decision(const Decision& decision, Time now);
  /// The versions are visible (durably, or found again as in doubt after a crash).
  ParticipantActions on_published(TransactionId transaction);
  /// After a restart: what the log holds prepared without an outcome. All of it is asked for at once.
  ParticipantActions on_restart(const std::vector<TransactionId>& prepared, Time now);
  /// Once a second or so: asks about what has waited too long.
  ParticipantActions on_tick(Time now);
  /// Right now, however short it has waited: a reader needs the version. Nothing for transactions that are not open
  /// here.
  ParticipantActions on_wanted(TransactionId transaction, Time now);

  /// kNone for those never heard of or forgotten.
  State state_of(TransactionId transaction) const;
  /// Prepared, in doubt or publishing.
  size_t open_count() const { return open_.size(); }

 private:
  struct Open {
    State state = State::kPersisting;
    Time since{};                      // when it was prepared
    Time asked{};                      // when it was last asked about
    std::optional<Decision> decision;  // arrived while persisting or publishing
  };
  ParticipantActions settle(TransactionId transaction, Open& open, const Decision& decision);
  void finish(TransactionId transaction, State state);

  const ParticipantOptions options_;
  std::map<TransactionId, Open> open_;
  std::map<TransactionId, State> finished_;
  std::deque<TransactionId> finished_order_;  // oldest first
  std::map<std::string, uint64_t> epochs_;    // highest heard of, by coordinator
};

}  // namespace pelorus::txn
