#include "txn/coordinator.h"

#include <algorithm>

namespace pelorus::txn {

PrepareResult judge_prepare(const Status& status) {
  if (status.ok()) return PrepareResult::kPrepared;
  switch (status.error().code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict:
    case ErrorCode::kCancelled:
    case ErrorCode::kOutOfMemory:
    case ErrorCode::kLimit:
    case ErrorCode::kDenied:
    case ErrorCode::kScript: return PrepareResult::kRefused;
    default: return PrepareResult::kFailed;
  }
}

bool Coordinator::is_lost(ChunkId chunk, const std::string& node) const {
  return std::find(lost_.begin(), lost_.end(), LostReplica{chunk, node}) != lost_.end();
}

void Coordinator::lose(ChunkId chunk, const std::string& node, const Error& reason) {
  if (is_lost(chunk, node)) return;
  lost_.push_back({chunk, node});
  if (!reason_) reason_ = reason;
}

void Coordinator::lose_all(const std::string& node, const Error& reason) {
  for (const auto& part : plan_.parts) {
    if (std::find(part.replicas.begin(), part.replicas.end(), node) != part.replicas.end())
      lose(part.chunk, node, reason);
  }
}

size_t Coordinator::prepared_of(const Plan::Part& part) const {
  return static_cast<size_t>(std::count_if(part.replicas.begin(), part.replicas.end(), [&](const std::string& node) {
    return !awaited_.contains(node) && !is_lost(part.chunk, node);
  }));
}

CoordinatorActions Coordinator::start() {
  CHECK(phase_ == Phase::kNew);
  phase_ = Phase::kPreparing;
  std::map<std::string, std::vector<ChunkId>> shares;
  for (const auto& part : plan_.parts) {
    for (const auto& node : part.replicas) {
      if (plan_.down.contains(node)) {
        lose(part.chunk, node, {ErrorCode::kUnavailable, "the node " + node + " is not running"});
      } else {
        shares[node].push_back(part.chunk);
      }
    }
  }
  // A chunk whose replicas are all down must not make the others work for nothing.
  for (const auto& [node, chunks] : shares) awaited_.insert(node);
  auto actions = next();
  if (phase_ != Phase::kPreparing) return actions;
  for (auto& [node, chunks] : shares) {
    asked_.insert(node);
    actions.prepare.push_back({node, std::move(chunks)});
  }
  return actions;
}

CoordinatorActions Coordinator::on_prepare_answer(const std::string& node, const Status& status,
                                                  const std::vector<std::pair<ChunkId, Error>>& failed) {
  if (phase_ != Phase::kPreparing || awaited_.erase(node) == 0) return {};
  const auto note = [&](const Error& error) {
    if (judge_prepare(error) != PrepareResult::kRefused) return;
    refused_ = true;
    reason_ = error;
  };
  if (!status.ok()) {
    note(status.error());
    lose_all(node, status.error());
  }
  for (const auto& [chunk, error] : failed) {
    note(error);
    lose(chunk, node, error);
  }
  return next();
}

CoordinatorActions Coordinator::on_prepare_timeout() {
  if (phase_ != Phase::kPreparing) return {};
  for (const auto& node : std::set<std::string>(awaited_)) {
    awaited_.erase(node);
    lose_all(node, {ErrorCode::kTimeout, "the node " + node + " did not answer in time"});
  }
  return next();
}

CoordinatorActions Coordinator::on_cancel(const Error& reason) {
  if (phase_ != Phase::kPreparing) return {};
  refused_ = true;
  reason_ = reason;
  return next();
}

CoordinatorActions Coordinator::next() {
  if (refused_) return ask(false);
  for (const auto& part : plan_.parts) {
    size_t possible = prepared_of(part);
    for (const auto& node : part.replicas) possible += awaited_.contains(node) && !is_lost(part.chunk, node) ? 1 : 0;
    if (possible < std::max<size_t>(1, plan_.prepared_min)) return ask(false);
  }
  return awaited_.empty() ? ask(true) : CoordinatorActions{};
}

CoordinatorActions Coordinator::ask(bool commit) {
  phase_ = Phase::kDeciding;
  awaited_.clear();
  request_ = DecisionRequest{plan_.transaction, commit, commit ? lost_ : std::vector<LostReplica>{}};
  CoordinatorActions actions;
  actions.decide = request_;
  return actions;
}

CoordinatorActions Coordinator::on_decision_lost() {
  CoordinatorActions actions;
  if (phase_ == Phase::kDeciding) actions.decide = request_;
  return actions;
}

CoordinatorActions Coordinator::on_decision(const Decision& decision) {
  if (phase_ != Phase::kDeciding || decision.verdict == Verdict::kUndecided) return {};
  phase_ = Phase::kPublishing;
  CoordinatorActions actions;
  actions.answer.emplace();
  actions.answer->decision = decision;
  if (decision.verdict == Verdict::kAbort) {
    // Aborted although a commit was asked for: the controllers had given the transaction up, or found too few replicas.
    actions.answer->status =
        reason_ ? *reason_
                : Error{ErrorCode::kUnavailable, "The transaction was aborted by the controllers; try again."};
  }
  for (const auto& node : asked_) {
    Notice notice{node, {decision.transaction, decision.verdict, {}}};
    for (const auto& chunk : decision.chunks) {
      if (std::find(chunk.nodes.begin(), chunk.nodes.end(), node) != chunk.nodes.end())
        notice.decision.chunks.push_back(chunk);
    }
    actions.notify.push_back(std::move(notice));
  }
  unpublished_ = asked_;
  if (unpublished_.empty()) {
    phase_ = Phase::kFinished;
    actions.finished = true;
  }
  return actions;
}

CoordinatorActions Coordinator::on_give_up() {
  if (phase_ != Phase::kDeciding) return {};
  phase_ = Phase::kFinished;
  CoordinatorActions actions;
  actions.answer.emplace();
  actions.answer->status = Error{ErrorCode::kOutcomeUnknown,
                                 "The controllers did not answer in time; the write may or may not "
                                 "have happened: transaction " +
                                     std::to_string(plan_.transaction.value)};
  actions.answer->decision.transaction = plan_.transaction;
  actions.finished = true;
  return actions;
}

CoordinatorActions Coordinator::on_notice_answer(const std::string& node) {
  CoordinatorActions actions;
  if (phase_ != Phase::kPublishing) return actions;
  unpublished_.erase(node);
  if (unpublished_.empty()) {
    phase_ = Phase::kFinished;
    actions.finished = true;
  }
  return actions;
}

}  // namespace pelorus::txn
