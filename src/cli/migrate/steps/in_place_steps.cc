// Steps on members that stay: stopped, given another address or other directories, started again.

#include <algorithm>

#include "cli/migrate/steps/folder_scripts.h"
#include "cli/migrate/in_place.h"
#include "cli/migrate/inventory.h"
#include "cli/migrate/new_files.h"
#include "cli/migrate/step_runner.h"

namespace pelorus::cli::migrate {
namespace {

using std::chrono::seconds;

constexpr seconds kSilenceLimit{60};  // until a stopped member counts as stopped
constexpr seconds kReturnLimit{600};
constexpr std::chrono::hours kCopyLimit{72};

const std::string kAlready = "already so";

bool is_online(const std::vector<Member>& members, const std::string& alias) {
  const auto* member = find_member(members, alias);
  return member != nullptr && member->online;
}

/// The controllers besides this one decide without it.
bool decide_without(const std::vector<Member>& members, const std::string& alias) {
  int voters = 0, others = 0;
  for (const auto& member : members) {
    voters += member.votes;
    others += member.votes && member.online && member.alias != alias;
  }
  return others * 2 > voters;
}

bool is_lone_controller(const Plan& plan, const Addition& member) {
  return member.role == NodeMode::kController && members_of(plan.before, NodeMode::kController).size() == 1;
}

}  // namespace

std::string StepRunner::machine_of(const Addition& member) const {
  const auto* before = find_member(plan_.before, member.alias);
  return before == nullptr ? member.host : plan_.host_after(before->host);
}

Result<Remark> StepRunner::check_in_place(const Step& step) {
  const auto& target = plan_.target;
  std::string faults;
  if (!target.moved.empty()) {
    const std::string boot = "cat /proc/sys/kernel/random/boot_id";
    TRY(const auto there, output(target.moved, boot));
    TRY(const auto here, output(target.moved_to, boot));
    if (here != there)
      return Error{ErrorCode::kInvalid, target.moved_to + " is another machine than " + target.moved +
                                            "; to move the members to another machine use --replace"};
  }
  std::string script =
      "for tool in find sha256sum awk; do command -v $tool >/dev/null || echo \"$tool is not installed\"; done\n";
  for (const auto& member : plan_.before) {
    for (const auto& [from, to] : folders_of(plan_.moves, member.alias)) script += check_folder_script(from, to);
    if (plan_.host_after(member.host) != step.host || member.server.empty()) continue;
    const auto config = member.server + "/clusterDemo/config";
    script += "[ -w " + shell_word(config) + " ] || echo " + shell_word(config + " cannot be written") + "\n";
  }
  TRY(const auto said, output(step.host, script));
  for (const auto line : config::split(said, '\n')) {
    if (!line.empty()) faults += (faults.empty() ? "" : "; ") + std::string(line);
  }
  if (!faults.empty()) return Error{ErrorCode::kUnavailable, step.host + ": " + faults};
  return Remark();
}

Result<Remark> StepRunner::yield_leader(const std::string& alias) {
  TRY(const auto members, tools_.cluster.members());
  const auto* member = find_member(members, alias);
  if (member == nullptr || !member->leads) return kAlready;
  TRY_DONE(give_up_leading(alias));
  return Remark();
}

Result<Remark> StepRunner::pause(const std::string& alias) {
  const auto member = subject(alias);
  const auto machine = machine_of(member);
  if (is_lone_controller(plan_, member)) return package_script(machine, member.server, "stopController.sh");
  if (member.role == NodeMode::kController) {
    TRY_DONE(wait_until([&](const Members& now) { return decide_without(now, alias); }, kReturnLimit,
                        "a majority of controllers without " + alias));
  } else if (member.role != NodeMode::kAgent) {
    TRY(const auto members, tools_.cluster.members());
    if (!is_online(members, alias)) return kAlready;
    TRY_DONE(await_copies());  // nobody may lack what only this node has
    return stop_node(alias);
  }
  const auto script = member.role == NodeMode::kAgent ? "stopAgent.sh" : "stopController.sh";
  TRY(auto remark, package_script(machine, member.server, script));
  TRY_DONE(
      wait_until([&](const Members& now) { return !is_online(now, alias); }, kSilenceLimit, "the end of " + alias));
  return remark;
}

Result<Remark> StepRunner::go_on(const std::string& alias) {
  const auto member = subject(alias);
  if (member.role != NodeMode::kController && member.role != NodeMode::kAgent) {
    TRY(auto remark, start_node(alias));
    TRY_DONE(await_copies());
    return remark;
  }
  const bool votes = member.role == NodeMode::kController;
  TRY(auto remark, package_script(machine_of(member), member.server, votes ? "startController.sh" : "startAgent.sh"));
  const auto is_back = [&](const Members& now) {
    const auto* found = find_member(now, alias);
    return found != nullptr && found->online && (found->votes || !votes);
  };
  TRY_DONE(wait_until(is_back, kReturnLimit, alias + " to be back"));
  return remark;
}

Result<Remark> StepRunner::readdress(const std::string& alias, const std::string& host) {
  auto member = subject(alias);
  member.host = host;
  TRY_DONE(widen_certificate(member));
  // Alone it is the cluster: it takes its new address from its own files when it starts.
  auto members = plan_.before;
  if (is_lone_controller(plan_, member)) {
    TRY_DONE(write_own_address(member, members));
    return Remark();
  }
  TRY_DONE(tools_.cluster.move_member(alias, host, member.port));
  TRY(members, tools_.cluster.members());
  TRY_DONE(write_own_address(member, members));
  return Remark();
}

Status StepRunner::write_own_address(const Addition& member, const Members& members) {
  const auto folder = member.server + "/clusterDemo/config/";
  const auto machine = machine_of(member);
  auto listed = members;
  for (auto& other : listed) {
    if (other.alias == member.alias) other.host = member.host;
  }
  if (member.role == NodeMode::kController) {
    TRY(const auto text, read_text(machine, folder + "controller.cfg"));
    // Only a controller that is the whole cluster learns its address from this file; others know it from the state.
    if (is_lone_controller(plan_, member)) TRY_DONE(write_text(machine, folder + "cluster.nodes", nodes_text(listed)));
    return write_text(machine, folder + "controller.cfg", controller_text(text, member, plan_.target, member.server));
  }
  if (member.role != NodeMode::kAgent) return {};
  TRY(const auto text, read_text(machine, folder + "agent.cfg"));
  return write_text(machine, folder + "agent.cfg",
                    agent_text(text, member, plan_.target, member.server, controller_sites(listed)));
}

Status StepRunner::move_folder(const Addition& member, const std::string& script) {
  const auto home = home_of(member.server, member.alias);
  TRY(auto* remote, tools_.host(machine_of(member)));
  TRY(const auto ran,
      remote->run("set -eu\nserver=" + shell_word(member.server) +
                      "\n. \"$server/scripts/node_control.sh\"\nif [ -n \"$(living_pid " + shell_word(home) +
                      ")\" ]; then echo " + shell_word(member.alias + " is running") + " >&2; exit 1; fi\n" + script,
                  "", kCopyLimit));
  if (ran.status == 0) return {};
  return Error{ErrorCode::kIo, machine_of(member) + ": " + ran.err + ran.out};
}

Result<Remark> StepRunner::copy_directories(const std::string& alias, bool back) {
  const auto member = subject(alias);
  for (const auto& [from, to] : folders_of(plan_.moves, alias)) {
    tell({"progress.copy", back ? std::vector{to, from} : std::vector{from, to}});
    TRY_DONE(move_folder(member, back ? return_script(from, to, plan_.id) : copy_script(from, to, plan_.id)));
  }
  return Remark();
}

Result<Remark> StepRunner::set_directories(const std::string& alias, bool back) {
  const auto member = subject(alias);
  const bool votes = member.role == NodeMode::kController;
  const auto file = member.server + "/clusterDemo/config/controller.cfg";
  TRY(const auto before, votes ? read_text(machine_of(member), file) : tools_.cluster.nodes_settings());
  auto text = before;
  for (const auto& move : plan_.moves) {
    if (move.alias != alias) continue;
    const auto& value = back ? move.from : move.to;
    text = votes ? with_value(text, move.setting, value) : with_own_value(text, alias, move.setting, value);
  }
  if (text == before) return kAlready;
  if (votes)
    TRY_DONE(write_text(machine_of(member), file, text));
  else
    TRY_DONE(tools_.cluster.save_nodes_settings(text));
  return Remark();
}

Status StepRunner::remove_old_directories() {
  if (plan_.target.to_cluster) return {};  // its directory was moved, not copied
  for (const auto& member : plan_.before) {
    for (const auto& [from, to] : folders_of(plan_.moves, member.alias)) {
      if (!is_removable(from))
        return Error{ErrorCode::kInvalid, "this will not be removed, it is too near the root: " + from};
      TRY(const auto said,
          output(member.host, "if [ -d " + shell_word(to) + " ]; then rm -rf " + shell_word(from) + "; fi"));
    }
  }
  return {};
}

}  // namespace pelorus::cli::migrate
