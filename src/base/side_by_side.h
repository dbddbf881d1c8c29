#pragma once
// A piece of work for each of many items, several at a time, for work that mostly waits (for a disk) or is long.

#include <cstddef>
#include <functional>

#include "base/error.h"

namespace pelorus {

/// Calls `work(i)` for 0 ≤ i < count, taken in this order by at most `threads` threads, this one among them. After a
/// failure no further item is begun; those under way end. Returns the failure of the lowest item that failed. With one
/// thread or one item no thread is started; else starting them costs some 20 µs each. `work` is called by several
/// threads at once and must not throw.
Status side_by_side(size_t count, size_t threads, const std::function<Status(size_t)>& work);

}  // namespace pelorus
