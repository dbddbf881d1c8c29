#pragma once
// The statements running now: what getConsoleJobs lists and cancelConsoleJob ends.

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/cancellation.h"
#include "base/clock.h"

namespace pelorus::session {

struct JobFacts {
  uint64_t session_id = 0;
  std::string user;
  std::string description;  // the beginning of the statement
  int priority = 4;
  int parallelism = 64;
  std::string remote_ip;
  int remote_port = 0;
  int64_t received_ns = 0;                // wall clock
  bool cancelled_with_connection = true;  // false for asynchronous requests
};

struct Job {
  std::string id;  // a UUID
  JobFacts facts;
  CancellationToken cancellation;
  std::thread::id thread;
};

/// Thread-safe.
class JobBoard {
 public:
  /// A job from its begin to the end of this object.
  class Running {
   public:
    Running(JobBoard& board, Job job) : board_(board), job_(std::move(job)) {}
    ~Running() { board_.remove(job_.id); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    const Job& job() const { return job_; }

   private:
    JobBoard& board_;
    const Job job_;
  };

  /// On the thread that runs the statement.
  Running begin(JobFacts facts, CancellationToken cancellation);
  std::vector<Job> all() const;
  /// The job that runs on a thread; empty when none does.
  std::string id_on(std::thread::id thread) const;
  /// False when there is no such job (any more).
  bool cancel(std::string_view id);
  /// The connection of the session is gone.
  void cancel_session(uint64_t session_id);
  void cancel_all();

  static constexpr size_t kDescriptionBytesMax = 1000;

 private:
  void remove(const std::string& id);

  mutable std::mutex mutex_;
  std::map<std::string, Job, std::less<>> jobs_;  // guarded by mutex_
};

}  // namespace pelorus::session
