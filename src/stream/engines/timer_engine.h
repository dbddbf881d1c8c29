#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "stream/engines/engine.h"

namespace pelorus::stream {

/// Lets rows through as they are and calls a function every so often, on a thread of its own, with a session of its
/// own. A call that fails is logged and the next one comes all the same.
class TimerEngine final : public Engine {
 public:
  /// `session`: of the calls. `arguments`: of each call.
  TimerEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, std::chrono::seconds interval,
              data::Value function, std::vector<data::Value> arguments);
  ~TimerEngine() override { end(); }

  /// Waits for the call under way, which is cancelled.
  void drop() override { end(); }
  /// No further call is begun until it goes on.
  void hold();
  void go_on();

 protected:
  std::string kind() const override { return "TimerEngine"; }
  data::Table process(const data::Table& rows) override { return rows; }
  int64_t groups() const override { return 0; }

 private:
  void run();
  void end();

  const std::chrono::seconds interval_;
  const data::Value function_;
  const std::vector<data::Value> arguments_;
  const std::unique_ptr<exec::WorkerSession> calls_;  // the thread's
  std::mutex mutex_;
  std::condition_variable wake_;
  bool held_ = false;      // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace pelorus::stream
