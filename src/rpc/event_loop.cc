#include "rpc/event_loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace pelorus::rpc {
namespace {

constexpr int kEventsPerTurn = 64;
thread_local bool is_loop_thread = false;

}  // namespace

EventLoop::EventLoop(std::string name, std::function<void()> on_tick)
    : name_(std::move(name)), on_tick_(std::move(on_tick)) {
  open();
}

void EventLoop::open() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK_WITH(epoll_ >= 0 && wake_ >= 0, std::strerror(errno));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0);
  thread_ = std::thread([this] { run(); });
}

EventLoop::~EventLoop() {
  stop();
  close(wake_);
  close(epoll_);
}

bool EventLoop::on_loop_thread() { return is_loop_thread; }

void EventLoop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return;  // the thread is awake already
  }
  const uint64_t one = 1;
  (void)!write(wake_, &one, sizeof(one));
}

Status EventLoop::add(int fd, uint32_t epoll_events, std::shared_ptr<Pollable> owner) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.fd = fd;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    return Error{ErrorCode::kIo, std::string("cannot wait for a socket: ") + std::strerror(errno)};
  }
  owners_[fd] = std::move(owner);
  return {};
}

void EventLoop::watch(int fd, uint32_t epoll_events) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.fd = fd;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::remove(int fd) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  owners_.erase(fd);
}

void EventLoop::run_tasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) task();
}

void EventLoop::tick(std::chrono::steady_clock::time_point now) {
  std::vector<std::shared_ptr<Pollable>> all;  // owners may remove themselves meanwhile
  all.reserve(owners_.size());
  for (const auto& [fd, owner] : owners_) all.push_back(owner);
  for (const auto& owner : all) owner->on_tick(now);
  if (on_tick_) on_tick_();
}

void EventLoop::run() {
  is_loop_thread = true;
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  epoll_event events[kEventsPerTurn];
  auto next_tick = std::chrono::steady_clock::now() + kTick;
  while (true) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next_tick - std::chrono::steady_clock::now());
    const int count = epoll_wait(epoll_, events, kEventsPerTurn, static_cast<int>(std::max<int64_t>(0, wait.count())));
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == wake_) {
        uint64_t ignored = 0;
        (void)!read(wake_, &ignored, sizeof(ignored));
        continue;
      }
      const auto found = owners_.find(events[i].data.fd);
      if (found == owners_.end()) continue;
      const auto owner = found->second;
      owner->on_events(events[i].events);
    }
    run_tasks();
    const auto now = std::chrono::steady_clock::now();
    if (now >= next_tick) {
      tick(now);
      next_tick = now + kTick;
    }
    const std::lock_guard lock(mutex_);
    if (stopping_ && tasks_.empty()) return;
  }
}

void EventLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  const uint64_t one = 1;
  (void)!write(wake_, &one, sizeof(one));
  if (thread_.joinable()) thread_.join();
}

}  // namespace pelorus::rpc
