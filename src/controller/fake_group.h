#pragma once
// For tests: a replicated log whose members live in one process and agree at once. The test says who leads.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "raft/replicated_log.h"

namespace pelorus::controller {

/// Thread-safe. Applies to every member under one lock; nobody leads until lead() says so.
class FakeGroup {
 public:
  /// The log of a new member, which outlives nothing of the group.
  raft::ReplicatedLog& add(const std::string& alias, raft::StateMachine& machine) {
    auto log = std::make_unique<Log>(*this, alias, machine);
    auto& place = *log;
    logs_[alias] = std::move(log);
    return place;
  }
  void lead(const std::string& alias) {
    std::string before;
    {
      const std::lock_guard lock(mutex_);
      before = std::exchange(leader_, alias);
      ++term_;
    }
    if (!before.empty()) logs_.at(before)->machine_.leadership_changed(false, term_);
    if (!alias.empty()) logs_.at(alias)->machine_.leadership_changed(true, term_);
  }
  /// The next proposal is committed, but its proposer does not hear of it.
  void lose_next_answer() { lose_answer_ = true; }
  std::vector<raft::Member> members;  // as shown by status(); changed by the membership calls
  std::vector<std::string> silent;    // as shown by status()

 private:
  class Log final : public raft::ReplicatedLog {
   public:
    Log(FakeGroup& group, std::string alias, raft::StateMachine& machine)
        : machine_(machine), group_(group), alias_(std::move(alias)) {}
    Status bootstrap(const std::vector<raft::Member>&) override { return {}; }
    Status start() override { return {}; }
    void stop() override {}
    void propose(Bytes command, raft::ProposeDone done) override {
      Bytes answer;
      {
        const std::lock_guard lock(group_.mutex_);
        if (group_.leader_ != alias_) return done(Error{ErrorCode::kNotLeader, group_.leader_});
        ++group_.index_;
        for (auto& [alias, log] : group_.logs_) {
          auto result = log->machine_.apply(group_.index_, command);
          if (alias == alias_) answer = std::move(result);
        }
      }
      if (group_.lose_answer_.exchange(false)) return done(Error{ErrorCode::kOutcomeUnknown, "lost"});
      done(std::move(answer));
    }
    void read_barrier(raft::Done done) override {
      if (group_.leader() != alias_) return done(Error{ErrorCode::kNotLeader, group_.leader()});
      done({});
    }
    void add_learner(const raft::Member& member, raft::Done done) override {
      group_.members.push_back(member);
      group_.members.back().role = raft::MemberRole::kLearner;
      done({});
    }
    void promote(const std::string& alias, raft::Done done) override {
      for (auto& member : group_.members) {
        if (member.alias == alias) member.role = raft::MemberRole::kVoter;
      }
      done({});
    }
    void demote(const std::string& alias, raft::Done done) override {
      for (auto& member : group_.members) {
        if (member.alias == alias) member.role = raft::MemberRole::kLearner;
      }
      done({});
    }
    void remove(const std::string& alias, raft::Done done) override {
      std::erase_if(group_.members, [&](const raft::Member& member) { return member.alias == alias; });
      done({});
    }
    void transfer_leadership(const std::string& alias, raft::Done done) override {
      auto next = alias;
      for (const auto& member : group_.members) {
        if (next.empty() && member.alias != alias_ && member.role == raft::MemberRole::kVoter) next = member.alias;
      }
      group_.lead(next);
      done({});
    }
    raft::LogStatus status() const override {
      raft::LogStatus status;
      status.leader = group_.leader();
      status.role = status.leader == alias_ ? raft::LogRole::kLeader : raft::LogRole::kFollower;
      status.members = group_.members;
      status.silent = group_.silent;
      return status;
    }
    raft::StateMachine& machine_;

   private:
    FakeGroup& group_;
    const std::string alias_;
  };
  std::string leader() const {
    const std::lock_guard lock(mutex_);
    return leader_;
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Log>> logs_;
  std::string leader_;  // guarded by mutex_
  uint64_t term_ = 0;
  uint64_t index_ = 0;  // guarded by mutex_
  std::atomic<bool> lose_answer_{false};
};

}  // namespace pelorus::controller
