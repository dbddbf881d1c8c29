#pragma once
// A fixed or growing set of threads that run tasks which may block.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pelorus {

struct ThreadPoolOptions {
  std::string name;          // shown by debuggers; at most 15 bytes are kept
  size_t threads_max = 4;    // threads are started when there is work and none is idle
  size_t queue_max = 65536;  // waiting tasks; submit() refuses beyond
};

/// Starts threads on demand up to threads_max and keeps them. Thread-safe.
class ThreadPool {
 public:
  explicit ThreadPool(ThreadPoolOptions options);
  ~ThreadPool();  // stop()
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// False when stopped or when queue_max tasks wait.
  bool submit(std::function<void()> task);
  /// Refuses new tasks, runs those waiting, joins. Not callable from a task.
  void stop();
  size_t waiting() const;
  size_t running() const;

 private:
  void work();

  const ThreadPoolOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;  // guarded by mutex_
  std::vector<std::thread> threads_;         // guarded by mutex_
  size_t idle_ = 0;                          // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
};

}  // namespace pelorus
