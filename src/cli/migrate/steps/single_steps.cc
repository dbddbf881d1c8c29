// Steps that make a single node a cluster.

#include "cli/migrate/new_files.h"
#include "cli/migrate/single.h"
#include "cli/migrate/step_runner.h"

namespace pelorus::cli::migrate {
namespace {

constexpr std::chrono::seconds kReadyLimit{120};
const std::string kAlready = "already so";

std::string config_of(const Member& single) { return single.server + "/clusterDemo/config/"; }

}  // namespace

Result<Remark> StepRunner::check_single(const Step& step) {
  const auto& single = plan_.before[0];
  std::string script = "server=" + shell_word(single.server) +
                       "\n. \"$server/scripts/node_control.sh\" || exit 1\n"
                       "[ -r \"$server/dolphindb.cfg\" ] || echo \"$server/dolphindb.cfg is not there\"\n"
                       "[ -d " +
                       shell_word(home_of_single(single)) + " ] || echo " +
                       shell_word("the node's directory is not there: " + home_of_single(single)) + "\n[ ! -e " +
                       shell_word(home_in_cluster(single)) + " ] || echo " +
                       shell_word(home_in_cluster(single) + " is there already") + "\n[ -w " +
                       shell_word(config_of(single)) + " ] || echo " +
                       shell_word(config_of(single) + " cannot be written") + "\n";
  for (const auto& made : plan_.additions) {
    script += "[ -z \"$(owner_of_port " + std::to_string(made.port) + ")\" ] || echo " +
              shell_word("port " + std::to_string(made.port) + " is taken, " + made.alias + " would need it") + "\n";
    script += "[ ! -e \"$server/clusterDemo/data/" + made.alias + "\" ] || echo " +
              shell_word("clusterDemo/data/" + made.alias + " is there from an earlier member") + "\n";
  }
  TRY(const auto said, output(step.host, script));
  if (said.empty()) return Remark();
  return Error{ErrorCode::kUnavailable, step.host + ": " + said};
}

Result<Remark> StepRunner::write_cluster_files(const Step& step) {
  const auto& single = plan_.before[0];
  TRY(const auto text, read_text(step.host, single.server + "/dolphindb.cfg"));
  const auto files = files_of_single(text, plan_);
  const std::pair<const char*, const std::string*> all[] = {{"controller.cfg", &files.controller_cfg},
                                                            {"agent.cfg", &files.agent_cfg},
                                                            {"cluster.nodes", &files.cluster_nodes},
                                                            {"cluster.cfg", &files.cluster_cfg}};
  for (const auto& [name, content] : all) {
    const auto path = config_of(single) + name;
    const auto kept = shell_word(path + ".before-" + plan_.id);
    TRY(const auto said, output(step.host, "[ -e " + kept + " ] || [ ! -e " + shell_word(path) + " ] || cp -p " +
                                               shell_word(path) + " " + kept));
    TRY_DONE(write_text(step.host, path, *content));
  }
  return Remark();
}

Result<Remark> StepRunner::move_home(const Step& step, bool back) {
  const auto& single = plan_.before[0];
  const auto from = back ? home_in_cluster(single) : home_of_single(single);
  const auto to = back ? home_of_single(single) : home_in_cluster(single);
  TRY(const auto said,
      output(step.host, "set -eu\nserver=" + shell_word(single.server) +
                            "\n. \"$server/scripts/node_control.sh\"\nif [ ! -e " + shell_word(from) +
                            " ]; then echo already; exit 0; fi\nif [ -n \"$(living_pid " + shell_word(from) +
                            ")\" ]; then echo " + shell_word(single.alias + " is running") + " >&2; exit 1; fi\nmv " +
                            shell_word(from) + " " + shell_word(to)));
  return said.empty() ? Remark() : kAlready;
}

/// Its own first start makes it the cluster, so nobody can be asked before.
Result<Remark> StepRunner::found(const Addition& controller) {
  TRY(auto remark, package_script(controller.host, controller.server, "startController.sh"));
  const auto founded = [&](const Members& now) {
    const auto* member = find_member(now, controller.alias);
    return member != nullptr && member->leads;
  };
  TRY_DONE(wait_until(founded, kReadyLimit, "the cluster that " + controller.alias + " founds"));
  return remark;
}

Result<Remark> StepRunner::end_again(const Step& step, Result<Remark> stopped) {
  const auto* made = plan_.addition(step.subject);
  if (!stopped.ok() || !plan_.target.to_cluster || made == nullptr) return stopped;
  TRY_DONE(clear_directories(*made, true));
  return stopped;
}

Result<Remark> StepRunner::forget_source(const Addition& controller) {
  const auto path = config_of(plan_.before[0]) + "controller.cfg";
  TRY(const auto text, read_text(controller.host, path));
  const auto without = without_setting(text, "takeOverFrom");
  if (without == text) return kAlready;
  TRY_DONE(write_text(controller.host, path, without));
  return Remark();
}

}  // namespace pelorus::cli::migrate
