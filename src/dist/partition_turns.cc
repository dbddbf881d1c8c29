#include "dist/partition_turns.h"

namespace pelorus::dist {

PartitionTurns::Turn::Turn(PartitionTurns& turns, Partition partition, std::chrono::milliseconds patience)
    : turns_(turns), partition_(std::move(partition)) {
  std::unique_lock lock(turns_.mutex_);
  auto& queue = turns_.queues_[partition_];
  queue.push_back(&first_);
  first_.wait_for(lock, patience, [&] { return queue.front() == &first_; });
}

PartitionTurns::Turn::~Turn() {
  const std::lock_guard lock(turns_.mutex_);
  const auto place = turns_.queues_.find(partition_);
  auto& queue = place->second;
  const bool was_first = queue.front() == &first_;
  queue.remove(&first_);
  if (queue.empty())
    turns_.queues_.erase(place);
  else if (was_first)
    queue.front()->notify_one();
}

}  // namespace pelorus::dist
