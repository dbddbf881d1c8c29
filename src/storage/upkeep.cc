// Flushing, compaction and what the background thread does.

#include <algorithm>

#include "base/log.h"
#include "base/memory_limit.h"
#include "base/side_by_side.h"
#include "storage/node_store.h"

namespace pelorus::storage {
namespace {

constexpr std::chrono::milliseconds kRetryMax{10000};
/// Bytes in memory of a chunk whose flush keeps a processor busy: one of them at a time. Smaller ones mostly wait for
/// the disk.
constexpr uint64_t kLargeFlushBytes = 4ull << 20;
/// Fewer rows in memory than this part of the write buffer are not written for the room they take: files would be small
/// where memory is short for long.
constexpr uint64_t kFlushShare = 16;
/// Rounds of upkeep from one look at what reads have learnt to the next: five seconds.
constexpr size_t kRoundsPerLook = 25;

}  // namespace

/// Nothing where there is no choice.
NodeStore::VolumeCounts NodeStore::count_chunks() const {
  VolumeCounts counts;
  if (volumes().size() < 2) return counts;
  for (const auto& chunk : all()) ++counts[chunk->volume()];
  return counts;
}

std::string NodeStore::volume_for_new() const {
  auto counts = count_chunks();
  return volume_for_new(counts);
}

/// The volume with the fewest chunks among those that have room; counts the new chunk there.
std::string NodeStore::volume_for_new(VolumeCounts& counts) const {
  const auto paths = volumes();
  if (paths.size() == 1) return paths.front();
  constexpr uint64_t kRoomBytes = 1ull << 30;
  const std::string* best = nullptr;
  bool best_has_room = false;
  for (const auto& path : paths) {
    const auto space = files_.space(path);
    const bool room = space.ok() && space->bytes_free >= kRoomBytes;
    if (!best || (room && !best_has_room) || (room == best_has_room && counts[path] < counts[*best])) {
      best = &path;
      best_has_room = room;
    }
  }
  ++counts[*best];
  return *best;
}

Status NodeStore::flush_chunk(const ChunkRef& chunk, const std::function<std::string()>& volume_for_new) {
  const memory::NeverRefused gives_memory_back;
  if (!chunk->needs_flush()) return {};
  const std::string volume = chunk->volume();
  return chunk->flush(volume.empty() ? volume_for_new() : volume);
}

/// Flushes them in this order, several at a time, until `enough` says so. A chunk being copied here is left out: it is
/// flushed when that ends. Returns the first failure.
Status NodeStore::flush_chunks(const std::vector<ChunkRef>& chunks, AfterFailure after_failure,
                               const std::function<bool()>& enough) {
  auto counts = count_chunks();
  std::mutex choosing;
  const auto choose = [&] {
    const std::lock_guard lock(choosing);
    return volume_for_new(counts);
  };
  std::mutex large;
  std::mutex telling;
  Status failure;
  const auto stopped = side_by_side(chunks.size(), options_.chunks_at_once, [&](size_t i) -> Status {
    std::unique_lock alone(large, std::defer_lock);
    if (chunks[i]->memory_bytes() > kLargeFlushBytes) alone.lock();
    if (enough()) return {};
    Status flushed = flush_chunk(chunks[i], choose);
    if (flushed.ok() || flushed.error().code == ErrorCode::kConflict) return {};
    if (after_failure == AfterFailure::kStop) return flushed;
    const std::lock_guard lock(telling);
    if (failure.ok()) failure = std::move(flushed);
    return {};
  });
  return stopped.ok() ? failure : stopped;
}

Status NodeStore::flush(ChunkId chunk) {
  TRY(const auto found, find(chunk));
  TRY_DONE(flush_chunk(found, [this] { return volume_for_new(); }));
  return log_->release();
}

Status NodeStore::flush_all() {
  Status flushed = flush_chunks(all(), AfterFailure::kGoOn, [this] { return ending_.load(); });
  if (flushed.ok() && ending_)
    flushed =
        Error{ErrorCode::kCancelled, "the node is being stopped: what is not in column files yet, its redo log keeps"};
  const Status released = log_->release();
  return flushed.ok() ? released : flushed;
}

void NodeStore::let_go() {
  for (const auto& chunk : all()) chunk->let_go();
  if (budget_.used() < budget_.bytes_max() / kFlushShare) return;
  flush_wanted_ = true;
  wake_.notify_one();
}

Status NodeStore::compact(ChunkId chunk) {
  const memory::NeverRefused whole;
  TRY(const auto found, find(chunk));
  return found->compact(true);
}

std::vector<std::string> NodeStore::volumes() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& volume : volumes_) paths.push_back(volume.path);
  return paths;
}

Status NodeStore::add_volume(const std::string& path) {
  const std::lock_guard one_after_another(adding_mutex_);
  const auto paths = volumes();
  if (std::find(paths.begin(), paths.end(), path) != paths.end())
    return Error{ErrorCode::kAlreadyExists, path + " is a volume of this node already"};
  TRY_DONE(files_.make_directories(path));
  TRY(auto held, files_.lock(io::join_path(path, "lock")));
  TRY(auto volume, open_new_volume(files_, options_.identity, options_.directories, path));
  locks_.push_back(std::move(held));
  const std::lock_guard lock(mutex_);
  volumes_.push_back(std::move(volume));
  return {};
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
  std::vector<std::pair<uint64_t, ChunkRef>> sizes;
  for (auto& chunk : all()) {
    const uint64_t bytes = chunk->memory_bytes();
    if (bytes > 0) sizes.emplace_back(bytes, std::move(chunk));
  }
  std::sort(sizes.begin(), sizes.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<ChunkRef> chunks;
  for (auto& [bytes, chunk] : sizes) chunks.push_back(std::move(chunk));
  return flush_chunks(chunks, AfterFailure::kStop, enough);
}

/// Flushes the chunks that keep the oldest log file while the log is too long.
Status NodeStore::shorten_log() {
  if (log_->bytes() <= options_.log_bytes_max) return {};
  const auto oldest = log_->oldest();
  if (!oldest) return {};
  std::vector<ChunkRef> chunks;
  for (auto& chunk : all()) {
    const auto pin = chunk->oldest_pin();
    if (pin && pin->number <= oldest->number) chunks.push_back(std::move(chunk));
  }
  return flush_chunks(chunks, AfterFailure::kStop, [] { return false; });
}

/// What was learnt of the chunks that were not read for longest goes, down to half of what may be kept.
void NodeStore::bound_indexes() {
  struct Learnt {
    std::chrono::steady_clock::time_point read;
    uint64_t bytes;
    ChunkRef chunk;
  };
  std::vector<Learnt> learnt;
  uint64_t total = 0;
  for (auto& chunk : all()) {
    const auto bytes = chunk->learnt_bytes();
    total += bytes;
    if (bytes > 0) learnt.push_back({chunk->last_read(), bytes, std::move(chunk)});
  }
  index_bytes_ = total;
  if (options_.index_bytes_max == 0 || total <= options_.index_bytes_max) return;
  std::sort(learnt.begin(), learnt.end(), [](const auto& a, const auto& b) { return a.read < b.read; });
  for (const auto& one : learnt) {
    if (total <= options_.index_bytes_max / 2) break;
    one.chunk->let_go();
    total -= one.bytes;
  }
  index_bytes_ = total;
}

Status NodeStore::do_upkeep() {
  if (++rounds_ % kRoundsPerLook == 0) bound_indexes();
  TRY_DONE(log_->flush_pending());
  if (flush_wanted_.exchange(false)) TRY_DONE(flush_largest([] { return false; }));
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
  yielding_.reset();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (background_.joinable()) background_.join();
  return log_ ? log_->stop() : Status();
}

}  // namespace pelorus::storage
