#include "cli/doctor/gather_package.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "cli/certificates.h"
#include "cli/doctor/port_owner.h"
#include "cli/log_files.h"
#include "config/node_lock.h"
#include "config/node_state.h"
#include "config/validate.h"

namespace pelorus::cli::doctor {
namespace {

namespace fs = std::filesystem;
using config::NodeMode;

constexpr int64_t kLogBytes = 8 << 20;  // of the end of each log
constexpr int64_t kCrashLogBytes = 1 << 20;
constexpr size_t kShownBytes = 160;
constexpr std::string_view kCrashWords[] = {"broken promise: ",   "terminate called", "Segmentation fault",
                                            "AddressSanitizer: ", "stack smashing",   "double free or corruption"};

std::string shortened(const std::string& text) {
  return text.size() <= kShownBytes ? text : text.substr(0, kShownBytes) + "…";
}

bool is_servers_program(const std::string& file) {
  auto name = fs::path(file).filename().string();
  if (const auto deleted = name.find(" (deleted)"); deleted != std::string::npos) name.resize(deleted);
  return name == "pelorusd" || name == "dolphindb";
}

fs::path directory_of(const PackagePlace& place, const std::string& alias, NodeMode mode) {
  if (mode == NodeMode::kSingle) return place.server / alias;
  return place.demo.empty() ? fs::path() : place.demo / "data" / alias;
}

void look_at_process(const fs::path& directory, LocalNode& node) {
  std::error_code ignored;
  node.was_started = !directory.empty() && fs::exists(directory / "node.lock", ignored);
  if (!node.was_started) return;
  node.is_running = config::running_node(directory).has_value();
  node.has_stale_pid = !node.is_running && fs::exists(directory / "node.pid", ignored);
  const auto state = config::read_node_state(directory);
  if (!node.is_running && state.ok()) node.state = state->to_string();
}

void look_at_port(const PackageFacts& package, LocalNode& node) {
  const auto& site = node.entry.site;
  const auto owner = owner_of_port(site.host, site.port);
  if (!owner) return;
  node.port_owner = owner->pid;
  node.port_program = owner->program;
  // Several packages of a server name the same data nodes, and one of them runs them.
  const bool may_be_elsewhere =
      node.entry.mode != NodeMode::kController && node.entry.mode != NodeMode::kSingle && !node.was_started;
  std::error_code failure;
  const auto server = fs::canonical(package.config.place.server, failure);
  const auto own_program = !failure && fs::path(owner->file).parent_path() == server;
  node.owner_is_node = is_servers_program(owner->file) && (may_be_elsewhere || node.is_running || own_program);
}

void add_role(const std::optional<config::Loaded>& role, NodeMode mode, PackageFacts& package) {
  if (!role) return;
  const auto site = role->settings.local_site();
  // The agent of a package that only brings another controller is never started.
  const auto* listed = package.config.nodes.find(site.alias);
  const auto directory = directory_of(package.config.place, site.alias, mode);
  std::error_code ignored;
  if (mode == NodeMode::kAgent && !package.config.nodes.records.empty() && listed == nullptr &&
      !fs::exists(directory, ignored))
    return;
  if (!config::is_own_host(site.host)) {
    package.foreign_addresses.push_back(site.alias + " " + site.host + " (" + role->config_file + ")");
  }
  package.nodes.push_back(
      {.entry = {.site = site, .mode = mode, .group = {}, .zone = {}}, .state = {}, .port_program = {}});
}

/// Data nodes that this package's agent has started.
void add_data_nodes(PackageFacts& package) {
  std::error_code ignored;
  for (const auto& record : package.config.nodes.records) {
    const auto mode = record.node.mode;
    if (mode != NodeMode::kDataNode && mode != NodeMode::kComputeNode) continue;
    if (!fs::exists(directory_of(package.config.place, record.node.site.alias, mode), ignored)) continue;
    package.nodes.push_back({.entry = record.node, .state = {}, .port_program = {}});
  }
}

void add_place(const std::string& setting, const fs::path& path, PackageFacts& package) {
  if (path.empty()) return;
  const bool known = std::any_of(package.places.begin(), package.places.end(),
                                 [&](const PlaceFacts& place) { return place.directory.path == path.string(); });
  if (!known) package.places.push_back({setting, observe::directory_facts(path.string())});
}

void add_places_of(const config::Settings& settings, NodeMode mode, PackageFacts& package) {
  add_place("home", settings.node_directory(), package);
  if (mode == NodeMode::kController || mode == NodeMode::kSingle)
    add_place("dfsMetaDir", settings.path("dfsMetaDir"), package);
  if (mode != NodeMode::kDataNode && mode != NodeMode::kSingle) return;
  for (const auto& volume : settings.paths("volumes")) add_place("volumes", volume, package);
  for (const char* name : {"chunkMetaDir", "redoLogDir", "TSDBRedoLogDir", "persistenceDir"}) {
    add_place(name, settings.path(name), package);
  }
}

void look_at_places(PackageFacts& package) {
  const auto& config = package.config;
  for (const auto& node : package.nodes) {
    const auto mode = node.entry.mode;
    if (mode == NodeMode::kController) add_places_of(config.controller->settings, mode, package);
    if (mode == NodeMode::kAgent) add_places_of(config.agent->settings, mode, package);
    if (mode == NodeMode::kSingle) add_places_of(config.single->settings, mode, package);
    if (mode != NodeMode::kDataNode) continue;
    if (const auto settings = settings_of_node(config, node.entry.site.alias); settings.ok())
      add_places_of(*settings, mode, package);
  }
  if (!config.place.demo.empty()) add_place("log", config.place.demo / "log", package);
}

std::string text_of_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Data nodes have the keys of their agent.
void look_at_keys(const std::optional<config::Loaded>& role, PackageFacts& package) {
  if (!role || !role->settings.boolean("enableHTTPS")) return;
  const bool between_nodes = role->settings.node_tls() != config::NodeTlsMode::kOff;
  const auto site = role->settings.local_site();
  const auto directory = role->settings.path("keyPath");
  KeyFacts keys{.alias = site.alias, .directory = directory.string()};
  const auto certificate = text_of_file(directory / "server.crt");
  const auto authority = text_of_file(directory / "ca.crt");
  const auto key = text_of_file(directory / "serverPrivate.key");
  std::error_code ignored;
  if (between_nodes && authority.empty()) keys.missing = "ca.crt";
  if (!fs::exists(directory / "serverPrivate.key", ignored)) keys.missing = "serverPrivate.key";
  if (certificate.empty()) keys.missing = "server.crt";
  keys.certificate_s = end_of(certificate);
  keys.authority_s = end_of(authority);
  if (between_nodes) {
    keys.is_for_host = is_for_host(certificate, site.host);
    keys.is_signed = is_signed_by(certificate, authority);
  }
  keys.has_key = key.empty() || is_key_of(key, certificate);
  package.keys.push_back(std::move(keys));
}

/// A package copied onto its own directory: dolphindb_1/dolphindb_1/server.
std::string nested_package(const PackagePlace& place) {
  const auto root = place.server.parent_path();
  std::error_code ignored;
  for (const auto& inner : {root / root.filename(), place.server / "server", place.server / root.filename()}) {
    if (fs::is_directory(inner / "server", ignored) || fs::is_directory(inner / "clusterDemo", ignored))
      return inner.string();
  }
  return "";
}

void look_for_core_files(const fs::path& directory, PackageFacts& package) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const auto name = entry.path().filename().string();
    const bool is_core =
        name == "core" || (name.starts_with("core.") && name.find_first_not_of("0123456789", 5) == std::string::npos);
    if (is_core && entry.is_regular_file(ignored)) package.crashes.push_back({entry.path().string(), ""});
  }
}

/// What a process that crashed wrote to its standard error.
void look_for_crash_lines(const fs::path& directory, PackageFacts& package) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    if (entry.path().extension() != ".nohup") continue;
    const auto lines = read_log_end(entry.path(), kCrashLogBytes);
    if (!lines.ok()) continue;
    for (const auto& line : *lines) {
      const bool is_crash = std::any_of(std::begin(kCrashWords), std::end(kCrashWords), [&](std::string_view word) {
        return line.text.find(word) != std::string::npos;
      });
      if (is_crash) package.crashes.push_back({entry.path().string(), shortened(line.text)});
    }
  }
}

void look_for_crashes(PackageFacts& package) {
  const auto& place = package.config.place;
  std::vector<fs::path> directories{place.server, place.demo, place.demo.empty() ? fs::path() : place.demo / "log"};
  for (const auto& directory : directories) {
    if (!directory.empty()) look_for_crash_lines(directory, package);
  }
  for (const auto& directory : place.node_directories()) directories.push_back(directory);
  for (const auto& directory : directories) {
    if (!directory.empty()) look_for_core_files(directory, package);
  }
}

void look_at_logs(PackageFacts& package) {
  const auto since = log_time_before(3600);
  for (const auto& file : log_files(package.config)) {
    const auto lines = read_log_end(file.path, kLogBytes);
    if (!lines.ok()) continue;
    LogErrors errors{file.alias, 0, ""};
    for (const auto& line : *lines) {
      if (line.level != "ERROR" || line.time < since) continue;
      ++errors.count;
      errors.last = shortened(line.text);
    }
    if (errors.count > 0) package.errors.push_back(std::move(errors));
  }
}

}  // namespace

PackageFacts gather_package(const PackagePlace& place) {
  PackageFacts package;
  package.config = read_package(place);
  package.name = name_of(package.config);
  add_role(package.config.controller, NodeMode::kController, package);
  add_role(package.config.agent, NodeMode::kAgent, package);
  add_role(package.config.single, NodeMode::kSingle, package);
  add_data_nodes(package);
  for (auto& node : package.nodes) {
    look_at_process(directory_of(place, node.entry.site.alias, node.entry.mode), node);
    look_at_port(package, node);
  }
  look_at_places(package);
  for (const auto* role : {&package.config.controller, &package.config.agent, &package.config.single}) {
    const bool runs_here = *role && std::any_of(package.nodes.begin(), package.nodes.end(), [&](const LocalNode& node) {
      return node.entry.site.alias == (*role)->settings.local_site().alias;
    });
    if (runs_here) look_at_keys(*role, package);
  }
  if (place.server.empty()) return package;
  package.owner = observe::directory_facts(place.server.string()).owner;
  package.nested = nested_package(place);
  look_for_crashes(package);
  look_at_logs(package);
  return package;
}

}  // namespace pelorus::cli::doctor
