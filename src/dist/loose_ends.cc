#include "dist/loose_ends.h"

#include "base/log.h"
#include "meta/messages.h"

namespace pelorus::dist {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{500};
const ControllerCall kCall{.repeat = Repeat::kSafe, .timeout = milliseconds(2000)};  // a stop waits for no longer

}  // namespace

LooseEnds::~LooseEnds() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool LooseEnds::leaves_open(const Error& error) {
  return error.code == ErrorCode::kOutcomeUnknown || error.code == ErrorCode::kUnavailable ||
         error.code == ErrorCode::kTimeout || error.code == ErrorCode::kNotLeader ||
         error.code == ErrorCode::kCancelled;
}

size_t LooseEnds::count() const {
  const std::lock_guard lock(mutex_);
  return ends_.size();
}

void LooseEnds::put(End end) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  ends_.push_back(std::move(end));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  wake_.notify_all();
}

void LooseEnds::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !ends_.empty(); });
    if (stopping_) return;
    auto end = ends_.front();  // stays there, for count()
    lock.unlock();
    const bool tied = tie(end);
    lock.lock();
    ends_.pop_front();
    if (tied) continue;
    ends_.push_back(std::move(end));
    wake_.wait_for(lock, kPause, [this] { return stopping_; });
  }
}

bool LooseEnds::tie(End& end) {
  if (const auto* begin = std::get_if<meta::BeginTransaction>(&end)) {
    const auto reply = controllers_.ask<meta::BeginReply>(meta::kBeginTransaction, *begin, kCall);
    if (!reply.ok()) return !leaves_open(reply.error());  // refused: there is nothing to end
    end = reply->begun.transaction;
  }
  const auto transaction = std::get<TransactionId>(end);
  const auto decided =
      controllers_.ask<meta::Decided>(meta::kDecide, meta::Decide{.transaction = transaction, .commit = false}, kCall);
  if (!decided.ok()) return !leaves_open(decided.error());
  log_info("transaction " + std::to_string(transaction.value) + ", which this node had lost sight of, is " +
           (decided->state == meta::TransactionState::kAborted ? "aborted" : "committed"));
  return true;
}

}  // namespace pelorus::dist
