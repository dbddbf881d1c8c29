#include "session/scheduled_jobs.h"

#include <algorithm>
#include <ctime>

#include "base/log.h"
#include "base/script_error.h"
#include "meta/archive.h"
#include "types/temporal.h"

namespace pelorus::session {

using data::Value;

namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kMinutesPerDay = 1440;
constexpr std::chrono::milliseconds kPause{500};

/// What is kept on disk.
struct KeptJobs {
  std::vector<ScheduledJob> jobs;
  template <class A>
  void fields(A& a) {
    a(jobs);
  }
};

/// Minutes since 1970 of the node's local time.
int64_t local_minute(int64_t wall_ns) {
  const time_t moment = static_cast<time_t>(wall_ns / kNsPerSecond);
  tm local{};
  localtime_r(&moment, &local);
  return (moment + local.tm_gmtoff) / 60;
}

}  // namespace

bool ScheduledJob::runs_on(int32_t day) const {
  if (day < first_day || day > last_day) return false;
  if (frequency == "D") return true;
  constexpr int32_t kDaysPerWeek = 7, kThursday = 4;  // 1970.01.01 was a Thursday
  const int32_t wanted = frequency == "W" ? ((day + kThursday) % kDaysPerWeek + kDaysPerWeek) % kDaysPerWeek
                                          : static_cast<int32_t>(types::civil_from_days(day).day);
  return std::find(days.begin(), days.end(), wanted) != days.end();
}

Status ScheduledJobs::open(Storage storage) {
  const std::lock_guard lock(mutex_);
  const auto load = [&]() -> Status {
    TRY(const auto bytes, storage.load());
    if (bytes.empty()) return {};
    TRY(const auto kept, meta::decode<KeptJobs>(bytes, "the scheduled jobs"));
    for (const auto& job : kept.jobs) scheduled_.emplace(job.id, job);
    return {};
  };
  Status done = load();
  // What cannot be read is not written over.
  save_ = done.ok() ? std::move(storage.save) : [done](const std::string&) { return done; };
  return done;
}

Status ScheduledJobs::save_locked() {
  if (!save_) return {};
  KeptJobs kept;
  for (const auto& [id, job] : scheduled_) kept.jobs.push_back(job);
  return save_(meta::encode(kept));
}

void ScheduledJobs::start() {
  thread_ = std::thread([this] {
    for (;;) {
      run_due();
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kPause, [this] { return stopping_; })) return;
    }
  });
}

void ScheduledJobs::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ScheduledJobs::add(ScheduledJob job) {
  Value function;
  (void)prepared(job, &function);  // an error now is better than one at night
  const std::lock_guard lock(mutex_);
  if (scheduled_.size() >= kJobsMax)
    throw ScriptError("scheduleJob: the node has " + std::to_string(kJobsMax) + " scheduled jobs; delete some.");
  const auto id = job.id;
  if (!scheduled_.emplace(id, std::move(job)).second)
    throw ScriptError("scheduleJob: a job " + id + " is scheduled already; see deleteScheduledJob.");
  if (const auto saved = save_locked(); !saved.ok()) {
    scheduled_.erase(id);
    throw ScriptError("scheduleJob: the job can't be kept: " + saved.error().message);
  }
}

bool ScheduledJobs::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = scheduled_.find(id);
  if (found == scheduled_.end()) return false;
  auto removed = scheduled_.extract(found);
  if (const auto saved = save_locked(); !saved.ok()) {
    scheduled_.insert(std::move(removed));
    throw ScriptError("deleteScheduledJob: that can't be kept: " + saved.error().message);
  }
  return true;
}

std::vector<ScheduledJob> ScheduledJobs::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<ScheduledJob> jobs;
  for (const auto& [id, job] : scheduled_) jobs.push_back(job);
  return jobs;
}

void ScheduledJobs::run_due() {
  std::vector<ScheduledJob> due;
  {
    const std::lock_guard lock(mutex_);
    const int64_t now = local_minute(clock_.wall_ns());
    const int64_t before = looked_at_.value_or(now);
    looked_at_ = now;
    // A clock that jumps ahead starts a job once at most, one that goes back none again.
    for (const auto& [id, job] : scheduled_) {
      const int64_t from = std::max(before, now - kMinutesPerDay);
      bool is_due = false;
      for (int64_t minute = from + 1; minute <= now && !is_due; ++minute) {
        const auto of_day = static_cast<int32_t>(minute % kMinutesPerDay);
        is_due = std::binary_search(job.minutes.begin(), job.minutes.end(), of_day) &&
                 job.runs_on(static_cast<int32_t>(minute / kMinutesPerDay));
      }
      if (is_due) due.push_back(job);
    }
  }
  for (const auto& job : due) run(job);
}

std::unique_ptr<exec::WorkerSession> ScheduledJobs::prepared(const ScheduledJob& job, Value* function) const {
  exec::SessionScope scope(static_cast<uint64_t>(clock_.wall_ns()));
  scope.caller = {.user = job.user, .is_admin = job.is_admin};
  exec::Interpreter creator(surroundings_, scope);
  if (!job.definitions.empty()) creator.run(job.definitions);
  *function = creator.run(job.function);
  if (!function->is_function()) throw ScriptError("The job " + job.id + " has no function that can be kept.");
  return std::make_unique<exec::WorkerSession>(creator);
}

void ScheduledJobs::run(const ScheduledJob& job) {
  try {
    Value function;
    auto session = prepared(job, &function);
    jobs_.submit({.id = job.id, .user = job.user, .description = job.description}, std::move(session), function, {});
  } catch (const ScriptError& error) {
    log_warning("The scheduled job " + job.id + " did not start: " + error.message());
  }
}

}  // namespace pelorus::session
