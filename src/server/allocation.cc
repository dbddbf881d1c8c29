#include "server/allocation.h"

#include <jemalloc/jemalloc.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <new>
#include <utility>

#include "base/log.h"
#include "base/memory_limit.h"
#include "base/yielding.h"

// Null where jemalloc is not linked.
extern "C" int mallctl(const char* name, void* old_value, size_t* old_bytes, void* new_value, size_t new_bytes)
    __attribute__((weak));
extern "C" void* mallocx(size_t bytes, int flags) __attribute__((weak));

/// jemalloc's settings: nothing is given back at once, a thread of the allocator's own does it when nobody asks again.
extern "C" const char* malloc_conf;
const char* malloc_conf = "oversize_threshold:0,background_thread:true";

namespace pelorus::server {
namespace {

constexpr uint64_t kUnlimited = UINT64_MAX;

/// Allocators round up: a block asked for with a little less may be a large one. The size it has decides, here and at
/// its release alike.
constexpr size_t kPerhapsLargeBytes = memory::kLargeBlockBytes - 64;

/// Columns of so many bytes are touched whole, and most of the cost of touching memory for the first time is by page.
constexpr size_t kHugePagesFrom = 8 << 20;

void ask_for_huge_pages(void* block, size_t bytes) noexcept {
  constexpr uintptr_t kHugePage = 2 << 20;
  const auto begin = (reinterpret_cast<uintptr_t>(block) + kHugePage - 1) & ~(kHugePage - 1);
  const auto end = (reinterpret_cast<uintptr_t>(block) + bytes) & ~(kHugePage - 1);
  // A kernel without them says no, which changes nothing.
  if (begin < end) (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

/// Columns come and go with every query, and the system zeroes every page it gives: what one thread freed serves the
/// next, whichever that is, and stays for a while.
constexpr size_t kSharedFrom = 1 << 20;
constexpr ssize_t kStaysMilliseconds = 300'000;

/// The arena that all threads take their columns from, as flags of mallocx; negative: there is none.
int flags_of_columns() {
  if (mallctl == nullptr || mallocx == nullptr) return -1;
  unsigned arena = 0;
  size_t bytes = sizeof arena;
  if (mallctl("arenas.create", &arena, &bytes, nullptr, 0) != 0) return -1;
  auto stays = kStaysMilliseconds;
  const std::string decay = "arena." + std::to_string(arena) + ".dirty_decay_ms";
  (void)mallctl(decay.c_str(), nullptr, nullptr, &stays, sizeof stays);
  return static_cast<int>(MALLOCX_ARENA(arena));
}

std::atomic<uint64_t> columns_allocated{0};

void* allocate_column(size_t bytes) {
  columns_allocated.fetch_add(1, std::memory_order_relaxed);
  static const int flags = flags_of_columns();
  return flags < 0 ? std::malloc(bytes) : mallocx(bytes, flags);
}

void* counted(void* block) noexcept {
  const size_t bytes = malloc_usable_size(block);
  if (bytes > memory::kLargeBlockBytes) memory::note_allocated(bytes);
  return block;
}

void* allocate_large(size_t bytes, size_t alignment) {
  if (bytes > memory::kLargeBlockBytes) memory::require_if_refusable(bytes);
  void* block = alignment > 0          ? std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment)
                : bytes >= kSharedFrom ? allocate_column(bytes)
                                       : std::malloc(bytes);
  if (block == nullptr)
    throw OutOfMemory("Out of memory: the system gives no more (" + std::to_string(bytes >> 20) + " MB asked for)");
  if (bytes >= kHugePagesFrom) ask_for_huge_pages(block, bytes);
  return counted(block);
}

inline void* allocate(size_t bytes, size_t alignment = 0) {
  if (bytes > kPerhapsLargeBytes || alignment > 0) return allocate_large(bytes, alignment);
  void* block = std::malloc(bytes > 0 ? bytes : 1);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void* allocate_or_null(size_t bytes, size_t alignment = 0) noexcept {
  try {
    return allocate(bytes, alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

inline void release(void* block) noexcept {
  if (block == nullptr) return;
  const size_t bytes = malloc_usable_size(block);
  if (bytes > memory::kLargeBlockBytes) memory::note_freed(bytes);
  std::free(block);
}

inline void release(void* block, size_t bytes) noexcept {
  if (bytes > kPerhapsLargeBytes) return release(block);
  std::free(block);
}

void give_back_to_system() {
  if (mallctl == nullptr) {
    malloc_trim(0);
    return;
  }
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // 4096: all arenas
}

uint64_t physical_bytes() {
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

/// Of the control group the process lives in when that is the file system's root, as in a container.
uint64_t control_group_bytes() {
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream in(path);
    uint64_t bytes = 0;
    if (in >> bytes && bytes > 0) return bytes;  // "max" is no number
  }
  return kUnlimited;
}

}  // namespace

uint64_t set_memory_limit(const config::Settings& settings, const std::string& holder) {
  const auto wanted = static_cast<uint64_t>(settings.bytes("maxMemSize"));
  const uint64_t there = std::min(physical_bytes(), control_group_bytes()) / 10 * 9;
  const uint64_t limit = wanted > 0 ? std::min(wanted, there) : there;
  if (wanted > there) {
    log_info("maxMemSize is " + std::to_string(wanted >> 20) + " MB, the machine allows " +
             std::to_string(there >> 20) + " MB, which is the limit");
  }
  memory::set_limit({.bytes_max = limit, .holder = holder, .reclaim = give_back_to_system});
  return limit;
}

uint64_t warning_bytes(const config::Settings& settings) {
  const auto set = static_cast<uint64_t>(settings.bytes("warningMemSize"));
  const auto limit = memory::limit_bytes();
  return set > 0 && set < limit ? set : limit / 4 * 3;
}

MemoryWatch::MemoryWatch(std::function<uint64_t()> warning_bytes, std::chrono::milliseconds period)
    : warning_bytes_(std::move(warning_bytes)), period_(period), periods_(kPeriodsAtLeast), thread_([this] { run(); }) {
  memory::on_shortage([this] { ask(); });
}

MemoryWatch::~MemoryWatch() {
  memory::on_shortage({});
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

void MemoryWatch::ask() {
  std::unique_lock lock(mutex_);
  const auto mine = ++asked_;
  wake_.notify_all();
  emptied_.wait_for(lock, kPatience, [&] { return answered_ >= mine; });
}

/// Caller holds mutex_.
bool MemoryWatch::is_wanted() {
  if (asked_ > answered_) return true;
  if (++periods_ <= kPeriodsAtLeast) return false;
  const auto warning = warning_bytes_();
  return warning > 0 && memory::held_bytes() > warning;
}

void MemoryWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, period_, [this] { return stopping_ || asked_ > answered_; });
    if (stopping_ || !is_wanted()) continue;
    const auto asked = asked_;
    lock.unlock();
    try {
      memory::let_go_of_caches();
    } catch (const std::bad_alloc&) {  // what the system gives no more for; the rest of it comes next time
    }
    give_back_to_system();
    lock.lock();
    answered_ = asked;
    periods_ = 0;
    emptied_.notify_all();
  }
}

UnusedMemory::UnusedMemory(std::chrono::milliseconds quiet) : quiet_(quiet), thread_([this] { run(); }) {}

UnusedMemory::~UnusedMemory() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

void UnusedMemory::run() {
  using std::chrono::steady_clock;
  uint64_t seen = columns_allocated.load(std::memory_order_relaxed);
  uint64_t given_back = seen;
  auto quiet_since = steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, quiet_ / 4, [this] { return stopping_; })) {
    const auto allocated = columns_allocated.load(std::memory_order_relaxed);
    const auto now = steady_clock::now();
    if (std::exchange(seen, allocated) != allocated) quiet_since = now;
    if (allocated == given_back || now - quiet_since < quiet_) continue;
    given_back = allocated;
    give_back_to_system();
  }
}

}  // namespace pelorus::server

using pelorus::server::allocate;
using pelorus::server::allocate_or_null;
using pelorus::server::release;

void* operator new(size_t bytes) { return allocate(bytes); }
void* operator new[](size_t bytes) { return allocate(bytes); }
void* operator new(size_t bytes, std::align_val_t alignment) { return allocate(bytes, static_cast<size_t>(alignment)); }
void* operator new[](size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<size_t>(alignment));
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return allocate_or_null(bytes); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept { return allocate_or_null(bytes); }
void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate_or_null(bytes, static_cast<size_t>(alignment));
}
void* operator new[](size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate_or_null(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, size_t bytes) noexcept { release(block, bytes); }
void operator delete[](void* block, size_t bytes) noexcept { release(block, bytes); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, size_t bytes, std::align_val_t) noexcept { release(block, bytes); }
void operator delete[](void* block, size_t bytes, std::align_val_t) noexcept { release(block, bytes); }
void operator delete(void* block, const std::nothrow_t&) noexcept { release(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { release(block); }
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept { release(block); }
