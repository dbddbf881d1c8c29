#pragma once
// Jobs that run at fixed times of the day, kept over restarts: scheduleJob and its kin.

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "session/background_jobs.h"

namespace pelorus::session {

/// One job as it is kept. Days and minutes are of the node's local time.
struct ScheduledJob {
  std::string id;
  std::string user;
  bool is_admin = false;
  std::string description;
  std::string definitions;       // script with the functions of the session that made it
  std::string function;          // script whose value is the function to call, without arguments
  std::vector<int32_t> minutes;  // of the day, ascending
  int32_t first_day = 0;         // days since 1970; both ends count
  int32_t last_day = 0;
  std::string frequency;      // "D", "W", "M"
  std::vector<int32_t> days;  // W: weekdays from Sunday 0; M: days of the month from 1

  template <class A>
  void fields(A& a) {
    a(id, user, is_admin, description, definitions, function, minutes, first_day, last_day, frequency, days);
  }
  /// Whether it runs on that day at all.
  bool runs_on(int32_t day) const;
};

/// Starts a background job whenever a job's minute comes. What was missed while the node was down is not made up for.
/// Thread-safe. stop() before the sessions' surroundings and `jobs` go.
class ScheduledJobs {
 public:
  static constexpr size_t kJobsMax = 4096;

  /// Where the jobs are kept.
  struct Storage {
    std::function<Result<std::string>()> load;  // empty text: nothing was kept yet
    std::function<Status(const std::string&)> save;
  };

  /// All outlive it.
  ScheduledJobs(const exec::Surroundings& surroundings, BackgroundJobs& jobs, const Clock& clock)
      : surroundings_(surroundings), jobs_(jobs), clock_(clock) {}
  ~ScheduledJobs() { stop(); }

  /// Loads what was kept; without it jobs last as long as the process. Errors of the storage; kCorrupt when it is not
  /// readable: then every change fails with that, too.
  Status open(Storage storage);
  /// A thread that looks at the clock.
  void start();
  void stop();

  /// ScriptError when the id is taken, there are too many, or the function cannot be called; nothing changes then.
  void add(ScheduledJob job);
  /// False when there is none. ScriptError when that cannot be kept.
  bool remove(const std::string& id);
  std::vector<ScheduledJob> all() const;
  /// Starts the jobs whose minute has come since the last call; the first call only notes the time.
  void run_due();

 private:
  void run(const ScheduledJob& job);
  /// The function in a session of its own. ScriptError.
  std::unique_ptr<exec::WorkerSession> prepared(const ScheduledJob& job, data::Value* function) const;
  Status save_locked();

  const exec::Surroundings& surroundings_;
  BackgroundJobs& jobs_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::function<Status(const std::string&)> save_;  // guarded by mutex_; may be empty
  std::map<std::string, ScheduledJob> scheduled_;   // guarded by mutex_
  std::optional<int64_t> looked_at_;                // guarded by mutex_; the last minute looked at
  bool stopping_ = false;                           // guarded by mutex_
  std::thread thread_;
};

/// scheduleJob getScheduledJobs deleteScheduledJob
void register_scheduled_jobs(functions::Registry& registry, ScheduledJobs& jobs, const std::string& node_alias);

}  // namespace pelorus::session
