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
  turns_.leave(partition_, &first_);
}

PartitionTurns::Turns::Turns(PartitionTurns& turns, std::vector<Partition> partitions)
    : turns_(turns), partitions_(std::move(partitions)) {
  const std::lock_guard lock(turns_.mutex_);
  for (const auto& partition : partitions_) had_ = had_ && !turns_.queues_.contains(partition);
  if (!had_) return;
  for (const auto& partition : partitions_) turns_.queues_[partition].push_back(&place_);
}

PartitionTurns::Turns::~Turns() {
  if (!had_) return;
  const std::lock_guard lock(turns_.mutex_);
  for (const auto& partition : partitions_) turns_.leave(partition, &place_);
}

void PartitionTurns::leave(const Partition& partition, std::condition_variable* place) {
  const auto entry = queues_.find(partition);
  auto& queue = entry->second;
  const bool was_first = queue.front() == place;
  queue.remove(place);
  if (queue.empty())
    queues_.erase(entry);
  else if (was_first)
    queue.front()->notify_one();
}

}  // namespace pelorus::dist
