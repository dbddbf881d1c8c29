#include "base/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>

namespace pelorus {
namespace {

/// One run; helpers that come late find it closed.
struct Run {
  const std::function<void(size_t, size_t)>* work = nullptr;
  size_t parts = 0;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::condition_variable idle;
  size_t helping = 0;          // guarded by mutex
  bool closed = false;         // guarded by mutex
  std::exception_ptr failure;  // guarded by mutex

  void take_parts(size_t worker) {
    try {
      for (size_t part = next.fetch_add(1); part < parts; part = next.fetch_add(1)) (*work)(worker, part);
    } catch (...) {
      next = parts;
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  }
  void help(size_t worker) {
    {
      const std::lock_guard lock(mutex);
      if (closed) return;
      ++helping;
    }
    take_parts(worker);
    const std::lock_guard lock(mutex);
    if (--helping == 0) idle.notify_all();
  }
  void close() {
    std::unique_lock lock(mutex);
    closed = true;
    idle.wait(lock, [&] { return helping == 0; });
    if (failure) std::rethrow_exception(failure);
  }
};

}  // namespace

WorkerPool::WorkerPool(size_t threads)
    : threads_(std::max<size_t>(threads, 1)),
      pool_({.name = "workers", .threads_max = std::max<size_t>(threads_ - 1, 1)}) {}

void WorkerPool::run(size_t parts, const std::function<void(size_t worker, size_t part)>& work) {
  const size_t helpers = std::min(threads_, parts) - std::min<size_t>(parts, 1);
  if (helpers == 0) {
    for (size_t part = 0; part < parts; ++part) work(0, part);
    return;
  }
  const auto run = std::make_shared<Run>();
  run->work = &work;
  run->parts = parts;
  for (size_t worker = 1; worker <= helpers; ++worker) {
    if (!pool_.submit([run, worker] { run->help(worker); })) break;
  }
  run->take_parts(0);
  run->close();
}

}  // namespace pelorus
