#pragma once
// Asking for memory before it is used, where addresses are known ahead and no pattern lets the processor guess them.

#include <cstddef>
#include <cstdint>

namespace pelorus {

/// What is hardly longer than this is in a cache anyway.
inline constexpr size_t kPrefetchBytes = size_t{512} << 10;
/// How many steps of a loop ahead: more lines on their way than a processor finds by looking ahead itself.
inline constexpr size_t kPrefetchSteps = 48;

/// Whether the place is to be read or written. A place outside the memory of `from` does no harm.
enum class Access { kRead, kWrite };

/// from[place], soon.
template <Access kAccess = Access::kRead, class T>
inline void prefetch(const T* from, int64_t place) {
  const auto address = reinterpret_cast<uintptr_t>(from) + static_cast<uintptr_t>(place) * sizeof(T);
  __builtin_prefetch(reinterpret_cast<const void*>(address), kAccess == Access::kWrite ? 1 : 0);
}

/// All lines of some memory, soon.
inline void prefetch_all(const void* from, size_t bytes) {
  constexpr size_t kLine = 64;
  for (size_t at = 0; at < bytes; at += kLine) prefetch(static_cast<const char*>(from), static_cast<int64_t>(at));
}

/// Brings memory to the cache from end to end, which takes less time than waiting for each of its lines in another
/// order.
inline void read_through(const void* from, size_t bytes) {
  constexpr size_t kLine = 64;
  const auto* const begin = static_cast<const char*>(from);
  for (size_t at = 0; at < bytes; at += kLine) asm volatile("" : : "r"(begin[at]));
}

}  // namespace pelorus
