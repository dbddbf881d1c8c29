#include "raft/replicated_log.h"

#include <future>
#include <optional>

namespace pelorus::raft {

namespace {

/// Runs `begin(done)` and waits; `late` when nothing came in time. The answer's home outlives the waiter.
template <class Answer, class Begin>
Answer wait_for(std::chrono::milliseconds timeout, const Error& late, Begin begin) {
  auto answer = std::make_shared<std::promise<Answer>>();
  auto future = answer->get_future();
  begin([answer](Answer value) { answer->set_value(std::move(value)); });
  if (future.wait_for(timeout) != std::future_status::ready) return late;
  return future.get();
}

Error late_change(std::string_view what) {
  return Error{ErrorCode::kTimeout, "no answer in time: " + std::string(what)};
}

}  // namespace

std::string_view name_of(MemberRole role) {
  switch (role) {
    case MemberRole::kVoter: return "voter";
    case MemberRole::kLearner: return "learner";
    case MemberRole::kSpare: return "spare";
  }
  return "?";
}

std::string_view name_of(LogRole role) {
  switch (role) {
    case LogRole::kStopped: return "stopped";
    case LogRole::kFollower: return "follower";
    case LogRole::kCandidate: return "candidate";
    case LogRole::kLeader: return "leader";
  }
  return "?";
}

uint64_t member_id_of(std::string_view unique_name) {
  uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a, 64 bits
  for (const char c : unique_name) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001b3ull;
  }
  return hash == 0 ? 1 : hash;
}

void ReplicatedLog::propose_and_help(std::vector<Proposal> proposals) {
  for (auto& each : proposals) propose(std::move(each.command), std::move(each.done));
}

Result<Bytes> ReplicatedLog::propose_and_wait(Bytes command, std::chrono::milliseconds timeout) {
  std::vector<Bytes> commands;
  commands.push_back(std::move(command));
  return std::move(propose_and_wait(std::move(commands), timeout)[0]);
}

std::vector<Result<Bytes>> ReplicatedLog::propose_and_wait(std::vector<Bytes> commands,
                                                           std::chrono::milliseconds timeout) {
  std::vector<std::future<Result<Bytes>>> answers;
  std::vector<Proposal> proposals;
  for (auto& command : commands) {
    auto answer = std::make_shared<std::promise<Result<Bytes>>>();
    answers.push_back(answer->get_future());
    proposals.push_back({std::move(command), [answer](Result<Bytes> value) { answer->set_value(std::move(value)); }});
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  propose_and_help(std::move(proposals));
  std::vector<Result<Bytes>> outcomes;
  for (auto& answer : answers) {
    const bool came = answer.wait_until(deadline) == std::future_status::ready;
    outcomes.push_back(came ? answer.get()
                            : Result<Bytes>(Error{ErrorCode::kOutcomeUnknown, "no answer in time: propose"}));
  }
  return outcomes;
}

Status ReplicatedLog::read_barrier_and_wait(std::chrono::milliseconds timeout) {
  return wait_for<Status>(timeout, late_change("read barrier"), [&](Done done) { read_barrier(std::move(done)); });
}

Status ReplicatedLog::add_learner_and_wait(const Member& member, std::chrono::milliseconds timeout) {
  return wait_for<Status>(timeout, late_change("add " + member.alias),
                          [&](Done done) { add_learner(member, std::move(done)); });
}

Status ReplicatedLog::promote_and_wait(const std::string& alias, std::chrono::milliseconds timeout) {
  return wait_for<Status>(timeout, late_change("promote " + alias),
                          [&](Done done) { promote(alias, std::move(done)); });
}

Status ReplicatedLog::demote_and_wait(const std::string& alias, std::chrono::milliseconds timeout) {
  return wait_for<Status>(timeout, late_change("demote " + alias), [&](Done done) { demote(alias, std::move(done)); });
}

Status ReplicatedLog::remove_and_wait(const std::string& alias, std::chrono::milliseconds timeout) {
  return wait_for<Status>(timeout, late_change("remove " + alias), [&](Done done) { remove(alias, std::move(done)); });
}

Status ReplicatedLog::transfer_leadership_and_wait(const std::string& alias, std::chrono::milliseconds timeout) {
  return wait_for<Status>(timeout, late_change("transfer leadership to " + alias),
                          [&](Done done) { transfer_leadership(alias, std::move(done)); });
}

}  // namespace pelorus::raft
