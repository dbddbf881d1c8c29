// Changes of the member list and of the leader: the part of LibraftMember that runs rarely and must be careful.

#include <algorithm>

#include "raft/internal/libraft_member.h"

namespace pelorus::raft {

namespace {

Error unknown_member(const std::string& alias) {
  return Error{ErrorCode::kNotFound, "no such member of the group: " + alias};
}

LibraftMember* member(void* owner) { return static_cast<LibraftMember*>(owner); }

}  // namespace

void LibraftMember::begin_task(std::function<void()> task, const Done& done) {
  const auto put = is_awake_ ? mailbox_.put_task(std::move(task)) : Mailbox::Put::kRefused;
  if (put == Mailbox::Put::kRefused) done(Error{ErrorCode::kUnavailable, "the replicated log is not running"});
  if (put == Mailbox::Put::kFirst) uv_async_send(&wake_);
}

void LibraftMember::add_learner(const Member& member, Done done) {
  begin_task([this, member, done] { begin_add(member, done); }, done);
}

void LibraftMember::promote(const std::string& alias, Done done) {
  begin_task([this, alias, done] { begin_assign(alias, MemberRole::kVoter, done); }, done);
}

void LibraftMember::demote(const std::string& alias, Done done) {
  begin_task([this, alias, done] { begin_assign(alias, MemberRole::kLearner, done); }, done);
}

void LibraftMember::remove(const std::string& alias, Done done) {
  begin_task([this, alias, done] { begin_remove(alias, done); }, done);
}

void LibraftMember::transfer_leadership(const std::string& alias, Done done) {
  begin_task([this, alias, done] { begin_transfer(alias, done); }, done);
}

const Member* LibraftMember::find(std::string_view alias) const {
  const auto at =
      std::find_if(members_.begin(), members_.end(), [&](const Member& each) { return each.alias == alias; });
  return at == members_.end() ? nullptr : &*at;
}

bool LibraftMember::is_live(uint64_t peer) const {
  if (peer == options_.self.id) return true;
  const auto heard = heard_ms_.find(peer);
  const auto patience = 2 * static_cast<uint64_t>(options_.election_timeout.count());
  return heard != heard_ms_.end() && uv_now(&loop_) < heard->second + patience;
}

/// No change may leave the live voters without a majority.
Status LibraftMember::keeps_majority(const Member& changed, MemberRole role_after, bool removed) const {
  size_t voters = 0;
  size_t live = 0;
  for (const auto& each : members_) {
    if (each.id == changed.id && removed) continue;
    const auto role = each.id == changed.id ? role_after : each.role;
    if (role != MemberRole::kVoter) continue;
    ++voters;
    live += is_live(each.id) ? 1 : 0;
  }
  if (voters == 0) return Error{ErrorCode::kInvalid, "the last voter cannot leave the group: " + changed.alias};
  if (live <= voters / 2) {
    return Error{ErrorCode::kUnavailable, "the change would leave no majority of live voters: " + std::to_string(live) +
                                              " live of " + std::to_string(voters) + "; bring members back first"};
  }
  return {};
}

Status LibraftMember::may_change() const {
  if (engine_ == nullptr || engine_closing_ || failure_)
    return Error{ErrorCode::kUnavailable, "the replicated log is not running"};
  if (!is_open_) return not_leader();
  if (change_) return Error{ErrorCode::kConflict, "another membership change is under way: " + change_->what};
  return {};
}

void LibraftMember::changed(int status) {
  auto change = std::exchange(change_, std::nullopt);
  CHECK(change.has_value());
  raft_engine_look(engine_, &seen_);
  refresh_members();
  publish();
  if (status == RAFT_ENGINE_OK && change->then_learner) {
    const auto id = *std::exchange(change->then_learner, std::nullopt);
    const auto done = [](void* owner, void*, int then) { member(owner)->changed(then); };
    change_ = std::move(change);
    const auto begun = raft_engine_assign(engine_, id, RAFT_ENGINE_LEARNER, nullptr, done);
    if (begun != RAFT_ENGINE_OK) changed(begun);
    return;
  }
  if (status == RAFT_ENGINE_OK) return change->done({});
  if (status == RAFT_ENGINE_LEADERSHIP_LOST) {
    return change->done(Error{ErrorCode::kOutcomeUnknown, "leadership was lost during the change: " + change->what});
  }
  change->done(engine_failure(status, change->what));
}

void LibraftMember::begin_add(const Member& added, Done done) {
  if (const auto may = may_change(); !may.ok()) return done(may);
  if (added.id == 0 || !is_preamble_name(added.alias))
    return done(Error{ErrorCode::kInvalid, "bad id or alias of a new member: " + added.alias});
  const auto* known = find(added.alias);
  if (known != nullptr && (known->id != added.id || known->role != MemberRole::kSpare)) {
    return done(
        Error{ErrorCode::kAlreadyExists, "the group has a member of that name; remove it first: " + added.alias});
  }
  const auto finished = [](void* owner, void*, int status) { member(owner)->changed(status); };
  const bool is_listed = known != nullptr;
  change_ = Change{"add " + added.alias, std::move(done), is_listed ? std::nullopt : std::optional<uint64_t>(added.id)};
  const auto begun = is_listed ? raft_engine_assign(engine_, added.id, RAFT_ENGINE_LEARNER, nullptr, finished)
                               : raft_engine_add(engine_, added.id, added.alias.c_str(), nullptr, finished);
  if (begun != RAFT_ENGINE_OK) changed(begun);
}

void LibraftMember::begin_assign(const std::string& alias, MemberRole role, Done done) {
  if (const auto may = may_change(); !may.ok()) return done(may);
  const auto* known = find(alias);
  if (known == nullptr) return done(unknown_member(alias));
  if (known->role == role) return done({});
  if (const auto safe = keeps_majority(*known, role, false); !safe.ok()) return done(safe);
  const auto finished = [](void* owner, void*, int status) { member(owner)->changed(status); };
  const bool is_promotion = role == MemberRole::kVoter;
  change_ = Change{(is_promotion ? "promote " : "demote ") + alias, std::move(done), std::nullopt};
  const auto begun =
      raft_engine_assign(engine_, known->id, is_promotion ? RAFT_ENGINE_VOTER : RAFT_ENGINE_LEARNER, nullptr, finished);
  if (begun != RAFT_ENGINE_OK) changed(begun);
}

void LibraftMember::begin_remove(const std::string& alias, Done done) {
  if (const auto may = may_change(); !may.ok()) return done(may);
  const auto* known = find(alias);
  if (known == nullptr) return done(unknown_member(alias));
  if (const auto safe = keeps_majority(*known, MemberRole::kSpare, true); !safe.ok()) return done(safe);
  const auto finished = [](void* owner, void*, int status) { member(owner)->changed(status); };
  change_ = Change{"remove " + alias, std::move(done), std::nullopt};
  const auto begun = raft_engine_remove(engine_, known->id, nullptr, finished);
  if (begun != RAFT_ENGINE_OK) changed(begun);
}

void LibraftMember::begin_transfer(const std::string& alias, Done done) {
  if (const auto may = may_change(); !may.ok()) return done(may);
  uint64_t target = 0;
  if (!alias.empty()) {
    const auto* known = find(alias);
    if (known == nullptr) return done(unknown_member(alias));
    if (known->id == options_.self.id) return done({});
    if (known->role != MemberRole::kVoter) return done(Error{ErrorCode::kInvalid, "only a voter can lead: " + alias});
    target = known->id;
  }
  struct Transfer {
    uint64_t target;
    Done done;
  };
  const auto finished = [](void* owner, void* tag, int) {
    const std::unique_ptr<Transfer> transfer(static_cast<Transfer*>(tag));
    auto* self = member(owner);
    raft_engine_look(self->engine_, &self->seen_);
    const auto leader = self->seen_.leader;
    const bool taken =
        transfer->target == 0 ? leader != 0 && leader != self->options_.self.id : leader == transfer->target;
    if (taken) return transfer->done({});
    transfer->done(Error{ErrorCode::kTimeout, "the leadership was not taken over in time"});
  };
  auto transfer = std::make_unique<Transfer>(Transfer{target, done});
  const auto begun = raft_engine_transfer(engine_, target, transfer.get(), finished);
  if (begun != RAFT_ENGINE_OK) return done(engine_failure(begun, "transfer leadership"));
  (void)transfer.release();
}

}  // namespace pelorus::raft
