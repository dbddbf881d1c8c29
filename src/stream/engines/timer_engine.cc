#include "stream/engines/timer_engine.h"

#include "base/log.h"
#include "base/script_error.h"

namespace pelorus::stream {

TimerEngine::TimerEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, std::chrono::seconds interval,
                         data::Value function, std::vector<data::Value> arguments)
    : Engine(std::move(terms), nullptr),
      interval_(interval),
      function_(std::move(function)),
      arguments_(std::move(arguments)),
      calls_(std::move(session)),
      thread_([this] { run(); }) {}

void TimerEngine::run() {
  auto next = std::chrono::steady_clock::now() + interval_;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_until(lock, next, [this] { return stopping_; })) return;
      next = std::max(next + interval_, std::chrono::steady_clock::now());
      if (held_) continue;
    }
    auto arguments = arguments_;
    try {
      (void)calls_->interpreter().call(function_, std::span<data::Value>(arguments));
    } catch (const ScriptError& error) {
      log_error("The timer engine " + name() + " failed: " + error.message());
    } catch (const std::bad_alloc&) {
      log_error("The timer engine " + name() + " failed: Out of memory.");
    }
  }
}

void TimerEngine::hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void TimerEngine::go_on() {
  const std::lock_guard lock(mutex_);
  held_ = false;
}

void TimerEngine::end() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  calls_->cancellation().cancel();
  if (thread_.joinable()) thread_.join();
}

}  // namespace pelorus::stream
