#include "base/memory_limit.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>

namespace pelorus::memory {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kSampleNanoseconds = 20'000'000;    // resident bytes are read again after so long
constexpr int64_t kReclaimNanoseconds = 200'000'000;  // and unused memory is given back at most so often
constexpr uint64_t kMegabyte = 1ull << 20;

// The allocator keeps what was freed for the next who asks, up to a share of the limit: looked at whenever a smaller
// share was freed.
constexpr uint64_t kUnusedShare = 8;
constexpr uint64_t kFreedShare = 16;

struct State {
  std::atomic<uint64_t> bytes_max{0};
  std::atomic<uint64_t> large{0};  // bytes of large blocks
  std::atomic<uint64_t> other{0};  // resident bytes beside them, when last sampled
  std::atomic<int64_t> sampled_at{INT64_MIN / 2};
  std::atomic<int64_t> reclaimed_at{INT64_MIN / 2};
  std::atomic<uint64_t> freed{0};  // bytes of large blocks, since unused memory was last looked at
  std::mutex reclaiming;
  Limit limit;                       // guarded by reclaiming
  std::function<void()> ask_others;  // guarded by reclaiming
};

// Allocations happen before and after every other object lives: never destroyed.
State& state() {
  static State* const only = ::new (std::malloc(sizeof(State))) State;
  return *only;
}

thread_local bool refusable = false;

int64_t now() { return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count(); }

/// The second number of /proc/self/statm, without an allocation; 0 when it cannot be read.
uint64_t resident_bytes() {
  static const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[96] = {};
  const auto got = read(file, text, sizeof text - 1);
  close(file);
  if (got <= 0) return 0;
  char* end = nullptr;
  (void)std::strtoull(text, &end, 10);
  return std::strtoull(end, nullptr, 10) * page;
}

void sample(State& all) {
  const uint64_t large = all.large.load(std::memory_order_relaxed);
  const uint64_t resident = resident_bytes();
  all.other.store(resident > large ? resident - large : 0, std::memory_order_relaxed);
  all.sampled_at.store(now(), std::memory_order_relaxed);
}

uint64_t held(const State& all) {
  return all.large.load(std::memory_order_relaxed) + all.other.load(std::memory_order_relaxed);
}

void reclaim(State& all) {
  const std::lock_guard lock(all.reclaiming);  // what another thread is just making room for may be enough
  if (now() - all.reclaimed_at.load() < kReclaimNanoseconds) return;
  if (all.ask_others) all.ask_others();
  if (all.limit.reclaim) all.limit.reclaim();
  all.reclaimed_at.store(now());
}

void give_back_unused(State& all, uint64_t unused_max) noexcept {
  const std::unique_lock lock(all.reclaiming, std::try_to_lock);
  if (!lock || !all.limit.reclaim) return;
  all.freed.store(0, std::memory_order_relaxed);
  sample(all);
  if (all.other.load(std::memory_order_relaxed) > unused_max) all.limit.reclaim();
}

bool fits(State& all, uint64_t bytes, uint64_t bytes_max) {
  const auto room = [&] { return bytes <= bytes_max && held(all) <= bytes_max - bytes; };
  if (room() && now() - all.sampled_at.load(std::memory_order_relaxed) < kSampleNanoseconds) return true;
  sample(all);
  if (room()) return true;
  reclaim(all);
  sample(all);
  return room();
}

std::string megabytes(uint64_t bytes) { return std::to_string((bytes + kMegabyte - 1) / kMegabyte) + " MB"; }

[[noreturn]] void refuse(const State& all, uint64_t bytes, uint64_t bytes_max) {
  const NeverRefused building_the_message;
  throw OutOfMemory("Out of memory: " + megabytes(bytes) + " more were asked for, " + all.limit.holder + " holds " +
                    megabytes(held(all)) + " of maxMemSize " + megabytes(bytes_max) +
                    "; narrow the query (where, limit), write smaller blocks or raise maxMemSize");
}

}  // namespace

void set_limit(Limit limit) {
  auto& all = state();
  {
    const std::lock_guard lock(all.reclaiming);  // other threads may free already
    all.limit = std::move(limit);
    all.reclaimed_at = INT64_MIN / 2;
  }
  all.bytes_max = all.limit.bytes_max;
  all.freed = 0;
  sample(all);
}

void on_shortage(std::function<void()> ask) {
  auto& all = state();
  const std::lock_guard lock(all.reclaiming);
  all.ask_others.swap(ask);
}

uint64_t limit_bytes() { return state().bytes_max.load(std::memory_order_relaxed); }

void change_limit(uint64_t bytes_max) { state().bytes_max = bytes_max; }

uint64_t held_bytes() {
  auto& all = state();
  sample(all);
  return held(all);
}

void require(uint64_t bytes) {
  auto& all = state();
  const auto bytes_max = all.bytes_max.load(std::memory_order_relaxed);
  if (bytes_max == 0 || fits(all, bytes, bytes_max)) return;
  refuse(all, bytes, bytes_max);
}

void require_if_refusable(uint64_t bytes) {
  if (refusable) require(bytes);
}

void note_allocated(uint64_t bytes) noexcept { state().large.fetch_add(bytes, std::memory_order_relaxed); }

void note_freed(uint64_t bytes) noexcept {
  auto& all = state();
  all.large.fetch_sub(bytes, std::memory_order_relaxed);
  const auto bytes_max = all.bytes_max.load(std::memory_order_relaxed);
  const auto freed = all.freed.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (bytes_max > 0 && freed > bytes_max / kFreedShare) give_back_unused(all, bytes_max / kUnusedShare);
}

Refusable::Refusable() noexcept : before_(refusable) { refusable = true; }
Refusable::~Refusable() { refusable = before_; }
bool is_refusable() noexcept { return refusable; }
NeverRefused::NeverRefused() noexcept : before_(refusable) { refusable = false; }
NeverRefused::~NeverRefused() { refusable = before_; }

}  // namespace pelorus::memory
