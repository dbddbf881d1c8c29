#pragma once
// Makes this node's chunks what the controllers want them to be: carries out their orders.

#include <mutex>
#include <set>
#include <vector>

#include "base/thread_pool.h"
#include "datanode/copy_replica.h"
#include "datanode/transaction_host.h"
#include "meta/messages.h"
#include "storage/chunk_store.h"

namespace pelorus::datanode {

/// Orders are queued by the presence's thread and carried out on a small pool; each at most once at a time.
/// Thread-safe.
class Reconciler {
 public:
  Reconciler(storage::ChunkStore& store, TransactionHost& transactions, ReplicaCopier& copier, size_t workers);
  ~Reconciler();  // stop()

  void stop();

  void take(const meta::Order& order);
  std::vector<std::pair<ChunkId, Version>> take_recovered();
  std::vector<meta::ReportedChunk> report() const;

 private:
  void recover(const meta::Order& order);
  bool is_stopping() const;

  storage::ChunkStore& store_;
  TransactionHost& transactions_;
  ReplicaCopier& copier_;
  ThreadPool pool_;

  mutable std::mutex mutex_;
  bool stopping_ = false;                               // guarded by mutex_
  std::set<std::pair<int, uint64_t>> under_way_;        // guarded by mutex_; kind and chunk or transaction
  std::vector<std::pair<ChunkId, Version>> recovered_;  // guarded by mutex_
};

}  // namespace pelorus::datanode
