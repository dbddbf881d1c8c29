#include "datanode/transaction_host.h"

#include <algorithm>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/memory_limit.h"

namespace pelorus::datanode {
namespace {

constexpr std::chrono::milliseconds kTick{500};
constexpr std::chrono::seconds kPublishingWait{1};

std::string label(TransactionId transaction) { return "transaction " + std::to_string(transaction.value); }

/// The decision as it concerns one node.
txn::Decision decision_for(const std::string& self, TransactionId transaction, const meta::Decided& decided) {
  txn::Decision decision{.transaction = transaction, .verdict = txn::Verdict::kUndecided, .chunks = {}};
  if (decided.state == meta::TransactionState::kRunning) return decision;
  if (decided.state == meta::TransactionState::kAborted) {
    decision.verdict = txn::Verdict::kAbort;
    return decision;
  }
  decision.verdict = txn::Verdict::kCommit;
  for (const auto& chunk : decided.chunks) {
    if (std::ranges::find(chunk.replicas, self) != chunk.replicas.end()) {
      decision.chunks.push_back({chunk.chunk, chunk.version, chunk.replicas});
    }
  }
  return decision;
}

}  // namespace

storage::SortRule sort_rule(const dist::RowOrder& order) {
  using storage::KeepDuplicates;
  const bool first = order.keep_duplicates == "FIRST", last = order.keep_duplicates == "LAST";
  if (last && order.soft_delete) return {order.columns, KeepDuplicates::kLastUnlessDeleted};
  return {order.columns, first ? KeepDuplicates::kFirst : last ? KeepDuplicates::kLast : KeepDuplicates::kAll};
}

storage::Compressions compressions(const dist::RowOrder& order) {
  using storage::Compression;
  storage::Compressions all;
  for (const auto& method : order.compression) {
    all.push_back(method == "delta"   ? Compression::kDelta
                  : method == "zstd"  ? Compression::kZstd
                  : method == "chimp" ? Compression::kChimp
                                      : Compression::kUsual);
  }
  return all;
}

TransactionHost::TransactionHost(storage::ChunkStore& store, dist::Catalogue& catalogue, const Clock& clock,
                                 std::string self)
    : store_(store), catalogue_(catalogue), clock_(clock), self_(std::move(self)) {}

TransactionHost::~TransactionHost() { stop(); }

txn::Time TransactionHost::now() const {
  return std::chrono::duration_cast<txn::Time>(clock_.now().time_since_epoch());
}

void TransactionHost::start(std::function<void()> missed) {
  std::vector<TransactionId> prepared;
  for (const auto& doubt : store_.in_doubt()) prepared.push_back(doubt.transaction);
  {
    const std::lock_guard lock(mutex_);
    missed_ = std::move(missed);
    // The watch asks at its first turn: the controllers may not be reachable yet.
    participant_.on_restart(prepared, now() - std::chrono::hours(1));
  }
  if (!prepared.empty())
    log_info(std::to_string(prepared.size()) + " transactions are in doubt after the restart; asking the controllers");
  thread_ = std::thread([this] { watch(); });
}

void TransactionHost::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Status TransactionHost::prepare(const dist::Ticket& ticket, const std::vector<dist::ChunkBlock>& blocks) {
  reach(FaultPoint::kPrepareReceived);
  const memory::NeverRefused whole;  // what bounds it is the store's write buffer
  txn::Share share{
      .transaction = ticket.transaction, .coordinator = ticket.coordinator, .epoch = ticket.epoch, .chunks = {}};
  for (const auto& block : blocks) share.chunks.push_back(block.chunk);
  txn::ParticipantActions actions;
  {
    const std::lock_guard lock(mutex_);
    actions = participant_.on_prepare(share, now());
  }
  if (!actions.persist) {
    return actions.prepare_answer.value_or(
        Status(Error{ErrorCode::kConflict, label(ticket.transaction) + " is being prepared already"}));
  }
  std::vector<storage::ChunkWrite> writes;
  writes.reserve(blocks.size());
  for (const auto& block : blocks) {
    writes.push_back({.chunk = block.chunk,
                      .kind = block.replace ? storage::WriteKind::kReplace : storage::WriteKind::kAppend,
                      .schema = block.rows.schema(),
                      .sort = sort_rule(block.order),
                      .base_version = block.base_version,
                      .rows = block.rows,
                      .compression = compressions(block.order)});
  }
  auto stored = store_.prepare(ticket.transaction, writes);
  if (!stored.ok() && stored.error().code == ErrorCode::kStale) {
    // The outcome of an earlier write may not have been told, as its coordinator died; or it is being carried out now.
    for (const auto& block : blocks) want(block.chunk);
    await_publishing();
    stored = store_.prepare(ticket.transaction, writes);
  }
  reach(FaultPoint::kPrepareStored);
  {
    const std::lock_guard lock(mutex_);
    actions = participant_.on_persisted(ticket.transaction, stored, now());
    if (actions.publish) publishing_.insert(ticket.transaction);
  }
  carry_out(actions);
  reach(FaultPoint::kPrepareDone);
  return actions.prepare_answer.value_or(stored);
}

Status TransactionHost::settle(TransactionId transaction, const std::vector<dist::ChunkVersion>& versions) {
  reach(FaultPoint::kNoticeReceived);
  const memory::NeverRefused decided;
  txn::Decision decision{.transaction = transaction,
                         .verdict = versions.empty() ? txn::Verdict::kAbort : txn::Verdict::kCommit,
                         .chunks = {}};
  for (const auto& version : versions) decision.chunks.push_back({version.chunk, version.version, {self_}});
  take(decision);
  return {};
}

void TransactionHost::take(const txn::Decision& decision) {
  txn::ParticipantActions actions;
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    is_new = participant_.state_of(decision.transaction) != txn::Participant::State::kCommitted;
    actions = participant_.on_decision(decision, now());
    if (actions.publish) publishing_.insert(decision.transaction);
  }
  // Nothing of it is open: an earlier process has published it, or its rows never came. The store tells which, and the
  // controllers wait to hear that it is over: until then they ask, and judge no report of these chunks.
  const bool is_over = actions.notice_done && !actions.discard;
  if (is_over && decision.verdict == txn::Verdict::kCommit && !decision.chunks.empty()) actions.publish = decision;
  carry_out(actions, is_new);
}

void TransactionHost::carry_out(const txn::ParticipantActions& actions, bool is_new) {
  const memory::NeverRefused decided;
  if (actions.discard) {
    reach(FaultPoint::kRollbackBegun);
    if (const auto done = store_.abort(*actions.discard); !done.ok())
      log_warning(label(*actions.discard) + " cannot be rolled back: " + done.error().message);
    reach(FaultPoint::kRollbackDone);
  }
  if (!actions.publish) return;
  std::vector<storage::ChunkVersion> versions;
  for (const auto& chunk : actions.publish->chunks) versions.push_back({chunk.chunk, chunk.version});
  reach(FaultPoint::kPublishBegun);
  const auto done = store_.commit(actions.publish->transaction, versions);
  reach(FaultPoint::kPublishDone);
  // kNotFound: this replica has missed something; its report shows it and the controllers order a copy.
  const bool settled = done.ok() || done.error().code == ErrorCode::kNotFound;
  if (!done.ok() && is_new)
    log_warning(label(actions.publish->transaction) + " cannot be published: " + done.error().message);
  const std::lock_guard lock(mutex_);
  publishing_.erase(actions.publish->transaction);
  published_.notify_all();
  if (!settled) {
    const auto is_same = [&](const auto& other) { return other.transaction == actions.publish->transaction; };
    if (std::ranges::none_of(unfinished_, is_same)) unfinished_.push_back(*actions.publish);
    return;
  }
  // Once: the report makes the leader repeat its orders, this one among them.
  if (!done.ok() && is_new && missed_) missed_();
  participant_.on_published(actions.publish->transaction);
  committed_.insert(actions.publish->transaction);
}

void TransactionHost::await_publishing() {
  std::unique_lock lock(mutex_);
  const auto under_way = publishing_;
  published_.wait_for(lock, kPublishingWait, [&] {
    return std::ranges::none_of(under_way, [&](const auto one) { return publishing_.contains(one); });
  });
}

void TransactionHost::want(ChunkId chunk) {
  for (const auto& doubt : store_.in_doubt()) {
    if (std::ranges::find(doubt.chunks, chunk) == doubt.chunks.end()) continue;
    txn::ParticipantActions actions;
    {
      const std::lock_guard lock(mutex_);
      actions = participant_.on_wanted(doubt.transaction, now());
    }
    for (const auto transaction : actions.ask) resolve(transaction);
  }
}

void TransactionHost::resolve(TransactionId transaction) {
  reach(FaultPoint::kOutcomeAsked);
  const auto outcome = catalogue_.outcome(transaction);
  if (!outcome.ok()) return;  // asked again at a later tick
  reach(FaultPoint::kOutcomeLearnt);
  take(decision_for(self_, transaction, *outcome));
}

void TransactionHost::watch() {
  std::unique_lock lock(mutex_);
  do {
    const auto actions = participant_.on_tick(now());
    const auto again = std::exchange(unfinished_, {});
    lock.unlock();
    for (const auto transaction : actions.ask) resolve(transaction);
    for (const auto& decision : again) {
      txn::ParticipantActions publish;
      publish.publish = decision;
      carry_out(publish);
    }
    lock.lock();
  } while (!wake_.wait_for(lock, kTick, [&] { return stopping_; }));
}

std::vector<TransactionId> TransactionHost::published() {
  std::vector<TransactionId> transactions;
  {
    const std::lock_guard lock(mutex_);
    transactions.assign(committed_.begin(), committed_.end());
  }
  if (transactions.empty()) return {};
  // The controllers forget a transaction once everybody has published it; from then on "unknown" means "aborted". So
  // nothing is confirmed before its commit record is on the disk.
  if (const auto synced = store_.sync(); !synced.ok()) {
    log_warning("published transactions are not confirmed: " + synced.error().message);
    return {};
  }
  reach(FaultPoint::kPublishedSynced);
  return transactions;
}

void TransactionHost::confirmed(const std::vector<TransactionId>& transactions) {
  if (!transactions.empty()) reach(FaultPoint::kPublishedConfirmed);
  const std::lock_guard lock(mutex_);
  for (const auto transaction : transactions) committed_.erase(transaction);
}

}  // namespace pelorus::datanode
