// Steps that the controllers carry out, and waiting for them.

#include <algorithm>

#include "cli/migrate/new_files.h"
#include "cli/migrate/report.h"
#include "cli/migrate/step_runner.h"

namespace pelorus::cli::migrate {
namespace {

using std::chrono::seconds;

constexpr std::chrono::milliseconds kLookEvery{200};
constexpr seconds kStartLimit{120};
constexpr seconds kVoteLimit{600};
constexpr seconds kLeaderLimit{60};
constexpr seconds kRefusalLimit{30};
constexpr seconds kStall{900};   // copying that gets no further
constexpr seconds kSettle{120};  // until replicas that were just written are equal
constexpr size_t kSpreadRounds = 20;

const std::string kAlready = "already so";

bool is_online(const std::vector<Member>& members, const std::string& alias) {
  const auto* member = find_member(members, alias);
  return member != nullptr && member->online;
}

bool is_voter(const std::vector<Member>& members, const std::string& alias) {
  const auto* member = find_member(members, alias);
  return member != nullptr && member->votes && member->online;
}

}  // namespace

Status StepRunner::wait_until(const std::function<bool(const Members&)>& reached, seconds at_most,
                              const std::string& awaited) {
  const int64_t give_up = tools_.now_ms() + std::chrono::milliseconds(at_most).count();
  std::string last = "nothing";
  while (true) {
    const auto members = tools_.cluster.members();
    if (members.ok() && reached(*members)) return {};
    if (!members.ok()) last = members.error().message;
    if (!members.ok() && !members.error().may_retry()) return members.error();
    if (tools_.now_ms() >= give_up) {
      return Error{ErrorCode::kTimeout, awaited + " was waited for " + std::to_string(at_most.count()) + " s" +
                                            (members.ok() ? "" : "; last answer: " + last)};
    }
    TRY_DONE(tools_.pause(kLookEvery));
  }
}

Status StepRunner::repeat_refused(const std::function<Status()>& order) {
  const int64_t give_up = tools_.now_ms() + std::chrono::milliseconds(kRefusalLimit).count();
  while (true) {
    auto ordered = order();
    if (ordered.ok() || tools_.now_ms() >= give_up) return ordered;
    TRY_DONE(tools_.pause(kLookEvery));
  }
}

Result<Remark> StepRunner::start_controller(const Addition& made) {
  if (plan_.target.to_cluster) return found(made);
  TRY(const auto members, tools_.cluster.members());
  if (!is_online(members, made.alias)) TRY_DONE(write_addresses(made, members));
  return package_script(made.host, made.server, "startController.sh");
}

Result<Remark> StepRunner::add_controller(const Addition& made) {
  TRY(const auto members, tools_.cluster.members());
  if (is_voter(members, made.alias)) return kAlready;
  if (find_member(members, made.alias) == nullptr) TRY_DONE(tools_.cluster.add_controller(made));
  TRY_DONE(wait_until([&](const Members& now) { return is_voter(now, made.alias); }, kVoteLimit,
                      "the vote of " + made.alias));
  return Remark();
}

Result<Remark> StepRunner::move_leader() {
  TRY(const auto members, tools_.cluster.members());
  std::string heir;
  for (const auto& member : members) {
    if (member.role != NodeMode::kController || plan_.leaves(member.alias)) continue;
    if (member.leads) return kAlready;
    if (heir.empty() && member.votes && member.online) heir = member.alias;
  }
  if (heir.empty())
    return Error{ErrorCode::kUnavailable, "no controller that stays can lead: none of them is online and votes"};
  TRY_DONE(repeat_refused([&] { return tools_.cluster.move_leader(heir); }));
  TRY_DONE(wait_until(
      [&](const Members& now) {
        return std::any_of(now.begin(), now.end(), [&](const Member& m) { return m.leads && !plan_.leaves(m.alias); });
      },
      kLeaderLimit, "a leader among the controllers that stay"));
  return Remark();
}

Status StepRunner::give_up_leading(const std::string& alias) {
  TRY_DONE(repeat_refused([&] { return tools_.cluster.move_leader(""); }));
  return wait_until(
      [&](const Members& now) {
        const auto* found = find_member(now, alias);
        return found == nullptr || !found->leads;
      },
      kLeaderLimit, "another leader than " + alias);
}

Result<Remark> StepRunner::remove_controller(const std::string& alias) {
  TRY(const auto members, tools_.cluster.members());
  const auto* member = find_member(members, alias);
  if (member == nullptr) return kAlready;
  if (member->leads) TRY_DONE(give_up_leading(alias));
  TRY_DONE(repeat_refused([&] { return tools_.cluster.remove_controller(alias); }));
  TRY_DONE(wait_until([&](const Members& now) { return find_member(now, alias) == nullptr; }, kVoteLimit,
                      "the removal of " + alias));
  return Remark();
}

Result<Remark> StepRunner::add_agent(const Addition& made) {
  TRY(const auto members, tools_.cluster.members());
  if (find_member(members, made.alias) != nullptr) return kAlready;
  TRY_DONE(tools_.cluster.add_agent(made));
  return Remark();
}

Result<Remark> StepRunner::start_agent(const Addition& made) {
  TRY(auto remark, package_script(made.host, made.server, "startAgent.sh"));
  TRY_DONE(wait_until([&](const Members& now) { return is_online(now, made.alias); }, kStartLimit,
                      "the agent " + made.alias));
  return remark;
}

Result<Remark> StepRunner::stop_program(const Addition& member, const std::string& script) {
  auto done = package_script(member.host, member.server, script);
  if (!done.ok() && was_dead(member.alias) && done.error().code != ErrorCode::kCancelled) {
    return Remark("not stopped: the host does not answer");
  }
  return done;
}

Result<Remark> StepRunner::configure_node(const Addition& made) {
  TRY(const auto text, tools_.cluster.nodes_settings());
  TRY(auto members, tools_.cluster.members());
  const auto* like = find_member(plan_.before, made.like);
  const auto wanted = with_node(text, made, plan_.target, members, like == nullptr ? "" : like->server);
  if (wanted == text) return kAlready;
  TRY_DONE(tools_.cluster.save_nodes_settings(wanted));
  return Remark();
}

Result<Remark> StepRunner::add_node(const Addition& made) {
  TRY(const auto members, tools_.cluster.members());
  if (find_member(members, made.alias) != nullptr) return kAlready;
  TRY_DONE(tools_.cluster.add_data_node(made));
  return Remark();
}

Result<Remark> StepRunner::start_node(const std::string& alias) {
  // A new leader holds everybody for alive at first, so it is not asked whether the node runs: to start one that does
  // is nothing. An agent that has just registered may not take orders yet, so the order is repeated.
  Status ordered = Error{ErrorCode::kUnavailable, "not ordered"};
  const auto reached = [&](const Members& now) {
    if (!ordered.ok()) ordered = tools_.cluster.start_node(alias);
    return is_online(now, alias);
  };
  const auto waited = wait_until(reached, kStartLimit, "the data node " + alias);
  if (!waited.ok() && !ordered.ok()) return ordered.error();
  if (!waited.ok()) return waited.error();
  return Remark();
}

Result<Remark> StepRunner::stop_node(const std::string& alias) {
  TRY(const auto members, tools_.cluster.members());
  if (!is_online(members, alias)) return kAlready;
  TRY_DONE(tools_.cluster.stop_node(alias));
  TRY_DONE(wait_until([&](const Members& now) { return !is_online(now, alias); }, kStartLimit, "the end of " + alias));
  return Remark();
}

Result<Remark> StepRunner::remove_node(const std::string& alias) {
  TRY(const auto members, tools_.cluster.members());
  const auto* member = find_member(members, alias);
  if (member == nullptr) return kAlready;
  if (member->online && !was_dead(alias)) {  // it was stopped, and somebody has started it again
    TRY(const auto remark,
        member->role == NodeMode::kAgent ? stop_program(subject(alias), "stopAgent.sh") : stop_node(alias));
  }
  TRY_DONE(tools_.cluster.remove_node(alias, false));
  return Remark();
}

Result<Remark> StepRunner::drain(const Step& step) {
  const auto& alias = step.subject;
  TRY(const auto members, tools_.cluster.members());
  const auto* member = find_member(members, alias);
  if (member == nullptr || (member->draining && member->chunks == 0)) return kAlready;
  TRY_DONE(tools_.cluster.set_throttle(tools_.throttle_mb));
  if (!member->draining) TRY_DONE(repeat_refused([&] { return tools_.cluster.drain(alias); }));
  const int64_t all = member->chunks, began = tools_.now_ms();
  int64_t left = all, moved_ms = began, told_ms = began;
  while (true) {
    TRY(const auto now, tools_.cluster.members());
    const auto* found = find_member(now, alias);
    if (found == nullptr || found->chunks == 0) return Remark();
    if (!found->draining) return Error{ErrorCode::kConflict, "somebody ended the draining of " + alias};
    const int64_t now_ms = tools_.now_ms();
    if (found->chunks < left) moved_ms = now_ms;
    left = std::min<int64_t>(left, found->chunks);
    if (now_ms - moved_ms > std::chrono::milliseconds(kStall).count()) {
      return Error{ErrorCode::kTimeout, "no replica of " + alias + " was moved for " + std::to_string(kStall.count()) +
                                            " s; getDrainStatus() and the controllers' logs say why. Then: resume"};
    }
    if (now_ms - told_ms >= kTellEvery_ms) {
      told_ms = now_ms;
      const int64_t bytes = step.bytes <= 0 || all == 0 ? -1 : step.bytes * (all - left) / all;
      const int64_t rate = bytes < 0 ? -1 : bytes * 1000 / std::max<int64_t>(1, now_ms - began);
      tell({"progress.drain",
            {alias, std::to_string(all - left), std::to_string(all), bytes_text(bytes), bytes_text(rate),
             duration_text(rate <= 0 ? -1 : (step.bytes - bytes) / rate)}});
    }
    TRY_DONE(tools_.pause(kLookEvery));
  }
}

Result<Remark> StepRunner::spread(const Step& step) {
  TRY_DONE(tools_.cluster.set_throttle(tools_.throttle_mb));
  for (size_t round = 0; round < kSpreadRounds; ++round) {
    // Chunks that are being written just now cannot be moved, so a few rounds may be needed.
    TRY(const bool moves, tools_.cluster.fill(step.subject));
    TRY_DONE(await_copies());
    if (!moves) return round == 0 ? kAlready : Remark();
  }
  return Remark("as even as the chunks in use allow");
}

Status StepRunner::await_copies() {
  int64_t least = -1, moved_ms = tools_.now_ms(), told_ms = moved_ms;
  while (true) {
    TRY(const int64_t left, tools_.cluster.copies_under_way());
    if (left == 0) return {};
    const int64_t now_ms = tools_.now_ms();
    if (least < 0 || left < least) moved_ms = now_ms;
    least = least < 0 ? left : std::min(least, left);
    if (now_ms - moved_ms > std::chrono::milliseconds(kStall).count()) {
      return Error{ErrorCode::kTimeout, std::to_string(left) + " replicas got no further for " +
                                            std::to_string(kStall.count()) +
                                            " s; getRecoveryTaskStatus() and the logs say why. Then: resume"};
    }
    if (now_ms - told_ms >= kTellEvery_ms) {
      told_ms = now_ms;
      tell({"progress.copies", {std::to_string(left)}});
    }
    TRY_DONE(tools_.pause(kLookEvery));
  }
}

Result<Remark> StepRunner::verify(const Step& step) {
  TRY(const auto text, journal_.get("before.json"));
  boost::system::error_code failure;
  const auto before = boost::json::parse(text, failure);
  if (failure || !before.is_object())
    return Error{ErrorCode::kCorrupt, "before.json cannot be understood: " + journal_.folder()};
  const int64_t give_up = tools_.now_ms() + std::chrono::milliseconds(kSettle).count();
  while (true) {
    const auto after = tools_.cluster.report(plan_.leaving);
    if (!after.ok() && (!after.error().may_retry() || tools_.now_ms() >= give_up)) return after.error();
    const auto result = after.ok() ? compare(before.get_object(), *after) : Comparison();
    if (after.ok() && result.differences.empty()) {
      TRY_DONE(journal_.put(step.subject == "after" ? "after.json" : "middle.json", boost::json::serialize(*after)));
      return std::to_string(result.tables) + " tables, " + std::to_string(result.rows_after) + " rows, " +
             std::to_string(result.chunks_equal) + " chunks equal, " + std::to_string(result.chunks_written) +
             " written meanwhile";
    }
    // Copies that are just being written or brought up to date differ for a moment.
    if (tools_.now_ms() >= give_up) {
      std::string all;
      for (const auto& note : result.differences) all += (all.empty() ? "" : "; ") + say(Language::kEnglish, note);
      return Error{ErrorCode::kConflict, all};
    }
    TRY_DONE(tools_.pause(kLookEvery * 5));
  }
}

/// Undoing the stop of a controller that was taken out: its old identity may not return, so it starts with empty
/// directories.
Result<Remark> StepRunner::return_controller(const Addition& member) {
  TRY(const auto members, tools_.cluster.members());
  if (is_online(members, member.alias)) return kAlready;
  if (find_member(members, member.alias) == nullptr) TRY_DONE(clear_directories(member, false));
  TRY_DONE(write_addresses(member, members));
  return package_script(member.host, member.server, "startController.sh");
}

Result<Remark> StepRunner::return_agent(const Addition& member) {
  TRY(const auto members, tools_.cluster.members());
  if (is_online(members, member.alias)) return kAlready;
  TRY_DONE(write_addresses(member, members));
  return start_agent(member);
}

Result<Remark> StepRunner::return_node(const Addition& member) {
  TRY(const auto members, tools_.cluster.members());
  if (find_member(members, member.alias) != nullptr) return kAlready;
  TRY_DONE(clear_directories(member, false));
  TRY_DONE(tools_.cluster.add_data_node(member));
  return Remark();
}

Addition StepRunner::subject(const std::string& alias) const {
  if (const auto* made = plan_.addition(alias)) return *made;
  const auto* member = find_member(plan_.before, alias);
  CHECK_WITH(member != nullptr, "a step about nobody: " + alias);
  return {member->alias, member->role, member->host, member->port, member->server, ""};
}

bool StepRunner::was_dead(const std::string& alias) const {
  const auto* member = find_member(plan_.before, alias);
  return member != nullptr && !member->online;
}

Result<Remark> StepRunner::act(size_t index) {
  index_ = index;
  const auto& step = plan_.steps[index];
  switch (step.kind) {
    case StepKind::kCheckHost: return check_host(step);
    case StepKind::kSendPackage: return send_package(step);
    case StepKind::kWriteConfig: return write_config(step);
    case StepKind::kStartController: return start_controller(subject(step));
    case StepKind::kAddController: return add_controller(subject(step));
    case StepKind::kAddAgent: return add_agent(subject(step));
    case StepKind::kStartAgent: return start_agent(subject(step));
    case StepKind::kConfigureNode: return configure_node(subject(step));
    case StepKind::kAddNode: return add_node(subject(step));
    case StepKind::kStartNode: return start_node(step.subject);
    case StepKind::kDrain: return drain(step);
    case StepKind::kSpread: return spread(step);
    case StepKind::kVerify: return verify(step);
    case StepKind::kMoveLeader: return move_leader();
    case StepKind::kRemoveController: return remove_controller(step.subject);
    case StepKind::kStopController: return stop_program(subject(step), "stopController.sh");
    case StepKind::kStopNode: return stop_node(step.subject);
    case StepKind::kRemoveNode: return remove_node(step.subject);
    case StepKind::kStopAgent: return stop_program(subject(step), "stopAgent.sh");
    case StepKind::kRemoveAgent: return remove_node(step.subject);
    case StepKind::kWriteFiles: return write_files(step);
    case StepKind::kYieldLeader: return yield_leader(step.subject);
    case StepKind::kPause: return pause(step.subject);
    case StepKind::kReaddress: return readdress(step.subject, step.host);
    case StepKind::kCopyDirectories: return copy_directories(step.subject, false);
    case StepKind::kSetDirectories: return set_directories(step.subject, false);
    case StepKind::kContinue: return go_on(step.subject);
    case StepKind::kWriteClusterFiles: return write_cluster_files(step);
    case StepKind::kStopSingle: return package_script(step.host, subject(step).server, "../stopSingle.sh");
    case StepKind::kMoveHome: return move_home(step, false);
    case StepKind::kForgetSource: return forget_source(subject(step));
    case StepKind::kHalt: return halt(subject(step));
    case StepKind::kKeepState: return keep_state(subject(step), false);
    case StepKind::kCopyMember: return copy_member(step);
    case StepKind::kFence: return fence(place_of(step), false);
    case StepKind::kNoteState: return note_state();
    case StepKind::kJoin: return join(subject(step));
    case StepKind::kBegin: return begin(place_of(step));
  }
  CHECK_WITH(false, "no such step");
}

Result<Remark> StepRunner::undo(size_t index) {
  index_ = index;
  const auto& step = plan_.steps[index];
  if (plan_.target.offline) return undo_offline(step);
  switch (step.kind) {
    case StepKind::kCheckHost:
    case StepKind::kWriteConfig:
    case StepKind::kSpread:
    case StepKind::kVerify:
    case StepKind::kYieldLeader:
    case StepKind::kForgetSource:
    case StepKind::kMoveLeader: return Remark();
    case StepKind::kSendPackage: return remove_package(step);
    case StepKind::kStartController: {
      TRY(const auto remark, package_script(step.host, subject(step).server, "stopController.sh"));
      TRY_DONE(clear_directories(subject(step), true));
      return remark;
    }
    case StepKind::kAddController: return remove_controller(step.subject);
    case StepKind::kAddAgent: return remove_node(step.subject);
    case StepKind::kStartAgent: return end_again(step, package_script(step.host, subject(step).server, "stopAgent.sh"));
    case StepKind::kConfigureNode: {
      TRY(const auto text, tools_.cluster.nodes_settings());
      const auto without = without_node(text, step.subject);
      if (without != text) TRY_DONE(tools_.cluster.save_nodes_settings(without));
      return Remark();
    }
    case StepKind::kAddNode: {
      TRY(const auto remark, remove_node(step.subject));
      TRY_DONE(clear_directories(subject(step), true));
      return remark;
    }
    case StepKind::kStartNode: {
      TRY(const auto members, tools_.cluster.members());
      if (is_online(members, step.subject)) TRY_DONE(drain(step));
      return stop_node(step.subject);
    }
    case StepKind::kDrain: {
      TRY(const auto members, tools_.cluster.members());
      const auto* member = find_member(members, step.subject);
      if (member == nullptr || !member->draining) return kAlready;
      TRY_DONE(tools_.cluster.undrain(step.subject));
      return Remark();
    }
    case StepKind::kRemoveController: return add_controller(subject(step));
    case StepKind::kStopController: return return_controller(subject(step));
    case StepKind::kStopNode: return start_node(step.subject);
    case StepKind::kRemoveNode: return return_node(subject(step));
    case StepKind::kStopAgent: return return_agent(subject(step));
    case StepKind::kRemoveAgent: return add_agent(subject(step));
    case StepKind::kWriteFiles: return restore_files(step);
    case StepKind::kPause: return go_on(step.subject);
    case StepKind::kReaddress:
      return readdress(step.subject, step.host == plan_.target.moved ? plan_.target.moved_to : plan_.target.moved);
    case StepKind::kCopyDirectories: return copy_directories(step.subject, true);
    case StepKind::kSetDirectories: return set_directories(step.subject, true);
    case StepKind::kContinue: return end_again(step, pause(step.subject));
    case StepKind::kWriteClusterFiles: return restore_files(step);
    case StepKind::kStopSingle: return package_script(step.host, subject(step).server, "../startSingle.sh");
    case StepKind::kMoveHome: return move_home(step, true);
    default: break;  // of an offline plan
  }
  CHECK_WITH(false, "no such step");
}

}  // namespace pelorus::cli::migrate
