#pragma once
// This node's part in transactions: carries out what txn::Participant decides, on the chunk store.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "dist/catalogue.h"
#include "dist/partition_service.h"
#include "storage/chunk_store.h"
#include "txn/participant.h"

namespace pelorus::datanode {

/// As the store keeps it.
storage::SortRule sort_rule(const dist::RowOrder& order);
storage::Compressions compressions(const dist::RowOrder& order);

/// Thread-safe; prepares and publishes on the callers' threads. Own thread: asks about transactions in doubt.
class TransactionHost {
 public:
  TransactionHost(storage::ChunkStore& store, dist::Catalogue& catalogue, const Clock& clock, std::string self);
  ~TransactionHost();  // stop()

  /// Takes up what the store holds in doubt and begins to ask.
  /// `missed`: a decided write was not prepared here, which the controllers are to see from this node's report. Called
  /// on any thread, must not block.
  void start(std::function<void()> missed = {});
  void stop();

  /// Durable when it returns success.
  Status prepare(const dist::Ticket& ticket, const std::vector<dist::ChunkBlock>& blocks);
  /// The outcome as the coordinator tells it; versions of this node's chunks only, none to roll back.
  Status settle(TransactionId transaction, const std::vector<dist::ChunkVersion>& versions);
  /// A reader waits for a version of the chunk: asks now about what is prepared on it.
  void want(ChunkId chunk);

  /// Commits carried out here that are durable by now and not yet confirmed by the leader.
  std::vector<TransactionId> published();
  void confirmed(const std::vector<TransactionId>& transactions);
  /// Asks for the outcome and carries it out; at once.
  void resolve(TransactionId transaction);

 private:
  txn::Time now() const;
  void take(const txn::Decision& decision);
  /// Until what is being published has been, a second at most.
  void await_publishing();
  /// `is_new`: that the transaction committed was not known here before.
  void carry_out(const txn::ParticipantActions& actions, bool is_new = true);
  void watch();

  storage::ChunkStore& store_;
  dist::Catalogue& catalogue_;
  const Clock& clock_;
  const std::string self_;

  std::mutex mutex_;
  std::condition_variable wake_;
  txn::Participant participant_;           // guarded by mutex_
  std::set<TransactionId> publishing_;     // guarded by mutex_; by other threads at this moment
  std::condition_variable published_;      // one of them less
  std::set<TransactionId> committed_;      // guarded by mutex_
  std::vector<txn::Decision> unfinished_;  // guarded by mutex_; the store could not publish them yet
  bool stopping_ = false;                  // guarded by mutex_
  std::function<void()> missed_;           // set by start()
  std::thread thread_;
};

}  // namespace pelorus::datanode
