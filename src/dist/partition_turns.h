#pragma once
// Writers of one node that write to the same partition go one after another, in the order in which they came.

#include <chrono>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "meta/partition_scheme.h"

namespace pelorus::dist {

/// Spares writers asking whether a partition is free again: the next one begins when the one before it has ended.
/// Writers of other nodes are not known here. Thread-safe.
class PartitionTurns {
 public:
  using Partition = std::pair<TableId, meta::PartitionKey>;

  /// Waits until all who came before have ended, or patience does; ends with its scope.
  class Turn {
   public:
    Turn(PartitionTurns& turns, Partition partition, std::chrono::milliseconds patience);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    PartitionTurns& turns_;
    const Partition partition_;
    std::condition_variable first_;  // that it may have become the first
  };

  /// Several turns at once, had only if nobody has or awaits one of them; they end with their scope.
  class Turns {
   public:
    Turns(PartitionTurns& turns, std::vector<Partition> partitions);
    ~Turns();
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;
    bool had() const { return had_; }

   private:
    PartitionTurns& turns_;
    const std::vector<Partition> partitions_;
    std::condition_variable place_;  // in the queues; nobody waits for it
    bool had_ = true;
  };

 private:
  /// mutex_ held.
  void leave(const Partition& partition, std::condition_variable* place);

  std::mutex mutex_;
  std::map<Partition, std::list<std::condition_variable*>> queues_;  // who writes and who waits; guarded by mutex_
};

}  // namespace pelorus::dist
