// Steps of a planned full stop: members end, are copied to other hosts, fenced where they were, and begin there.

#include "cli/migrate/offline.h"

#include <algorithm>
#include <filesystem>

#include "cli/migrate/steps/folder_scripts.h"
#include "cli/migrate/inventory.h"
#include "cli/migrate/new_files.h"
#include "cli/migrate/report.h"
#include "cli/migrate/step_runner.h"

namespace pelorus::cli::migrate {
namespace {

constexpr std::chrono::seconds kLeaderLimit{120};
constexpr std::chrono::seconds kHaltLimit{1200};  // caches are flushed
constexpr std::chrono::hours kCopyLimit{72};

const std::string kAlready = "already so";

/// Lines that every script about a member's process begins with.
std::string with_control(const std::string& server) {
  return "server=" + shell_word(server) + "\n. \"$server/scripts/node_control.sh\" || exit 1\n";
}

/// Ends the member and waits. Of an agent, what it started and may have started again ends first.
std::string halt_script(const Addition& member) {
  const auto text = with_control(member.server) + "timeout=1000\ndeadline=$(in_seconds 1000)\npid=$(living_pid " +
                    shell_word(home_of(member.server, member.alias)) + ")\n[ -n \"$pid\" ] || echo already\n";
  // A package has one of these; one that is just starting has no node.pid yet.
  if (member.role == NodeMode::kController) return text + "stop_nodes package controller >&2\n";
  if (member.role == NodeMode::kAgent) return text + "stop_nodes package computenode datanode agent >&2\n";
  return text + "if [ -n \"$pid\" ]; then stop_processes \"$pid\" >&2; fi\n";
}

}  // namespace

Addition StepRunner::place_of(const Step& step) const {
  const auto* member = find_member(plan_.before, step.subject);
  return member == nullptr ? subject(step) : place_after(plan_, *member);
}

Result<StepRunner::Members> StepRunner::members_for_files() {
  return plan_.target.offline ? members_after(plan_) : tools_.cluster.members();
}

Result<std::string> StepRunner::settings_for_files() {
  if (!plan_.target.offline) return tools_.cluster.nodes_settings();
  const auto& first = plan_.before[0];  // a controller
  TRY(const auto text, former_text(first.host, first.server + "/clusterDemo/config/cluster.cfg"));
  return settings_after(plan_, text);
}

Result<std::string> StepRunner::former_text(const std::string& host, const std::string& path) {
  const auto kept = shell_word(kept_name(path, plan_.id));
  return output(host, "if [ -e " + kept + " ]; then cat " + kept + "; else cat " + shell_word(path) + "; fi");
}

Status StepRunner::replace_text(const std::string& host, const std::string& path, const std::string& text) {
  const auto kept = shell_word(kept_name(path, plan_.id));
  const auto file = shell_word(path);
  TRY_DONE(run_script(host, "[ -e " + kept + " ] || [ ! -e " + file + " ] || cp -p " + file + " " + kept));
  return write_text(host, path, text);
}

Result<std::string> StepRunner::output_of(const std::string& host, const std::string& script, std::string_view input) {
  TRY(auto* remote, tools_.host(host));
  TRY(const auto ran, remote->run(script, input, kCopyLimit));
  if (ran.status == 0) return ran.out;
  return Error{ErrorCode::kIo, host + ": " + ran.err + ran.out};
}

Status StepRunner::run_script(const std::string& host, const std::string& script, std::string_view input) {
  TRY(const auto said, output_of(host, script, input));
  return {};
}

/// Agents and controllers that stay: the cluster at its new addresses.
Status StepRunner::write_stopped_files(const Step& step) {
  TRY(const auto members, members_for_files());
  TRY(const auto settings, settings_for_files());
  for (const auto& member : plan_.before) {
    const bool has_files = member.role == NodeMode::kController || member.role == NodeMode::kAgent;
    if (member.host != step.subject || !has_files || plan_.relocation(member.alias) != nullptr) continue;
    for (const auto& folder : folders_of_member(plan_, member.alias, false))
      TRY_DONE(check_unchanged(member.host, folder.first, member.host, kept_name(folder.first, plan_.id)));
    const auto folder = member.server + "/clusterDemo/config/";
    TRY_DONE(replace_text(member.host, folder + "cluster.nodes", nodes_text(members)));
    TRY_DONE(replace_text(member.host, folder + "cluster.cfg", settings));
    if (member.role != NodeMode::kAgent) continue;
    TRY(const auto text, former_text(member.host, folder + "agent.cfg"));
    TRY_DONE(replace_text(member.host, folder + "agent.cfg", with_controllers(text, controller_sites(members))));
  }
  return {};
}

std::string StepRunner::folder_checks(const std::string& host) const {
  std::string script =
      "for tool in tar find sha256sum awk sed; do command -v $tool >/dev/null || echo \"$tool is not installed\"; "
      "done\n";
  for (const auto& moved : plan_.relocations) {
    if (moved.host != host) continue;
    for (const auto& folder : folders_of_member(plan_, moved.alias, false))
      script += check_target_script(folder.second);
  }
  for (const auto& member : plan_.before) {
    if (member.host != host) continue;
    const auto home = home_of(member.server, member.alias);
    script += "[ -r " + shell_word(member.server + "/scripts/node_control.sh") + " ] || echo " +
              shell_word(member.server + " is no package, and " + member.alias + " should live in it") + "\n[ -d " +
              shell_word(home) + " ] || echo " +
              shell_word("the directory of " + member.alias + " is not there: " + home) + "\n[ ! -e " +
              shell_word(home + "/moved") + " ] || echo " +
              shell_word(home + " is a copy that " + member.alias + " left behind") + "\n";
    if (plan_.relocation(member.alias) != nullptr || member.role != NodeMode::kController) continue;
    for (const auto& folder : folders_of_member(plan_, member.alias, false))
      script += check_folder_script(folder.first, kept_name(folder.first, plan_.id));
  }
  return script;
}

Result<Remark> StepRunner::check_offline(const Step& step) {
  TRY(const auto said, output(step.host, folder_checks(step.host)));
  std::string faults;
  for (const auto line : config::split(said, '\n')) {
    if (!line.empty()) faults += (faults.empty() ? "" : "; ") + std::string(line);
  }
  if (!faults.empty()) return Error{ErrorCode::kUnavailable, step.host + ": " + faults};
  return check_arrivals(step, {});
}

Result<Remark> StepRunner::halt(const Addition& member) {
  TRY(auto* remote, tools_.host(member.host));
  TRY(const auto ran, remote->run(halt_script(member), "", kHaltLimit));
  if (ran.status == 0) return ran.out.starts_with("already") ? kAlready : Remark();
  return Error{ErrorCode::kTimeout, member.alias + " on " + member.host + " could not be stopped: " + ran.err};
}

/// Undoing a halt. Controllers come back first; agents and nodes need their majority.
Result<Remark> StepRunner::start_former(const Addition& member) {
  if (member.role == NodeMode::kController) return package_script(member.host, member.server, "startController.sh");
  if (member.role == NodeMode::kAgent) return start_agent(member);
  return start_node(member.alias);
}

Result<Remark> StepRunner::begin(const Addition& member) {
  if (member.role == NodeMode::kAgent) return start_agent(member);
  if (member.role != NodeMode::kController) return start_node(member.alias);
  if (plan_.addition(member.alias) != nullptr) return start_controller(member);
  // With all that were stopped, it knows everybody from the files.
  return package_script(member.host, member.server, "startController.sh");
}

Result<Remark> StepRunner::join(const Addition& made) {
  if (made.role == NodeMode::kController) return add_controller(made);
  if (made.role == NodeMode::kAgent) return add_agent(made);
  TRY(const auto configured, configure_node(made));
  return add_node(made);
}

Result<Remark> StepRunner::keep_state(const Addition& member, bool back) {
  for (const auto& folder : folders_of_member(plan_, member.alias, false)) {
    const auto& path = folder.first;
    TRY_DONE(move_folder(
        member, back ? put_back_script(path, plan_.id) : copy_script(path, kept_name(path, plan_.id), plan_.id)));
  }
  return Remark();
}

Status StepRunner::hand_over(RemoteHost& source, const std::string& script, RemoteHost& target,
                             const std::string& reading, const Flow& flow) {
  const auto ran = source.run_into(script, target, reading, kCopyLimit, flow);
  if (!ran.ok()) return ran.error();
  if (ran->status == 0) return {};
  return Error{ErrorCode::kIo, target.address() + ": " + ran->err + ran->out};
}

Status StepRunner::copy_folder(RemoteHost& source, RemoteHost& target, const std::string& from, const std::string& to,
                               const Flow& flow) {
  const auto scripts = transfer(from, to, plan_.id);
  const auto said = [&](RemoteHost& host, const std::string& script) -> Result<std::string> {
    TRY(const auto ran, host.run(script, "", kCopyLimit));
    if (ran.status != 0) return Error{ErrorCode::kIo, host.address() + ": " + ran.err + ran.out};
    return std::string(config::trim(ran.out));
  };
  TRY(const auto kind, said(source, scripts.kind));
  if (kind == "none") return {};  // never written
  TRY(const auto there, said(target, scripts.begin));
  if (there == "there") return {};
  tell({"progress.copy", {source.address() + ":" + from, target.address() + ":" + to}});
  TRY_DONE(hand_over(source, scripts.sums, target, scripts.keep_sums, {}));
  TRY_DONE(hand_over(source, scripts.rest, target, scripts.unpack, {}));
  TRY_DONE(hand_over(target, scripts.missing, source, scripts.keep_list, {}));
  TRY_DONE(hand_over(source, scripts.files, target, scripts.unpack, flow));
  TRY(const auto counted, said(source, scripts.count));
  TRY(const auto ended, said(target, scripts.end(counted, kind == "file")));
  return {};
}

Result<Remark> StepRunner::copy_member(const Step& step) {
  const auto moved = place_of(step);
  const auto before = subject(moved.alias);
  TRY_DONE(move_folder(before, ""));  // it is not running
  TRY(auto* source, tools_.host(before.host));
  TRY(auto* target, tools_.host(moved.host));
  const int64_t began = tools_.now_ms();
  int64_t told = began, of_earlier = 0, of_this = 0;  // bytes of folders
  const auto watched = [&](int64_t bytes) {
    of_this = bytes;
    const int64_t now = tools_.now_ms();
    if (now - told < kTellEvery_ms) return;
    told = now;
    const int64_t passed = of_earlier + of_this, rate = passed * 1000 / std::max<int64_t>(1, now - began);
    const int64_t left_s = rate <= 0 || step.bytes < passed ? -1 : (step.bytes - passed) / rate;
    tell({"progress.copied",
          {moved.alias, bytes_text(passed), bytes_text(step.bytes), bytes_text(rate), duration_text(left_s)}});
  };
  const Flow flow{.bytes_per_second_max = tools_.throttle_mb << 20, .watched = watched};
  for (const auto& [from, to] : folders_of_member(plan_, moved.alias, true)) {
    TRY_DONE(copy_folder(*source, *target, from, to, flow));
    of_earlier += std::exchange(of_this, 0);
  }
  return Remark();
}

Result<Remark> StepRunner::remove_copies(const Addition& moved) {
  for (const auto& folder : folders_of_member(plan_, moved.alias, true)) {
    if (!is_removable(folder.second))
      return Error{ErrorCode::kInvalid, "this will not be removed, it is too near the root: " + folder.second};
    TRY_DONE(run_script(moved.host, remove_copy_script(folder.second, plan_.id)));
  }
  return Remark();
}

/// Somebody who starts the cluster between two steps of this plan makes its copies old.
Status StepRunner::check_unchanged(const std::string& host, const std::string& folder, const std::string& other_host,
                                   const std::string& copy) {
  TRY(const auto now, output_of(host, unchanged_script(folder)));
  TRY(const auto then, output_of(other_host, unchanged_script(copy)));
  if (now == then) return {};
  return Error{ErrorCode::kConflict, folder + " on " + host + " was written since it was copied to " + copy +
                                         ": somebody started the cluster meanwhile. Undo this plan with rollback, and "
                                         "make it anew"};
}

/// What is left behind does not start: it would take part under the identity that lives elsewhere now.
Result<Remark> StepRunner::fence(const Addition& moved, bool back) {
  const auto before = subject(moved.alias);
  if (!back) {
    TRY_DONE(move_folder(before, ""));  // it is not running
    for (const auto& [from, to] : folders_of_member(plan_, moved.alias, false))
      TRY_DONE(check_unchanged(before.host, from, moved.host, to));
  }
  const auto home = home_of(before.server, before.alias);
  const auto file = shell_word(home + "/moved");
  const config::Site site{moved.host, static_cast<uint16_t>(moved.port), moved.alias};
  const auto fresh = shell_word(home + "/moved.new");
  TRY_DONE(run_script(before.host,
                      back ? "rm -f " + file : "set -eu\ncat >" + fresh + "\nmv " + fresh + " " + file + "\nsync",
                      site.to_string() + "\nplan " + plan_.id + "\n"));
  return Remark();
}

/// The controllers decide again, no client can write yet: what there is now is what a rollback may lose nothing of.
Result<Remark> StepRunner::note_state() {
  const auto led = [&](const Members& now) {
    for (const auto& member : members_after(plan_)) {
      const auto* found = find_member(now, member.alias);
      if (found == nullptr || found->host != member.host) return false;
    }
    return std::any_of(now.begin(), now.end(), [](const Member& member) { return member.leads; });
  };
  TRY_DONE(wait_until(led, kLeaderLimit, "a leader that knows the new addresses"));
  TRY(const auto state, tools_.cluster.state());
  TRY_DONE(journal_.put("start.json", boost::json::serialize(state)));
  return Remark();
}

Result<int64_t> StepRunner::stream_bytes(const Addition& place, const std::string& folders) {
  std::string script = "LC_ALL=C; export LC_ALL\n";
  for (const auto folder : config::split(folders, ','))
    script += "find " + shell_word(folder) + " -type f -exec wc -c {} + 2>/dev/null\n";
  TRY(const auto said,
      output(place.host, "{ " + script + ":; } | awk '$2 != \"total\" { sum += $1 } END { print sum + 0 }'"));
  return std::atoll(said.c_str());
}

Result<int64_t> StepRunner::written_since() {
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const auto state = journal_.record().steps[i].state;
    const bool is_noted = state == StepState::kDone || state == StepState::kUndoing;
    if (plan_.steps[i].kind == StepKind::kNoteState && !is_noted) return 0;  // nobody could write yet
  }
  const auto text = journal_.get("start.json");
  if (!text.ok() && text.error().code != ErrorCode::kNotFound) return text.error();
  boost::system::error_code failure;
  const auto earlier = text.ok() ? boost::json::parse(*text, failure) : boost::json::value();
  if (failure) return Error{ErrorCode::kCorrupt, "start.json cannot be understood: " + journal_.folder()};
  if (!earlier.is_object()) return 0;  // it ended before it had noted anything
  const auto later = tools_.cluster.state();
  if (!later.ok()) {
    return Error{later.error().code,
                 "whether anything was written since is not known, the cluster does not say: " + later.error().message +
                     ". Start its controllers first; --accept-risk goes back all the same"};
  }
  int64_t changes = changes_between(earlier.get_object(), *later);
  for (const auto& move : plan_.moves) {
    const auto* moved = plan_.relocation(move.alias);
    if (moved == nullptr || move.setting != "persistenceDir") continue;  // who stays keeps its rows
    TRY(const auto was, stream_bytes(subject(move.alias), move.from));
    TRY(const auto is, stream_bytes(*moved, move.to));
    changes += is > was;
  }
  return changes;
}

/// The nodes are stopped by now, the controllers are not: the last moment to see that a client was faster.
Result<Remark> StepRunner::check_unwritten() {
  if (tools_.accept_loss) return Remark();
  TRY(const auto changes, written_since());
  if (changes == 0) return Remark();
  return Error{ErrorCode::kConflict, say(Language::kEnglish, {"refuse.written_offline", {std::to_string(changes)}})};
}

/// With --accept-risk a new host that does not answer keeps nobody from going back: what is on it finds its identity
/// taken when it comes to life.
Result<Remark> StepRunner::undo_offline(const Step& step) {
  auto undone = undo_stopped(step);
  const bool was_home = std::any_of(plan_.before.begin(), plan_.before.end(),
                                    [&](const Member& member) { return member.host == step.host; });
  if (undone.ok() || was_home || !tools_.accept_loss || undone.error().code != ErrorCode::kUnavailable) return undone;
  return Remark("not undone: " + step.host +
                " does not answer. Before anything is started there again, remove what this plan brought");
}

Result<Remark> StepRunner::undo_stopped(const Step& step) {
  switch (step.kind) {
    case StepKind::kSendPackage: return remove_package(step);
    case StepKind::kHalt: return start_former(subject(step));
    case StepKind::kKeepState: return keep_state(subject(step), true);
    case StepKind::kCopyMember: return remove_copies(place_of(step));
    case StepKind::kFence: return fence(place_of(step), true);
    case StepKind::kWriteConfig:
    case StepKind::kWriteFiles: return restore_files(step);
    case StepKind::kBegin: return halt(place_of(step));
    case StepKind::kNoteState: return check_unwritten();
    default: return Remark();  // it goes with the state of the controllers, which is put back
  }
}

/// What could start a member that has left: the whole package, or its file where others stay in the package.
Status StepRunner::remove_former_packages() {
  for (const auto& moved : plan_.relocations) {
    const auto before = subject(moved.alias);
    const bool is_shared = std::any_of(plan_.before.begin(), plan_.before.end(), [&](const Member& member) {
      return member.host == before.host && member.server == before.server && plan_.relocation(member.alias) == nullptr;
    });
    const auto arrivals = plan_.arrivals(before.host);
    const bool is_used = is_shared || std::any_of(arrivals.begin(), arrivals.end(),
                                                  [&](const Addition& made) { return made.server == before.server; });
    if (!is_used && is_removable(before.server)) {
      TRY_DONE(run_script(before.host, "rm -rf " + shell_word(before.server) + "\nrmdir " +
                                           shell_word(std::filesystem::path(before.server).parent_path().string()) +
                                           " 2>/dev/null || :"));
      continue;
    }
    const bool has_file = before.role == NodeMode::kController || before.role == NodeMode::kAgent;
    const bool is_taken =
        std::any_of(arrivals.begin(), arrivals.end(), [&](const Addition& made) { return made.role == before.role; });
    if (!has_file || is_taken) continue;
    const auto path = before.server + (before.role == NodeMode::kController ? "/clusterDemo/config/controller.cfg"
                                                                            : "/clusterDemo/config/agent.cfg");
    TRY_DONE(run_script(before.host, "if [ -e " + shell_word(path) + " ]; then mv " + shell_word(path) + " " +
                                         shell_word(kept_name(path, plan_.id)) + "; fi"));
  }
  return {};
}

Status StepRunner::remove_sources() {
  for (const auto& moved : plan_.relocations) {
    const auto before = subject(moved.alias);
    for (const auto& [from, to] : folders_of_member(plan_, moved.alias, false)) {
      if (!is_removable(from))
        return Error{ErrorCode::kInvalid, "this will not be removed, it is too near the root: " + from};
      TRY(const auto there, output(moved.host, "if [ -e " + shell_word(to) + " ]; then echo there; fi"));
      if (!there.empty()) TRY_DONE(run_script(before.host, "rm -rf " + shell_word(from)));
    }
    for (const auto& folder : folders_of_member(plan_, moved.alias, true))
      TRY_DONE(run_script(moved.host, forget_copy_script(folder.second, plan_.id)));
  }
  for (const auto& member : members_of(plan_.before, NodeMode::kController)) {
    if (plan_.relocation(member.alias) != nullptr) continue;
    for (const auto& folder : folders_of_member(plan_, member.alias, false))
      TRY_DONE(run_script(member.host, "rm -rf " + shell_word(kept_name(folder.first, plan_.id))));
  }
  return remove_former_packages();
}

}  // namespace pelorus::cli::migrate
