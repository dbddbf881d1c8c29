#include "controller/awaited_chunks.h"

namespace pelorus::controller {

void AwaitedChunks::refused(ChunkId chunk, const std::string& coordinator) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  askers_.insert_or_assign(chunk, Asker{coordinator, now});
  if (now - swept_ < kAsksAgain) return;
  std::erase_if(askers_, [&](const auto& entry) { return now - entry.second.last >= kAsksAgain; });
  swept_ = now;
}

bool AwaitedChunks::by_another(ChunkId chunk, const std::string& coordinator) const {
  const std::lock_guard lock(mutex_);
  const auto found = askers_.find(chunk);
  return found != askers_.end() && found->second.coordinator != coordinator &&
         clock_.now() - found->second.last < kAsksAgain;
}

}  // namespace pelorus::controller
