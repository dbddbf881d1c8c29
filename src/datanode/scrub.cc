#include "datanode/scrub.h"

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "base/memory_limit.h"

namespace pelorus::datanode {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kEmptyPause{1000};  // until there are chunks to read

}  // namespace

Scrubber::~Scrubber() { stop(); }

void Scrubber::start(std::function<void()> damaged) {
  {
    const std::lock_guard lock(mutex_);
    damaged_ = std::move(damaged);
  }
  if (terms_.round.count() > 0) thread_ = std::thread([this] { run(); });
}

void Scrubber::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    damaged_ = nullptr;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Status Scrubber::verify(ChunkId chunk) {
  const auto read = store_.verify(chunk);
  if (!read.ok()) {
    suspect(chunk, read.error());
    return read;
  }
  const std::lock_guard lock(mutex_);
  known_.erase(chunk);
  return {};
}

void Scrubber::suspect(ChunkId chunk, const Error& error) {
  if (error.code != ErrorCode::kCorrupt) return;
  const auto info = store_.info(chunk);
  if (!info.ok() || info->damage.empty()) return;  // mended meanwhile, or it came with the request
  const std::lock_guard lock(mutex_);
  if (std::exchange(known_[chunk], info->damage) == info->damage) return;
  log_error("chunk " + std::to_string(chunk.value) +
            " is damaged and is to be copied from another replica: " + info->damage);
  if (damaged_) damaged_();
}

std::optional<ChunkId> Scrubber::next_after(ChunkId chunk, size_t* count) const {
  const auto chunks = store_.chunks();
  *count = chunks.size();
  if (chunks.empty()) return std::nullopt;
  const auto next = std::ranges::upper_bound(chunks, chunk, {}, &storage::ChunkInfo::chunk);
  return next == chunks.end() ? chunks.front().chunk : next->chunk;
}

milliseconds Scrubber::pause_after(ChunkId chunk, size_t count) const {
  auto pause = terms_.round / static_cast<int64_t>(std::max<size_t>(count, 1));
  const auto info = store_.info(chunk);
  if (info.ok() && terms_.bytes_per_second > 0)
    pause = std::max(pause, milliseconds(info->bytes_on_disk * 1000 / terms_.bytes_per_second));
  return pause;
}

/// The chunks of a round are spread evenly over its time.
void Scrubber::run() {
  ChunkId last{0};
  auto pause = std::min(terms_.round, kEmptyPause);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, pause, [&] { return stopping_; })) {
    lock.unlock();
    const memory::NeverRefused whole;
    size_t count = 0;
    const auto next = next_after(last, &count);
    pause = std::min(terms_.round, kEmptyPause);
    if (next) {
      last = *next;
      (void)verify(last);  // told there
      pause = pause_after(last, count);
    }
    lock.lock();
  }
}

}  // namespace pelorus::datanode
