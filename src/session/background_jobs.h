#pragma once
// Jobs that go on after the statement that submitted them: submitJob and its kin.

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "base/clock.h"
#include "base/thread_pool.h"
#include "exec/worker_session.h"
#include "functions/registry.h"

namespace pelorus::session {

/// What a job is, as getRecentJobs shows it. Times are wall clock nanoseconds, 0: not yet.
struct BackgroundJob {
  std::string id;
  std::string user;
  std::string description;
  std::string remote_ip;
  int remote_port = 0;
  int64_t received_ns = 0;
  int64_t started_ns = 0;
  int64_t ended_ns = 0;
  std::string error;                  // empty: none
  std::string messages;               // what it printed
  std::optional<data::Value> result;  // once it has ended well
  CancellationToken cancellation;
};

/// Runs jobs on threads of its own and remembers the last ones. Thread-safe. stop() before the sessions' surroundings
/// go.
class BackgroundJobs {
 public:
  static constexpr size_t kRunningMax = 16;
  static constexpr size_t kWaitingMax = 1024;
  static constexpr size_t kRememberedMax = 4096;
  static constexpr size_t kMessageBytesMax = 1 << 20;

  explicit BackgroundJobs(const Clock& clock) : clock_(clock) {}
  ~BackgroundJobs() { stop(); }

  /// Queues a call; the id it got: the wanted one, with date and number behind it when that is taken. ScriptError when
  /// too many wait.
  std::string submit(BackgroundJob job, std::unique_ptr<exec::WorkerSession> session, data::Value function,
                     std::vector<data::Value> arguments);
  std::optional<BackgroundJob> find(const std::string& id) const;
  /// In the order they were submitted.
  std::vector<BackgroundJob> all() const;
  /// False when there is no such job.
  bool cancel(const std::string& id);
  /// Refuses new jobs, cancels the others and waits for them.
  void stop();

 private:
  struct Work;
  void run(Work& work);
  std::string free_id(const std::string& wanted) const;
  void forget_old();

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<BackgroundJob>> jobs_;  // guarded by mutex_, as are the jobs themselves
  std::deque<std::string> order_;                               // guarded by mutex_
  ThreadPool pool_{{.name = "jobs", .threads_max = kRunningMax, .queue_max = kWaitingMax}};
};

/// submitJob submitJobEx getRecentJobs getJobStatus getJobMessage getJobReturn cancelJob
void register_job_functions(functions::Registry& registry, BackgroundJobs& jobs, const std::string& node_alias);

}  // namespace pelorus::session
