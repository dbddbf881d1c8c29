#include "base/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace pelorus {

Status side_by_side(size_t count, size_t threads, const std::function<Status(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  size_t failed = count;
  Status failure;
  const auto take = [&] {
    for (size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
      Status done = work(i);
      if (done.ok()) continue;
      next.store(count);
      const std::lock_guard lock(mutex);
      if (i < failed) {
        failed = i;
        failure = std::move(done);
      }
    }
  };
  std::vector<std::thread> others;
  try {
    while (others.size() + 1 < std::min(threads, count)) others.emplace_back(take);
  } catch (const std::system_error&) {
    // Fewer threads than wanted do it as well.
  }
  take();
  for (auto& other : others) other.join();
  return failure;
}

}  // namespace pelorus
