#pragma once
// One thread that waits for sockets (epoll) and passes what happens to their owners.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/error.h"

namespace pelorus::rpc {

/// Something with a file descriptor. All calls come from the loop's thread.
class Pollable {
 public:
  virtual ~Pollable() = default;
  virtual void on_events(uint32_t epoll_events) = 0;
  /// About every EventLoop::kTick, for timeouts.
  virtual void on_tick(std::chrono::steady_clock::time_point now) = 0;
};

/// Tasks and callbacks run on its thread and must not block. Thread-safe where not said otherwise.
class EventLoop {
 public:
  static constexpr std::chrono::milliseconds kTick{20};

  /// `name` is shown by debuggers; `on_tick` runs about every kTick.
  explicit EventLoop(std::string name, std::function<void()> on_tick = {});
  ~EventLoop();  // stop()

  /// Runs `task` on the loop's thread. After stop(), drops it.
  void post(std::function<void()> task);
  /// Loop thread only. The loop shares ownership until remove().
  Status add(int fd, uint32_t epoll_events, std::shared_ptr<Pollable> owner);
  /// Any thread, while `fd` is added.
  void watch(int fd, uint32_t epoll_events);
  /// Loop thread only; before the descriptor is closed.
  void remove(int fd);
  /// Runs the tasks posted so far, then ends the thread. Not from the loop's thread.
  void stop();

  /// True on the thread of any loop: there nothing may wait for an answer.
  static bool on_loop_thread();

 private:
  void open();
  void run();
  void run_tasks();
  void tick(std::chrono::steady_clock::time_point now);

  const std::string name_;
  const std::function<void()> on_tick_;
  int epoll_ = -1;
  int wake_ = -1;                                              // eventfd
  std::unordered_map<int, std::shared_ptr<Pollable>> owners_;  // loop thread only
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;  // guarded by mutex_
  bool stopping_ = false;                     // guarded by mutex_
  std::thread thread_;
};

}  // namespace pelorus::rpc
