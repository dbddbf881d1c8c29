#include "agent/supervise.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>

#include "agent/node_arguments.h"
#include "agent/process.h"
#include "base/log.h"
#include "config/node_state.h"
#include "config/setting.h"
#include "config/text_lines.h"

namespace pelorus::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLook{50};          // between two looks at a node that starts or stops
constexpr std::string_view kStoppingFile = "stopping";  // made by the stop scripts in home

/// Settings a process list should not show.
bool is_secret(std::string_view name) { return name == "pwd" || name == "initialAdminPassword"; }

std::string state_of(const fs::path& directory) {
  const auto state = config::read_node_state(directory);
  return state.ok() ? state->to_string() : std::string();
}

}  // namespace

AgentPlace place_of(const config::Settings& agent_settings, const std::string& program) {
  AgentPlace place;
  place.alias = agent_settings.alias();
  place.program = program;
  place.home = agent_settings.home();
  const auto log = agent_settings.path("logFile").parent_path();
  place.log_directory = agent_settings.is_set("logFile") ? log : place.home.parent_path() / "log";
  place.key_directory = agent_settings.path("keyPath");
  place.cluster_key_file = agent_settings.path("clusterKeyFile");
  return place;
}

std::vector<std::string> node_arguments(const AgentPlace& place, const config::NodeStart& start) {
  std::map<std::string, std::string> settings = {
      {"webLoginRequired", "0"}, {"enableHTTPS", "0"}, {"perfMonitoring", "1"}};
  for (const auto& [name, value] : start.settings) {
    const auto* known = config::find_setting(name);
    if (known && !is_secret(known->name)) settings[std::string(known->name)] = value;
  }
  const auto& alias = start.node.site.alias;
  settings["home"] = (place.home / alias).string();
  settings["logFile"] = (place.log_directory / (alias + ".log")).string();
  settings["jobLogFile"] = (place.log_directory / (alias + "_job.log")).string();
  settings["keyPath"] = place.key_directory.string();
  if (std::filesystem::exists(place.cluster_key_file)) settings["clusterKeyFile"] = place.cluster_key_file.string();
  settings["console"] = "0";
  settings["mode"] = config::mode_name(start.node.mode);
  settings["localSite"] = start.node.site.to_string();
  settings["sites"] = start.sites;
  settings["controllerSite"] = start.controller_site;
  settings["config"] = "/noconfig";
  std::vector<std::string> arguments;
  for (const auto& [name, value] : settings) {
    arguments.push_back("-" + name);
    arguments.push_back(value);
  }
  return arguments;
}

Supervisor::Supervisor(AgentPlace place, const Clock& clock) : place_(std::move(place)), clock_(clock) {}

void Supervisor::adopt_running() {
  std::error_code ignored;
  const std::lock_guard lock(mutex_);
  for (const auto& item : fs::directory_iterator(place_.home, ignored)) {
    const auto alias = item.path().filename().string();
    auto arguments = read_arguments(item.path());
    if (arguments.empty() || alias == place_.alias) continue;  // not started by an agent
    auto& node = nodes_[alias];
    node.arguments = std::move(arguments);
    if (notice_running(alias, node)) log_info("node '" + alias + "' runs already, pid " + std::to_string(node.pid));
  }
}

Status Supervisor::check_term(uint64_t term) {
  if (term != 0 && term < newest_term_) {
    return Error{ErrorCode::kStale, "the order comes from an older leader, term " + std::to_string(term) +
                                        "; the newest is " + std::to_string(newest_term_)};
  }
  newest_term_ = std::max(newest_term_, term);
  return {};
}

Status Supervisor::check_not_stopping() const {
  const auto marker = config::read_file((place_.home / kStoppingFile).string());
  if (!marker.ok()) return {};
  const auto script = config::ProcessIdentity::parse(*marker);
  if (!script || !script->is_alive()) return {};
  return Error{ErrorCode::kUnavailable, "the package is being stopped by pid " + std::to_string(script->pid)};
}

bool Supervisor::is_running(const Node& node) const {
  return node.pid != 0 &&
         (node.identity ? node.identity->is_alive() : config::ProcessIdentity::of_process(node.pid).has_value());
}

bool Supervisor::notice_running(const std::string& alias, Node& node) {
  if (is_running(node)) return true;
  const auto found = config::running_node(directory_of(alias));
  if (!found) return false;
  node.pid = found->pid;
  node.identity = found;
  node.is_child = false;
  node.is_wanted = true;
  node.started = clock_.now();
  return true;
}

Result<int> Supervisor::launch(const std::string& alias, Node& node) {
  TRY_DONE(check_not_stopping());
  std::error_code ignored;
  fs::create_directories(place_.log_directory, ignored);
  TRY_DONE(write_arguments(directory_of(alias), node.arguments));
  // A state of an earlier run would be taken for this one's until the node holds its lock.
  fs::remove(directory_of(alias) / "node.state", ignored);
  TRY(node.pid, launch_detached({place_.program, node.arguments, place_.home.parent_path().string(),
                                 (place_.log_directory / (alias + ".nohup")).string()}));
  node.identity = config::ProcessIdentity::of_process(node.pid);
  node.is_child = true;
  node.is_wanted = true;
  node.started = clock_.now();
  log_info("startDataNodeAgent: node '" + alias + "' started, pid " + std::to_string(node.pid));
  return node.pid;
}

Result<int> Supervisor::start(const config::NodeStart& start) {
  const auto& alias = start.node.site.alias;
  if (!config::is_plain_alias(alias)) return Error{ErrorCode::kInvalid, "no alias of a node: '" + alias + "'"};
  const std::lock_guard lock(mutex_);
  TRY_DONE(check_term(start.term));
  auto& node = nodes_[alias];
  node.restarts_after_crash = start.restarts_after_crash;
  if (notice_running(alias, node)) return node.pid;
  notice_exit(alias, node);
  node.arguments = node_arguments(place_, start);
  return launch(alias, node);
}

Result<int> Supervisor::start_again(const std::string& alias) {
  if (!config::is_plain_alias(alias)) return Error{ErrorCode::kInvalid, "no alias of a node: '" + alias + "'"};
  const std::lock_guard lock(mutex_);
  const auto found = nodes_.find(alias);
  auto arguments = found == nodes_.end() ? read_arguments(directory_of(alias)) : found->second.arguments;
  if (arguments.empty()) {
    return Error{ErrorCode::kNotFound,
                 "agent '" + place_.alias + "' never started node '" + alias + "' and got no settings for it"};
  }
  auto& node = nodes_[alias];
  if (notice_running(alias, node)) return node.pid;
  notice_exit(alias, node);
  node.arguments = std::move(arguments);
  return launch(alias, node);
}

Status Supervisor::await_listening(const std::string& alias, Time deadline) {
  while (true) {
    const auto state = config::read_node_state(directory_of(alias));
    const auto phase = state.ok() ? state->phase : config::NodePhase::kStarting;
    if (phase == config::NodePhase::kListening || phase == config::NodePhase::kReady) return {};
    {
      const std::lock_guard lock(mutex_);
      auto& node = nodes_[alias];
      if (!is_running(node)) {
        notice_exit(alias, node);
        return Error{ErrorCode::kUnavailable, "node '" + alias + "' did not start: " + node.last_exit};
      }
    }
    if (clock_.now() >= deadline) return {};
    std::this_thread::sleep_for(kLook);
  }
}

Status Supervisor::stop(const config::NodeStop& stop, Time deadline) {
  if (!config::is_plain_alias(stop.alias))
    return Error{ErrorCode::kInvalid, "no alias of a node: '" + stop.alias + "'"};
  if (stop.timeout_ms != 0) deadline = std::min(deadline, clock_.now() + std::chrono::milliseconds(stop.timeout_ms));
  {
    const std::lock_guard lock(mutex_);
    TRY_DONE(check_term(stop.term));
    auto& node = nodes_[stop.alias];
    const bool runs = notice_running(stop.alias, node);
    node.is_wanted = false;
    if (!runs) return {};
    if (kill(node.pid, SIGTERM) != 0 && errno != ESRCH) {
      return Error{ErrorCode::kDenied,
                   std::string("cannot stop pid ") + std::to_string(node.pid) + ": " + std::strerror(errno)};
    }
    log_info("node '" + stop.alias + "' was told to stop, pid " + std::to_string(node.pid));
  }
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      auto& node = nodes_[stop.alias];
      if (!is_running(node)) {
        notice_exit(stop.alias, node);
        return {};
      }
    }
    if (clock_.now() >= deadline)
      return Error{ErrorCode::kTimeout, "node '" + stop.alias + "' was told to stop and still runs"};
    std::this_thread::sleep_for(kLook);
  }
}

void Supervisor::notice_exit(const std::string& alias, Node& node) {
  if (node.pid == 0 || is_running(node)) return;
  const auto exit = node.is_child ? take_exit(node.pid) : std::nullopt;
  const auto state = state_of(directory_of(alias));
  node.last_exit = exit ? exit->text : "it ended while it was not a child of this agent";
  if (state.starts_with("failed")) node.last_exit += ", " + state;
  // An orderly end removes node.pid; so a node whose exit cannot be heard is judged by it.
  std::error_code ignored;
  const bool crashed = exit ? !exit->is_clean : fs::exists(directory_of(alias) / "node.pid", ignored);
  log_message(node.is_wanted && crashed ? LogLevel::kError : LogLevel::kInfo,
              "node '" + alias + "' ended, pid " + std::to_string(node.pid) + ": " + node.last_exit);
  if (crashed) {
    auto tail = tail_of_file(log_of(alias), kLogTailBytes);
    if (tail.empty()) tail = tail_of_file((place_.log_directory / (alias + ".nohup")).string(), kLogTailBytes);
    if (!tail.empty()) node.last_exit += "; end of its log:\n" + tail;
  }
  const auto now = clock_.now();
  const bool was_steady = now - node.started >= kSteadyAfter;
  node.restart_wait =
      was_steady ? kRestartWaitLeast : std::clamp(node.restart_wait * 2, kRestartWaitLeast, kRestartWaitMost);
  node.restart_at = now + node.restart_wait;
  node.pid = 0;
  node.identity.reset();
  if (!crashed) node.is_wanted = false;  // it was asked to end, by whomever
}

void Supervisor::restart_if_due(const std::string& alias, Node& node) {
  const bool is_due = node.pid == 0 && node.is_wanted && node.restarts_after_crash && !node.arguments.empty() &&
                      clock_.now() >= node.restart_at;
  if (!is_due) return;
  if (auto started = launch(alias, node); started.ok()) {
    ++node.restarts;
  } else {
    node.restart_wait = std::clamp(node.restart_wait * 2, kRestartWaitLeast, kRestartWaitMost);
    node.restart_at = clock_.now() + node.restart_wait;
    node.last_exit = started.error().message;
  }
}

void Supervisor::poll() {
  const std::lock_guard lock(mutex_);
  for (auto& [alias, node] : nodes_) {
    notice_exit(alias, node);
    restart_if_due(alias, node);
  }
}

config::AgentReport Supervisor::report() const {
  config::AgentReport report;
  report.agent = place_.alias;
  const std::lock_guard lock(mutex_);
  for (const auto& [alias, node] : nodes_) {
    const bool runs = is_running(node);
    auto state = runs ? state_of(directory_of(alias)) : "stopped";
    if (state.empty()) state = "starting";
    report.nodes.push_back({alias, runs ? node.pid : 0, std::move(state), node.last_exit, node.restarts});
  }
  return report;
}

}  // namespace pelorus::agent
