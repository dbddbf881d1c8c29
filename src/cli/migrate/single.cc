#include "cli/migrate/single.h"

#include <algorithm>
#include <array>
#include <set>

#include "cli/migrate/new_files.h"
#include "cli/migrate/shape.h"
#include "config/key_values.h"
#include "config/setting.h"

namespace pelorus::cli::migrate {
namespace {

constexpr int kReplicas = 2;

/// What every member says for itself, and what only the first start of a single node needs.
bool is_own(std::string_view key) {
  constexpr std::string_view kOwn[] = {"localSite",
                                       "mode",
                                       "home",
                                       "logFile",
                                       "jobLogFile",
                                       "dfsMetaDir",
                                       "sites",
                                       "controllerSite",
                                       "takeOverFrom",
                                       "initialAdminPassword",
                                       "initialAdminPasswordFile"};
  return std::find(std::begin(kOwn), std::end(kOwn), key) != std::end(kOwn);
}

/// Lines that such a role reads.
std::string lines_for(std::string_view dolphindb_cfg, config::Readers role, bool paths) {
  config::Findings findings;  // the node runs with this text
  std::string text;
  for (const auto& entry : config::parse_key_values(dolphindb_cfg, "", findings).entries) {
    const auto* setting = config::find_setting(entry.key);
    if (setting == nullptr || is_own(setting->name) || (setting->readers & role) == 0) continue;
    const bool is_path = setting->type == config::SettingType::kPath || setting->type == config::SettingType::kPathList;
    if (is_path && !paths) continue;
    text += std::string(setting->name) + "=" + entry.value + "\n";
  }
  return text;
}

std::string site_of(const Addition& made) {
  return config::Site{made.host, static_cast<uint16_t>(made.port), made.alias}.to_string();
}

const Addition& made_as(const Plan& plan, NodeMode role) {
  return *std::find_if(plan.additions.begin(), plan.additions.end(), [&](const Addition& a) { return a.role == role; });
}

std::vector<Step> steps_of(const Plan& plan, const Member& single) {
  const auto& host = plan.target.hosts[0];
  const auto &controller = made_as(plan, NodeMode::kController), &agent = made_as(plan, NodeMode::kAgent),
             &second = made_as(plan, NodeMode::kDataNode);
  std::vector<Step> steps;
  const auto add = [&](StepKind kind, const std::string& subject, Note effect) {
    steps.push_back({kind, subject, host, 0, std::move(effect)});
  };
  add(StepKind::kCheckHost, host, {"effect.none", {}});
  add(StepKind::kWriteClusterFiles, host, {"effect.none", {}});
  add(StepKind::kStopSingle, single.alias, {"effect.away", {}});
  add(StepKind::kMoveHome, single.alias, {"effect.away", {}});
  add(StepKind::kStartController, controller.alias, {"effect.away", {}});
  add(StepKind::kStartAgent, agent.alias, {"effect.away", {}});
  add(StepKind::kContinue, single.alias, {"effect.back", {}});
  add(StepKind::kContinue, second.alias, {"effect.more_room", {}});
  add(StepKind::kForgetSource, controller.alias, {"effect.none", {}});
  add(StepKind::kVerify, "after", {"effect.none", {}});
  return steps;
}

}  // namespace

std::string home_in_cluster(const Member& single) { return single.server + "/clusterDemo/data/" + single.alias; }
std::string home_of_single(const Member& single) { return single.server + "/" + single.alias; }

ClusterFiles files_of_single(std::string_view dolphindb_cfg, const Plan& plan) {
  const auto& single = plan.before[0];
  const auto &controller = made_as(plan, NodeMode::kController), &agent = made_as(plan, NodeMode::kAgent),
             &second = made_as(plan, NodeMode::kDataNode);
  ClusterFiles files;
  files.controller_cfg = "localSite=" + site_of(controller) + "\nmode=controller\ndfsHAMode=Raft\n";
  auto rest = lines_for(dolphindb_cfg, config::kController, true);
  if (setting_of(rest, "dfsReplicationFactor").empty())
    rest += "dfsReplicationFactor=" + std::to_string(kReplicas) + "\n";
  files.controller_cfg += rest + "takeOverFrom=" + home_in_cluster(single) + "/dfsMeta\n";
  const auto own_meta = setting_of(dolphindb_cfg, "dfsMetaDir");
  if (own_meta.starts_with('/')) files.controller_cfg = with_value(files.controller_cfg, "takeOverFrom", own_meta);
  files.agent_cfg = "localSite=" + site_of(agent) + "\nmode=agent\ncontrollerSite=" + site_of(controller) +
                    "\nsites=" + site_of(agent) + ":agent," + site_of(controller) + ":controller\n" +
                    lines_for(dolphindb_cfg, config::kAgent, true);
  const Addition first{single.alias, NodeMode::kDataNode, plan.target.hosts[0], single.port, single.server, ""};
  std::vector<Member> members;
  for (const auto& made : {controller, agent, first, second})
    members.push_back({.alias = made.alias, .role = made.role, .host = made.host, .port = made.port});
  files.cluster_nodes = nodes_text(members);
  // Settings for all; directories for the one that has them, and others for the second.
  auto settings = lines_for(dolphindb_cfg, config::kDataNode, false);
  for (const auto& move : plan.moves) settings += move.alias + "." + move.setting + "=" + move.to + "\n";
  files.cluster_cfg = with_node(settings, second, plan.target, members, single.server);
  return files;
}

PlanOutcome make_plan_of_single(const ClusterFacts& facts, const Target& target) {
  PlanOutcome outcome;
  auto& plan = outcome.plan;
  plan.target = target;
  plan.before = facts.members;
  const bool is_single = facts.members.size() == 1 && facts.members[0].role == NodeMode::kSingle;
  if (!is_single) {
    outcome.refusals.push_back({"refuse.no_single", {}});
    return outcome;
  }
  const auto& single = facts.members[0];
  const auto& host = target.hosts[0];
  if (single.server.empty()) outcome.refusals.push_back({"refuse.no_package", {single.alias}});
  int port = single.port;
  constexpr std::array<std::pair<const char*, NodeMode>, 3> kMade{
      {{"controller1", NodeMode::kController}, {"agent1", NodeMode::kAgent}, {"node1", NodeMode::kDataNode}}};
  for (const auto& [alias, role] : kMade) {
    const auto name = alias == single.alias ? single.alias + "b" : alias;
    plan.additions.push_back({name, role, host, ++port, single.server, single.alias});
  }
  // What lies in the node's own directory goes with it; everything else stays where it is.
  const auto found = facts.directories.find(single.alias);
  if (found != facts.directories.end()) {
    for (const auto& directory : found->second) {
      if (directory.setting == "dfsMetaDir") continue;
      auto to = directory.path;
      if (lies_in(to, home_of_single(single))) to = home_in_cluster(single) + to.substr(home_of_single(single).size());
      auto same = std::find_if(plan.moves.begin(), plan.moves.end(),
                               [&](const DirectoryMove& move) { return move.setting == directory.setting; });
      if (same == plan.moves.end()) {
        plan.moves.push_back({single.alias, directory.setting, directory.path, to});
      } else {
        same->from += "," + directory.path;
        same->to += "," + to;
      }
    }
  }
  for (const auto& [name, known] : facts.hosts) {
    if (!known.reachable) outcome.refusals.push_back({"refuse.unreachable", {name, known.problem}});
  }
  if (host == "localhost" || host.starts_with("127.")) plan.warnings.push_back({"warn.loopback", {host}});
  plan.warnings.push_back({"warn.one_host", {}});
  for (auto& note : warnings_of_items(facts, {}, facts.members)) plan.warnings.push_back(std::move(note));
  if (outcome.refusals.empty()) plan.steps = steps_of(plan, single);
  plan.id = plan_id(plan);
  return outcome;
}

}  // namespace pelorus::cli::migrate
