#include "session/job_board.h"

#include "base/ids.h"

namespace pelorus::session {

JobBoard::Running JobBoard::begin(JobFacts facts, CancellationToken cancellation) {
  if (facts.description.size() > kDescriptionBytesMax) facts.description.resize(kDescriptionBytesMax);
  Job job{.id = Uuid::random().to_string(),
          .facts = std::move(facts),
          .cancellation = std::move(cancellation),
          .thread = std::this_thread::get_id()};
  {
    const std::lock_guard lock(mutex_);
    jobs_.emplace(job.id, job);
  }
  return Running(*this, std::move(job));
}

std::vector<Job> JobBoard::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Job> list;
  for (const auto& [id, job] : jobs_) list.push_back(job);
  return list;
}

std::string JobBoard::id_on(std::thread::id thread) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, job] : jobs_) {
    if (job.thread == thread) return id;
  }
  return {};
}

bool JobBoard::cancel(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return false;
  found->second.cancellation.cancel();
  return true;
}

void JobBoard::cancel_session(uint64_t session_id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, job] : jobs_) {
    if (job.facts.session_id == session_id && job.facts.cancelled_with_connection) job.cancellation.cancel();
  }
}

void JobBoard::cancel_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, job] : jobs_) job.cancellation.cancel();
}

void JobBoard::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  jobs_.erase(id);
}

}  // namespace pelorus::session
