#pragma once
// Makes this node's chunks what the controllers want them to be: carries out their orders.

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/cancellation.h"
#include "base/clock.h"
#include "base/thread_pool.h"
#include "datanode/copy_replica.h"
#include "datanode/transaction_host.h"
#include "meta/messages.h"
#include "storage/chunk_store.h"

namespace pelorus::datanode {

/// Orders are queued by the presence's thread and carried out on two small pools, so that nothing waits behind copies;
/// each at most once at a time. The controllers repeat an order as long as they want it: a copy whose turn comes
/// kOrderKept after it was last wanted is left out. Stopping gives up what is under way and waits for nobody else.
/// Thread-safe.
class Reconciler {
 public:
  static constexpr std::chrono::seconds kOrderKept{10};
  static constexpr size_t kTellsAfter = 16;  // copies made

  Reconciler(storage::ChunkStore& store, TransactionHost& transactions, ReplicaCopier& copier, const Clock& clock,
             size_t workers);
  ~Reconciler();  // stop()

  /// `hurry`: the controllers are to hear of recovered replicas soon, as there are kTellsAfter of them or no copy
  /// waits; must not block. To be called before the first order is taken.
  void start(std::function<void()> hurry) { hurry_ = std::move(hurry); }
  void stop();

  void take(const meta::Order& order);
  std::vector<std::pair<ChunkId, Version>> take_recovered();
  std::vector<meta::ReportedChunk> report() const;
  /// Of one chunk; version 0 when it is not here.
  meta::ReportedChunk report(ChunkId chunk) const;

 private:
  using Key = std::pair<int, uint64_t>;  // kind, and chunk or transaction

  static Key key_of(const meta::Order& order);
  void carry_out(const meta::Order& order);
  void recover(const meta::Order& order);
  /// False: its turn comes too late.
  bool begin(const meta::Order& order);

  storage::ChunkStore& store_;
  TransactionHost& transactions_;
  ReplicaCopier& copier_;
  const Clock& clock_;
  std::function<void()> hurry_;
  const CancellationToken stops_;

  mutable std::mutex mutex_;
  bool stopping_ = false;                                           // guarded by mutex_, as all below
  std::map<Key, std::chrono::steady_clock::time_point> under_way_;  // and when it was ordered last
  std::vector<std::pair<ChunkId, Version>> recovered_;              // not told yet
  ThreadPool copies_;
  ThreadPool others_;
};

}  // namespace pelorus::datanode
