#pragma once
// Threads that share the computing of one statement: as many as the node may use, the caller's own included.

#include <cstddef>
#include <functional>

#include "base/thread_pool.h"

namespace pelorus {

/// Thread-safe; made once per node and shared by all statements. Never waits for a free thread: work that nobody else
/// takes up is done by the caller, so runs may be nested and a busy pool only makes them slower.
class WorkerPool {
 public:
  /// `threads`: at most so many work on one run; 1: the caller alone.
  explicit WorkerPool(size_t threads);

  size_t threads() const { return threads_; }
  /// Calls work(worker, part) once for each part below `parts`, in no order, and returns when all are done. worker <
  /// threads(), and no two calls with the same worker are made at the same time. The first exception leaves the other
  /// parts undone and is thrown here.
  void run(size_t parts, const std::function<void(size_t worker, size_t part)>& work);

 private:
  const size_t threads_;
  ThreadPool pool_;
};

/// As WorkerPool::run; `workers` may be null: then the caller does one part after another, as worker 0.
inline void run_parts(WorkerPool* workers, size_t parts, const std::function<void(size_t worker, size_t part)>& work) {
  if (workers) return workers->run(parts, work);
  for (size_t part = 0; part < parts; ++part) work(0, part);
}

}  // namespace pelorus
