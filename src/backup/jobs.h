#pragma once
// The backups and restores of this node since it started, as getBackupStatus tells them.

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"

namespace pelorus::backup {

/// One table's backup or restore. Counts are written by those who work, read by anybody.
struct Job {
  std::string user;
  std::string type;  // BACKUP_BY_COPY_FILE, BACKUP_BY_SQL, RESTORE_BY_COPY_FILE, RESTORE_BY_SQL
  std::string database;
  std::string table;
  int64_t started_ns = 0;
  std::atomic<int64_t> total{0};  // partitions
  std::atomic<int64_t> done{0};
  std::atomic<int64_t> ended_ns{0};  // 0: under way
};

/// Thread-safe. Keeps the newest kJobsMax.
class Jobs {
 public:
  static constexpr size_t kJobsMax = 1000;
  explicit Jobs(const Clock& clock) : clock_(clock) {}

  std::shared_ptr<Job> begin(std::string user, std::string type, std::string database, std::string table) {
    auto job = std::make_shared<Job>();
    job->user = std::move(user);
    job->type = std::move(type);
    job->database = std::move(database);
    job->table = std::move(table);
    job->started_ns = clock_.wall_ns();
    const std::lock_guard lock(mutex_);
    jobs_.push_back(job);
    if (jobs_.size() > kJobsMax) jobs_.pop_front();
    return job;
  }
  void end(Job& job) const { job.ended_ns = clock_.wall_ns(); }
  /// Oldest first.
  std::vector<std::shared_ptr<const Job>> all() const {
    const std::lock_guard lock(mutex_);
    return {jobs_.begin(), jobs_.end()};
  }

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<Job>> jobs_;  // guarded by mutex_
};

}  // namespace pelorus::backup
