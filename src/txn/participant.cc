#include "txn/participant.h"

#include <utility>

namespace pelorus::txn {
namespace {

Error stale(std::string message) { return {ErrorCode::kStale, std::move(message)}; }

}  // namespace

Participant::State Participant::state_of(TransactionId transaction) const {
  const auto open = open_.find(transaction);
  if (open != open_.end()) return open->second.state;
  const auto finished = finished_.find(transaction);
  return finished != finished_.end() ? finished->second : State::kNone;
}

ParticipantActions Participant::on_prepare(const Share& share, Time now) {
  ParticipantActions actions;
  auto& epoch = epochs_[share.coordinator];
  if (share.epoch < epoch) {
    actions.prepare_answer = stale("the coordinator " + share.coordinator + " has been restarted since");
    return actions;
  }
  epoch = share.epoch;
  switch (state_of(share.transaction)) {
    case State::kNone: break;
    case State::kPersisting: return actions;  // the answer follows
    case State::kPrepared:
    case State::kInDoubt: actions.prepare_answer.emplace(); return actions;
    default:
      actions.prepare_answer = stale("transaction " + std::to_string(share.transaction.value) + " is decided already");
      return actions;
  }
  if (open_.size() >= options_.transactions_max) {
    actions.prepare_answer = Error{ErrorCode::kLimit, "too many transactions wait for their outcome on this node"};
    return actions;
  }
  open_[share.transaction] = {.since = now, .asked = now};
  actions.persist = share;
  return actions;
}

ParticipantActions Participant::on_persisted(TransactionId transaction, const Status& status, Time now) {
  ParticipantActions actions;
  const auto found = open_.find(transaction);
  if (found == open_.end() || found->second.state != State::kPersisting) return actions;
  if (!status.ok()) {
    if (found->second.decision) {
      finish(transaction, State::kAborted);
      actions.notice_done = transaction;
    } else {
      open_.erase(found);
    }
    actions.prepare_answer = status;
    return actions;
  }
  found->second.state = State::kPrepared;
  found->second.since = found->second.asked = now;
  if (found->second.decision) {
    // Decided while the disk was busy; the coordinator no longer waits for the answer.
    actions = settle(transaction, found->second, *std::exchange(found->second.decision, {}));
  }
  actions.prepare_answer.emplace();
  return actions;
}

ParticipantActions Participant::settle(TransactionId transaction, Open& open, const Decision& decision) {
  ParticipantActions actions;
  // A commit that names no chunk of this node left its replicas out: they roll back.
  if (decision.verdict == Verdict::kCommit && !decision.chunks.empty()) {
    open.state = State::kPublishing;
    actions.publish = decision;
    return actions;
  }
  actions.discard = transaction;
  actions.notice_done = transaction;
  finish(transaction, State::kAborted);
  return actions;
}

ParticipantActions Participant::on_decision(const Decision& decision, Time) {
  ParticipantActions actions;
  if (decision.verdict == Verdict::kUndecided) return actions;
  const auto found = open_.find(decision.transaction);
  if (found == open_.end()) {
    // Unknown or settled. An outcome that comes before its prepare is remembered, so that the prepare is refused.
    finish(decision.transaction, decision.verdict == Verdict::kCommit ? State::kCommitted : State::kAborted);
    actions.notice_done = decision.transaction;
    return actions;
  }
  switch (found->second.state) {
    case State::kPersisting: found->second.decision = decision; return actions;
    case State::kPublishing: return actions;
    default: return settle(decision.transaction, found->second, decision);
  }
}

ParticipantActions Participant::on_published(TransactionId transaction) {
  ParticipantActions actions;
  const auto found = open_.find(transaction);
  if (found == open_.end() || found->second.state != State::kPublishing) return actions;
  finish(transaction, State::kCommitted);
  actions.notice_done = transaction;
  return actions;
}

void Participant::finish(TransactionId transaction, State state) {
  open_.erase(transaction);
  if (!finished_.emplace(transaction, state).second) return;
  finished_order_.push_back(transaction);
  while (finished_order_.size() > options_.finished_kept) {
    finished_.erase(finished_order_.front());
    finished_order_.pop_front();
  }
}

ParticipantActions Participant::on_restart(const std::vector<TransactionId>& prepared, Time now) {
  ParticipantActions actions;
  for (const auto transaction : prepared) {
    open_[transaction] = {.state = State::kInDoubt, .since = now, .asked = now};
    actions.ask.push_back(transaction);
  }
  return actions;
}

ParticipantActions Participant::on_tick(Time now) {
  ParticipantActions actions;
  for (auto& [transaction, open] : open_) {
    if (open.state != State::kPrepared && open.state != State::kInDoubt) continue;
    if (open.state == State::kPrepared && now - open.since >= options_.doubt_after)
      open.state = State::kInDoubt;
    else if (open.state == State::kPrepared || now - open.asked < options_.ask_again_after)
      continue;
    open.asked = now;
    actions.ask.push_back(transaction);
  }
  return actions;
}

ParticipantActions Participant::on_wanted(TransactionId transaction, Time now) {
  ParticipantActions actions;
  const auto found = open_.find(transaction);
  if (found == open_.end()) return actions;
  auto& open = found->second;
  if (open.state != State::kPrepared && open.state != State::kInDoubt) return actions;
  open.asked = now;
  actions.ask.push_back(transaction);
  return actions;
}

}  // namespace pelorus::txn
