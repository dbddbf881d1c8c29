#include "datanode/reconcile.h"

#include <algorithm>

#include "base/cancellation_scope.h"
#include "base/fault_point.h"
#include "base/log.h"

namespace pelorus::datanode {
namespace {

constexpr size_t kOtherWorkers = 2;

meta::ReportedChunk reported(const storage::ChunkInfo& info) {
  return {.chunk = info.chunk,
          .version = info.version,
          .damaged = !info.damage.empty(),
          .rows = static_cast<int64_t>(info.rows),
          .bytes = static_cast<int64_t>(info.bytes_on_disk)};
}

}  // namespace

Reconciler::Reconciler(storage::ChunkStore& store, TransactionHost& transactions, ReplicaCopier& copier,
                       const Clock& clock, size_t workers)
    : store_(store),
      transactions_(transactions),
      copier_(copier),
      clock_(clock),
      copies_({.name = "recover", .threads_max = workers}),
      others_({.name = "reconcile", .threads_max = kOtherWorkers}) {}

Reconciler::~Reconciler() { stop(); }

void Reconciler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stops_.cancel();
  copies_.stop();
  others_.stop();
}

Reconciler::Key Reconciler::key_of(const meta::Order& order) {
  const bool of_transaction = order.kind == meta::Order::Kind::kResolve;
  return {static_cast<int>(order.kind), of_transaction ? order.transaction.value : order.chunk.value};
}

void Reconciler::take(const meta::Order& order) {
  const bool is_copy = order.kind == meta::Order::Kind::kRecover;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    const bool made = std::any_of(recovered_.begin(), recovered_.end(),
                                  [&](const auto& one) { return is_copy && one.first == order.chunk; });
    if (made || !under_way_.insert_or_assign(key_of(order), clock_.now()).second) return;
  }
  const bool queued = (is_copy ? copies_ : others_).submit([this, order] {
    const CancellationScope scope(stops_);
    if (begin(order)) carry_out(order);
    const std::lock_guard lock(mutex_);
    under_way_.erase(key_of(order));
  });
  if (queued) return;
  const std::lock_guard lock(mutex_);
  under_way_.erase(key_of(order));  // the leader sends it again
}

bool Reconciler::begin(const meta::Order& order) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;  // hundreds may wait, each of them seconds for an answer of the controllers
  return order.kind != meta::Order::Kind::kRecover || clock_.now() - under_way_.at(key_of(order)) < kOrderKept;
}

void Reconciler::carry_out(const meta::Order& order) {
  reach(FaultPoint::kOrderTaken);
  switch (order.kind) {
    case meta::Order::Kind::kRecover: return recover(order);
    case meta::Order::Kind::kDrop:
      reach(FaultPoint::kDropBegun);
      if (const auto dropped = store_.drop(order.chunk); !dropped.ok() && dropped.error().code != ErrorCode::kNotFound)
        log_warning("chunk " + std::to_string(order.chunk.value) +
                    " is not wanted here but cannot be dropped: " + dropped.error().message);
      reach(FaultPoint::kDropDone);
      return;
    case meta::Order::Kind::kResolve: return transactions_.resolve(order.transaction);
    case meta::Order::Kind::kReport: return;
  }
}

void Reconciler::recover(const meta::Order& order) {
  const auto reached = copier_.recover(order.chunk, order.nodes);
  if (!reached.ok()) {
    log_warning("replica of chunk " + std::to_string(order.chunk.value) +
                " not recovered yet: " + reached.error().message);
    return;
  }
  log_info("replica of chunk " + std::to_string(order.chunk.value) + " recovered to version " +
           std::to_string(*reached));
  const bool tell = [&] {
    const std::lock_guard lock(mutex_);
    recovered_.emplace_back(order.chunk, *reached);
    return recovered_.size() >= kTellsAfter || copies_.waiting() == 0;
  }();
  if (tell && hurry_) hurry_();
}

std::vector<std::pair<ChunkId, Version>> Reconciler::take_recovered() {
  const std::lock_guard lock(mutex_);
  return std::exchange(recovered_, {});
}

std::vector<meta::ReportedChunk> Reconciler::report() const {
  std::vector<meta::ReportedChunk> chunks;
  for (const auto& info : store_.chunks()) chunks.push_back(reported(info));
  reach(FaultPoint::kReportMade);
  return chunks;
}

meta::ReportedChunk Reconciler::report(ChunkId chunk) const {
  const auto info = store_.info(chunk);
  return info.ok() ? reported(*info) : meta::ReportedChunk{.chunk = chunk};
}

}  // namespace pelorus::datanode
