#pragma once
// The memory ceiling of the process (maxMemSize). The allocator reports its large blocks here and asks before it takes
// one; a process has one allocator, so this state belongs to the process and not to an object.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <string>
#include <utility>

#include "base/error.h"

namespace pelorus {

/// An allocation that would pass the limit; what() is a sentence for the client.
class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

namespace memory {

/// Blocks of more bytes are counted, and refused when they do not fit.
inline constexpr size_t kLargeBlockBytes = 32768;

struct Limit {
  uint64_t bytes_max = 0;  // 0: none
  std::string holder;      // who holds the memory, in messages: "node1"
  /// Gives unused memory back to the system. Called when the limit is near, at most a few times a second, and when
  /// much was freed and the process still holds an eighth of the limit beside its large blocks. Must not allocate or
  /// throw. May be empty.
  std::function<void()> reclaim;
};

/// Before the first statement. Not thread-safe.
void set_limit(Limit limit);
uint64_t limit_bytes();  // 0: none
/// Another limit from now on, for the same holder; 0: none. Thread-safe.
void change_limit(uint64_t bytes_max);

/// What to do before an allocation is refused, besides giving unused memory back: it may wait, must not allocate or
/// throw, and is called at most a few times a second. Empty: nothing. Waits for a call under way. Thread-safe.
void on_shortage(std::function<void()> ask);

/// Bytes the process holds: resident ones, and large blocks that were allocated but not touched yet. Thread-safe.
uint64_t held_bytes();

/// Throws OutOfMemory when `bytes` more would pass the limit. Thread-safe; a few nanoseconds far from the limit.
void require(uint64_t bytes);

/// The same where it may be refused (Refusable), nothing elsewhere. For allocators.
void require_if_refusable(uint64_t bytes);
void note_allocated(uint64_t bytes) noexcept;
void note_freed(uint64_t bytes) noexcept;

/// While one lives, large allocations of this thread are refused at the limit: statements, fragments, uploads. Work
/// that must go on (commits, flushes, Raft) never is.
class Refusable {
 public:
  Refusable() noexcept;
  ~Refusable();
  Refusable(const Refusable&) = delete;
  Refusable& operator=(const Refusable&) = delete;

 private:
  const bool before_;
};

/// Whether this thread is in one.
bool is_refusable() noexcept;

/// A part inside a Refusable that must not be broken off.
class NeverRefused {
 public:
  NeverRefused() noexcept;
  ~NeverRefused();
  NeverRefused(const NeverRefused&) = delete;
  NeverRefused& operator=(const NeverRefused&) = delete;

 private:
  const bool before_;
};

/// Runs `deed`, which gives a Result or Status, as Refusable; kOutOfMemory when it was refused.
template <class Deed>
auto refused_as_error(Deed&& deed) -> decltype(deed()) {
  const Refusable may_be_refused;
  try {
    return std::forward<Deed>(deed)();
  } catch (const OutOfMemory& refused) {
    return Error{ErrorCode::kOutOfMemory, refused.what()};
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory, "Out of memory: the system gives no more"};
  }
}

}  // namespace memory
}  // namespace pelorus
