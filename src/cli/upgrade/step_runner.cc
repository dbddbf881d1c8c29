#include "cli/upgrade/step_runner.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "base/ids.h"
#include "config/key_values.h"

namespace pelorus::cli::upgrade {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using steps::RunState;
using steps::StepState;

constexpr milliseconds kLookEvery{200};
constexpr milliseconds kScriptLimit{seconds(180)};
constexpr milliseconds kCopyLimit{minutes(20)};
constexpr seconds kLeaderLimit{60};
constexpr seconds kStartLimit{300};
constexpr seconds kHealthLimit{3600};  // replicas that were written meanwhile are brought up to date
constexpr int64_t kTellEvery_ms = 10'000;
constexpr int64_t kLagMax = 1000;  // entries; a heartbeat is up to a second old

const std::string kAlready = "already so";

bool holds(const std::vector<Member>& members, const std::string& alias) {
  return migrate::find_member(members, alias) != nullptr;
}

std::string folder_of(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

}  // namespace

Places StepRunner::places_of(const std::string& host) const {
  auto servers = plan_.servers_on(host);
  const auto incoming = folder_of(servers[0]) + "/.pelorus-upgrade-" + plan_.id;
  return {plan_.id, incoming, std::move(servers)};
}

bool StepRunner::is_touched(const Step& step) const {
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const bool same = step.turn >= 0 ? plan_.steps[i].turn == step.turn : plan_.steps[i] == step;
    if (same && journal_.record().steps[i].state != StepState::kWaiting) return true;
  }
  return false;
}

Status StepRunner::carry_out() {
  back_ = false;
  if (journal_.record().state == RunState::kPlanned) TRY_DONE(forget_epochs());
  TRY_DONE(journal_.set_run(RunState::kRunning));
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    if (journal_.record().steps[i].state == StepState::kDone) continue;
    TRY_DONE(tools_.pause(milliseconds(0)));
    index_ = i;
    tools_.tell(i + 1, deed_of(plan_, plan_.steps[i]));
    TRY(const auto remark, steps::journalled(journal_, tools_.now_ms, i, StepState::kBegun, StepState::kDone,
                                             [&] { return act(plan_.steps[i]); }));
    if (!remark.empty()) tools_.tell(i + 1, {"progress.remark", {remark}});
  }
  return journal_.set_run(RunState::kDone);
}

Status StepRunner::roll_back() {
  back_ = true;
  TRY_DONE(journal_.set_run(RunState::kRollingBack));
  // The last turn first: a part of it may be away. What was sent goes last: the old programs change places with it.
  std::vector<size_t> order;
  const auto take = [&](int turn, bool sends) {
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      if (plan_.steps[i].turn == turn && (plan_.steps[i].kind == StepKind::kSend) == sends) order.push_back(i);
    }
  };
  take(-1, false);
  for (auto turn = static_cast<int>(plan_.turns.size()); turn-- > 0;) take(turn, false);
  take(-1, true);
  for (const size_t i : order) {
    if (journal_.record().steps[i].state == StepState::kUndone || !is_touched(plan_.steps[i])) continue;
    TRY_DONE(tools_.pause(milliseconds(0)));
    index_ = i;
    tools_.tell(i + 1, undo_of(plan_, plan_.steps[i]));
    TRY(const auto remark, steps::journalled(journal_, tools_.now_ms, i, StepState::kUndoing, StepState::kUndone,
                                             [&] { return undo(plan_.steps[i]); }));
    if (!remark.empty()) tools_.tell(i + 1, {"progress.remark", {remark}});
  }
  return journal_.set_run(RunState::kRolledBack);
}

Status StepRunner::tidy() {
  for (const auto& host : migrate::hosts_of(plan_.members)) {
    TRY(const auto said, output(host, tidy_script(places_of(host))));
  }
  return {};
}

Result<Remark> StepRunner::act(const Step& step) {
  switch (step.kind) {
    case StepKind::kSend: return send(step);
    case StepKind::kExchange: return exchange(step);
    case StepKind::kMoveLeader: return move_leader(step);
    case StepKind::kStop: return stop(step);
    case StepKind::kStart: return start(step);
    case StepKind::kAwait: return await(step);
  }
  return Error{ErrorCode::kInternal, "no such step"};
}

Result<Remark> StepRunner::undo(const Step& step) {
  if (step.kind != StepKind::kSend) return act(step);
  TRY(const auto said, output(step.host, tidy_script(places_of(step.host))));
  return Remark();
}

Result<std::string> StepRunner::output(const std::string& host, const std::string& script) {
  TRY(auto* remote, tools_.host(host));
  TRY(const auto ran, remote->run(script, "", kCopyLimit));
  if (ran.status == 0) return ran.out;
  return Error{ErrorCode::kUnavailable,
               host + ": exit status " + std::to_string(ran.status) + ": " + ran.err + ran.out};
}

Result<Remark> StepRunner::package_script(const Member& member, const std::string& script) {
  TRY(auto* remote, tools_.host(member.host));
  TRY(const auto ran,
      remote->run("cd " + shell_word(member.server + "/clusterDemo") + " && sh " + script + " --timeout 150 2>&1", "",
                  kScriptLimit));
  if (ran.status == 0) return Remark(ran.out.substr(0, ran.out.find('\n')));
  return Error{ErrorCode::kUnavailable, script + " on " + member.host + " ended with status " +
                                            std::to_string(ran.status) + ":\n" + ran.out + ran.err};
}

Status StepRunner::wait_until(const std::function<std::string(const Members&)>& missing, seconds at_most) {
  const int64_t give_up = tools_.now_ms() + milliseconds(at_most).count();
  while (true) {
    const auto members = tools_.cluster.members();
    if (!members.ok() && !members.error().may_retry()) return members.error();
    const auto what = members.ok() ? missing(*members) : members.error().message;
    if (what.empty()) return {};
    if (tools_.now_ms() >= give_up)
      return Error{ErrorCode::kTimeout, "waited for " + std::to_string(at_most.count()) + " s: " + what};
    TRY_DONE(tools_.pause(kLookEvery));
  }
}

Result<Remark> StepRunner::send(const Step& step) {
  auto places = places_of(step.host);
  TRY(const auto state, output(step.host, placed_script(places)));
  if (config::trim(state) == "placed") return kAlready;
  TRY(const auto staged, tools_.stage());
  TRY(auto* remote, tools_.host(step.host));
  // A name of its own: what a run that was killed still sends does not meet it.
  places.incoming += "-" + Uuid::random().to_string().substr(0, 8);
  TRY_DONE(remote->send(staged, places.incoming));
  TRY(const auto said, output(step.host, place_script(places, plan_.program.fingerprint)));
  return Remark();
}

Result<Remark> StepRunner::exchange(const Step& step) {
  TRY(const auto said,
      output(step.host, back_ ? exchange_back_script(step.server, plan_.id) : exchange_script(step.server, plan_.id)));
  return config::trim(said) == "already" ? kAlready : Remark();
}

Result<Remark> StepRunner::move_leader(const Step& step) {
  const auto turn = plan_.members_of(step);
  TRY(const auto members, tools_.cluster.members());
  std::string heir;
  for (const auto& member : members) {
    if (member.role != NodeMode::kController) continue;
    if (member.leads && !holds(turn, member.alias)) return kAlready;
    // The last one that can: it is away last, and the first turns find their leader elsewhere.
    if (member.votes && member.online && !holds(turn, member.alias)) heir = member.alias;
  }
  if (heir.empty()) {
    if (plan_.wish.accept_downtime) return Remark("nobody else can lead");
    return Error{ErrorCode::kUnavailable, "no other controller is online and votes"};
  }
  TRY_DONE(tools_.cluster.move_leader(heir));
  TRY_DONE(wait_until(
      [&](const Members& now) -> std::string {
        for (const auto& member : now) {
          if (member.leads && !holds(turn, member.alias)) return "";
        }
        return "another controller has to lead";
      },
      kLeaderLimit));
  return Remark();
}

/// The turn may go: everybody else is there, and every replica is complete. When a part of the turn is away already
/// this was asked before, and its replicas are not complete any more.
Status StepRunner::await_others(const Step& step) {
  const auto turn = plan_.members_of(step);
  int64_t told_ms = tools_.now_ms();
  return wait_until(
      [&](const Members& now) -> std::string {
        bool all_there = true;
        for (const auto& member : now) {
          if (holds(turn, member.alias)) all_there = all_there && member.online;
          if (!holds(turn, member.alias) && !member.online) return member.site() + " is not running";
        }
        if (!all_there) return "";
        const auto replicas = tools_.cluster.replicas();
        if (!replicas.ok()) return replicas.error().message;
        if (replicas->stale == 0) return "";
        if (tools_.now_ms() - told_ms >= kTellEvery_ms) {
          told_ms = tools_.now_ms();
          tools_.tell(index_ + 1, {"progress.copies", {std::to_string(replicas->stale)}});
        }
        return std::to_string(replicas->stale) + " replicas are not complete; getRecoveryTaskStatus() shows them";
      },
      kHealthLimit);
}

std::string StepRunner::epochs_file(const Step& step) const {
  return "epochs-" + std::to_string(step.turn) + (back_ ? "-back" : "") + ".json";
}

/// Of an earlier run of this plan.
Status StepRunner::forget_epochs() {
  for (size_t turn = 0; turn < plan_.turns.size(); ++turn) {
    const auto stem = "epochs-" + std::to_string(turn);
    for (const auto& name : {stem + ".json", stem + "-back.json"}) TRY_DONE(journal_.put(name, ""));
  }
  return {};
}

/// Before anything of the turn is stopped; what an interrupted run has kept stays.
Status StepRunner::keep_epochs(const Step& step, const Members& now) {
  const auto kept = journal_.get(epochs_file(step));
  if (kept.ok() && !kept->empty()) return {};
  json::object epochs;
  for (const auto& member : plan_.members_of(step)) {
    const auto* found = migrate::find_member(now, member.alias);
    epochs[member.alias] = found == nullptr ? 0 : found->epoch;
  }
  return journal_.put(epochs_file(step), json::serialize(epochs));
}

Result<Remark> StepRunner::stop(const Step& step) {
  TRY_DONE(await_others(step));
  TRY(const auto now, tools_.cluster.members());
  TRY_DONE(keep_epochs(step, now));
  const auto turn = plan_.members_of(step);
  const bool leads = std::any_of(turn.begin(), turn.end(), [&](const Member& member) {
    const auto* found = migrate::find_member(now, member.alias);
    return found != nullptr && found->leads;
  });
  if (leads) {
    TRY(const auto moved, move_leader(step));
  }
  for (const auto& member : turn) {
    if (member.role == NodeMode::kController) {
      TRY(const auto said, package_script(member, "stopController.sh"));
    } else if (member.role == NodeMode::kAgent) {
      TRY(const auto said, package_script(member, "stopAgent.sh"));
    } else {
      // The controllers know at once that it is away. An agent that is away itself cannot stop it: the package can.
      const auto ordered = tools_.cluster.stop_node(member.alias);
      if (ordered.ok()) continue;
      if (ordered.error().code == ErrorCode::kCancelled || !plan_.by_hosts()) return ordered.error();
      TRY(const auto said, package_script(member, "stopAllNode.sh"));
    }
  }
  return Remark();
}

Status StepRunner::start_data(const std::vector<Member>& members) {
  std::set<std::string> waiting;
  for (const auto& member : members) {
    if (member.role == NodeMode::kDataNode || member.role == NodeMode::kComputeNode) waiting.insert(member.alias);
  }
  // An agent that has just registered may not take orders yet, so the order is repeated.
  Status last;
  const auto waited = wait_until(
      [&](const Members&) -> std::string {
        std::string left;
        for (auto alias = waiting.begin(); alias != waiting.end();) {
          last = tools_.cluster.start_node(*alias);
          if (!last.ok()) left += (left.empty() ? "" : "; ") + last.error().message;
          alias = last.ok() ? waiting.erase(alias) : std::next(alias);
        }
        return left;
      },
      kStartLimit);
  return waited;
}

Result<Remark> StepRunner::start(const Step& step) {
  auto members = plan_.members_of(step);
  std::reverse(members.begin(), members.end());
  for (const auto& member : members) {
    if (member.role != NodeMode::kController && member.role != NodeMode::kAgent) continue;
    TRY(const auto said,
        package_script(member, member.role == NodeMode::kController ? "startController.sh" : "startAgent.sh"));
  }
  TRY_DONE(start_data(members));
  return Remark();
}

Result<Remark> StepRunner::await(const Step& step) {
  const auto turn = plan_.members_of(step);
  const bool form_group = migrate::members_of(plan_.members, NodeMode::kController).size() > 1;
  TRY(const auto kept, journal_.get(epochs_file(step)));
  boost::system::error_code failure;
  const auto epochs = json::parse(kept, failure);
  if (failure || !epochs.is_object())
    return Error{ErrorCode::kCorrupt, epochs_file(step) + " cannot be understood: " + journal_.folder()};
  TRY_DONE(wait_until(
      [&](const Members& now) -> std::string {
        for (const auto& member : turn) {
          const auto* found = migrate::find_member(now, member.alias);
          if (found == nullptr || !found->online) return member.site() + " has not come back";
          const auto* before = epochs.get_object().if_contains(member.alias);
          if (before != nullptr && found->epoch <= before->to_number<int64_t>())
            return member.site() + " has not registered since it was started";
          const auto wanted = plan_.wish.restart_only || back_ ? member.version : plan_.program.version;
          if (found->version != wanted)
            return member.site() + " runs version " + found->version + " instead of " + wanted;
          if (found->role != NodeMode::kController) continue;
          if (form_group && !found->votes) return member.alias + " does not vote";
          if (found->lag > kLagMax)
            return member.alias + " lacks " + std::to_string(found->lag) + " entries of the metadata log";
        }
        return "";
      },
      kStartLimit));
  TRY_DONE(await_others(step));
  return Remark();
}

}  // namespace pelorus::cli::upgrade
