// Flushing, compaction and what the background thread does.

#include <algorithm>

#include "base/log.h"
#include "base/memory_limit.h"
#include "storage/node_store.h"

namespace pelorus::storage {
namespace {

constexpr std::chrono::milliseconds kRetryMax{10000};

}  // namespace

/// Nothing where there is no choice.
NodeStore::VolumeCounts NodeStore::count_chunks() const {
  VolumeCounts counts;
  if (volumes_.size() < 2) return counts;
  for (const auto& chunk : all()) ++counts[chunk->volume()];
  return counts;
}

std::string NodeStore::volume_for_new() const {
  auto counts = count_chunks();
  return volume_for_new(counts);
}

/// The volume with the fewest chunks among those that have room; counts the new chunk there.
std::string NodeStore::volume_for_new(VolumeCounts& counts) const {
  if (volumes_.size() == 1) return volumes_.front().path;
  constexpr uint64_t kRoomBytes = 1ull << 30;
  const OpenedVolume* best = nullptr;
  bool best_has_room = false;
  for (const auto& volume : volumes_) {
    const auto space = files_.space(volume.path);
    const bool room = space.ok() && space->bytes_free >= kRoomBytes;
    if (!best || (room && !best_has_room) || (room == best_has_room && counts[volume.path] < counts[best->path])) {
      best = &volume;
      best_has_room = room;
    }
  }
  ++counts[best->path];
  return best->path;
}

Status NodeStore::flush_chunk(const ChunkRef& chunk, VolumeCounts& counts) {
  const memory::NeverRefused gives_memory_back;
  if (!chunk->needs_flush()) return {};
  const std::string volume = chunk->volume();
  return chunk->flush(volume.empty() ? volume_for_new(counts) : volume);
}

Status NodeStore::flush(ChunkId chunk) {
  TRY(const auto found, find(chunk));
  auto counts = count_chunks();
  TRY_DONE(flush_chunk(found, counts));
  return log_->release();
}

Status NodeStore::flush_all() {
  Status first_failure;
  auto counts = count_chunks();
  for (const auto& chunk : all()) {
    const Status flushed = flush_chunk(chunk, counts);
    // A chunk being copied here is flushed when that ends.
    if (!flushed.ok() && flushed.error().code != ErrorCode::kConflict && first_failure.ok()) first_failure = flushed;
  }
  const Status released = log_->release();
  return first_failure.ok() ? released : first_failure;
}

Status NodeStore::compact(ChunkId chunk) {
  const memory::NeverRefused whole;
  TRY(const auto found, find(chunk));
  return found->compact(true);
}

std::vector<std::string> NodeStore::volumes() const {
  std::vector<std::string> paths;
  for (const auto& volume : volumes_) paths.push_back(volume.path);
  return paths;
}

Status NodeStore::move(ChunkId chunk, const std::string& volume) {
  const memory::NeverRefused whole;
  TRY(const auto found, find(chunk));
  const auto paths = volumes();
  if (std::find(paths.begin(), paths.end(), volume) == paths.end()) {
    std::string known;
    for (const auto& path : paths) known += (known.empty() ? "" : ", ") + path;
    return Error{ErrorCode::kInvalid, volume + " is no volume of this node; it has " + known};
  }
  TRY_DONE(found->move(volume));
  return log_->release();
}

Status NodeStore::flush_for(std::chrono::nanoseconds time) {
  const auto end = clock_.now() + time;
  TRY_DONE(flush_largest([&] { return clock_.now() >= end; }));
  return log_->release();
}

/// Flushes the chunks with most rows in memory until `enough` says so.
Status NodeStore::flush_largest(const std::function<bool()>& enough) {
  std::vector<std::pair<uint64_t, ChunkRef>> chunks;
  for (auto& chunk : all()) {
    const uint64_t bytes = chunk->memory_bytes();
    if (bytes > 0) chunks.emplace_back(bytes, std::move(chunk));
  }
  std::sort(chunks.begin(), chunks.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  auto counts = count_chunks();
  for (const auto& [bytes, chunk] : chunks) {
    if (enough()) break;
    const Status flushed = flush_chunk(chunk, counts);
    if (!flushed.ok() && flushed.error().code != ErrorCode::kConflict) return flushed;
  }
  return {};
}

/// Flushes the chunks that keep the oldest log file while the log is too long.
Status NodeStore::shorten_log() {
  if (log_->bytes() <= options_.log_bytes_max) return {};
  const auto oldest = log_->oldest();
  if (!oldest) return {};
  auto counts = count_chunks();
  for (const auto& chunk : all()) {
    const auto pin = chunk->oldest_pin();
    if (!pin || pin->number > oldest->number) continue;
    const Status flushed = flush_chunk(chunk, counts);
    if (!flushed.ok() && flushed.error().code != ErrorCode::kConflict) return flushed;
  }
  return {};
}

Status NodeStore::do_upkeep() {
  TRY_DONE(log_->flush_pending());
  const auto begin = static_cast<uint64_t>(static_cast<double>(options_.buffer_bytes_max) * options_.flush_share);
  if (budget_.used() > begin) TRY_DONE(flush_largest([&] { return budget_.used() <= begin / 2; }));
  TRY_DONE(shorten_log());
  for (const auto& chunk : all()) {
    chunk->prune();
    if (!chunk->wants_compaction()) continue;
    const Status compacted = chunk->compact(false);
    // Damage of one chunk, which info() shows, is not to keep the log of all.
    const bool is_its_own = !compacted.ok() && (compacted.error().code == ErrorCode::kConflict ||
                                                compacted.error().code == ErrorCode::kCorrupt);
    if (!compacted.ok() && !is_its_own) return compacted;
  }
  return log_->release();
}

void NodeStore::run_background() {
  auto pause = options_.background_period;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, pause);
    if (stopping_) break;
    lock.unlock();
    Status done = do_upkeep();
    // Recycled log files are room for column files, which in turn let live log files go.
    if (!done.ok() && done.error().code == ErrorCode::kNoSpace && log_->drop_spares().ok()) done = do_upkeep();
    lock.lock();
    const bool is_news =
        !done.ok() && (background_failure_.ok() || background_failure_.error().message != done.error().message);
    if (is_news) log_warning("storage upkeep: " + done.error().message);
    background_failure_ = done;
    pause = done.ok() ? options_.background_period : std::min(pause * 2, kRetryMax);
  }
}

Status NodeStore::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (background_.joinable()) background_.join();
  return log_ ? log_->stop() : Status();
}

}  // namespace pelorus::storage
