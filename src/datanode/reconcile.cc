#include "datanode/reconcile.h"

#include "base/fault_point.h"
#include "base/log.h"

namespace pelorus::datanode {
Reconciler::Reconciler(storage::ChunkStore& store, TransactionHost& transactions, ReplicaCopier& copier, size_t workers)
    : store_(store),
      transactions_(transactions),
      copier_(copier),
      pool_({.name = "reconcile", .threads_max = workers}) {}

Reconciler::~Reconciler() { stop(); }

void Reconciler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  pool_.stop();
}

void Reconciler::take(const meta::Order& order) {
  const std::pair<int, uint64_t> key{static_cast<int>(order.kind), order.kind == meta::Order::Kind::kResolve
                                                                       ? order.transaction.value
                                                                       : order.chunk.value};
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || !under_way_.insert(key).second) return;
  }
  const bool queued = pool_.submit([this, order, key] {
    if (is_stopping()) return;  // hundreds may wait, each of them seconds for an answer of the controllers
    reach(FaultPoint::kOrderTaken);
    switch (order.kind) {
      case meta::Order::Kind::kRecover: recover(order); break;
      case meta::Order::Kind::kDrop:
        reach(FaultPoint::kDropBegun);
        if (const auto dropped = store_.drop(order.chunk);
            !dropped.ok() && dropped.error().code != ErrorCode::kNotFound) {
          log_warning("chunk " + std::to_string(order.chunk.value) +
                      " is not wanted here but cannot be dropped: " + dropped.error().message);
        }
        reach(FaultPoint::kDropDone);
        break;
      case meta::Order::Kind::kResolve: transactions_.resolve(order.transaction); break;
      case meta::Order::Kind::kReport: break;
    }
    const std::lock_guard lock(mutex_);
    under_way_.erase(key);
  });
  if (queued) return;
  const std::lock_guard lock(mutex_);
  under_way_.erase(key);  // the leader sends it again
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
  const std::lock_guard lock(mutex_);
  recovered_.emplace_back(order.chunk, *reached);
}

bool Reconciler::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

std::vector<std::pair<ChunkId, Version>> Reconciler::take_recovered() {
  const std::lock_guard lock(mutex_);
  return std::exchange(recovered_, {});
}

std::vector<meta::ReportedChunk> Reconciler::report() const {
  std::vector<meta::ReportedChunk> chunks;
  for (const auto& info : store_.chunks()) {
    chunks.push_back({.chunk = info.chunk,
                      .version = info.version,
                      .damaged = !info.damage.empty(),
                      .rows = static_cast<int64_t>(info.rows),
                      .bytes = static_cast<int64_t>(info.bytes_on_disk)});
  }
  reach(FaultPoint::kReportMade);
  return chunks;
}

}  // namespace pelorus::datanode
