#include "session/background_jobs.h"

#include "base/log.h"
#include "base/memory_limit.h"
#include "base/script_error.h"
#include "types/temporal.h"

namespace pelorus::session {

using data::Value;

struct BackgroundJobs::Work {
  std::shared_ptr<BackgroundJob> job;
  std::unique_ptr<exec::WorkerSession> session;
  Value function;
  std::vector<Value> arguments;
};

std::string BackgroundJobs::free_id(const std::string& wanted) const {
  if (!jobs_.contains(wanted)) return wanted;
  constexpr int64_t kNsPerDay = 86'400'000'000'000;
  const auto date = types::civil_from_days(static_cast<int32_t>(clock_.wall_ns() / kNsPerDay));
  const auto padded = [](int number, size_t width) {
    const auto digits = std::to_string(number);
    return std::string(digits.size() < width ? width - digits.size() : 0, '0') + digits;
  };
  const auto dated = wanted + padded(date.year, 4) + padded(date.month, 2) + padded(date.day, 2);
  for (int number = 0;; ++number) {
    auto id = dated + padded(number, 4);
    if (!jobs_.contains(id)) return id;
  }
}

std::string BackgroundJobs::submit(BackgroundJob job, std::unique_ptr<exec::WorkerSession> session, Value function,
                                   std::vector<Value> arguments) {
  auto work = std::make_shared<Work>();
  work->job = std::make_shared<BackgroundJob>(std::move(job));
  work->job->received_ns = clock_.wall_ns();
  work->job->cancellation = session->cancellation();
  work->session = std::move(session);
  work->function = std::move(function);
  work->arguments = std::move(arguments);
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    id = work->job->id = free_id(work->job->id);
    jobs_.emplace(id, work->job);
    order_.push_back(id);
    forget_old();
  }
  if (pool_.submit([this, work] { run(*work); })) return id;
  const std::lock_guard lock(mutex_);
  jobs_.erase(id);
  std::erase(order_, id);
  throw ScriptError("The job " + id + " is refused: " + std::to_string(kWaitingMax) + " jobs are waiting already.");
}

void BackgroundJobs::run(Work& work) {
  auto& job = *work.job;
  {
    const std::lock_guard lock(mutex_);
    job.started_ns = clock_.wall_ns();
  }
  work.session->set_print_sink([&](std::string_view text) {
    const std::lock_guard lock(mutex_);
    job.messages.append(text.substr(0, kMessageBytesMax - std::min(kMessageBytesMax, job.messages.size())));
  });
  std::optional<Value> result;
  std::string error;
  try {
    if (job.cancellation.cancelled()) throw ScriptError("The job was cancelled before it began.");
    const memory::Refusable may_be_refused;
    result = work.session->interpreter().call(work.function, std::span<Value>(work.arguments));
  } catch (const ScriptError& failed) {
    error = failed.message();
  } catch (const std::bad_alloc&) {
    error = "Out of memory: the job needs more than this node can give.";
  } catch (const std::exception& fault) {
    log_error("A job met a fault of the server: " + std::string(fault.what()));
    error = "Internal error: " + std::string(fault.what());
  }
  const std::lock_guard lock(mutex_);
  job.ended_ns = clock_.wall_ns();
  job.error = std::move(error);
  job.result = std::move(result);
}

std::optional<BackgroundJob> BackgroundJobs::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return std::nullopt;
  return *found->second;
}

std::vector<BackgroundJob> BackgroundJobs::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<BackgroundJob> jobs;
  for (const auto& id : order_) jobs.push_back(*jobs_.at(id));
  return jobs;
}

bool BackgroundJobs::cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return false;
  found->second->cancellation.cancel();
  return true;
}

void BackgroundJobs::forget_old() {
  for (size_t i = 0; order_.size() > kRememberedMax && i < order_.size();) {
    if (jobs_.at(order_[i])->ended_ns == 0) {
      ++i;
      continue;
    }
    jobs_.erase(order_[i]);
    order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void BackgroundJobs::stop() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, job] : jobs_) job->cancellation.cancel();
  }
  pool_.stop();
}

}  // namespace pelorus::session
