#include "cli/config/read_package.h"

#include <algorithm>

#include "config/nearest_name.h"
#include "config/text_lines.h"

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;
using config::Findings;
using config::Severity;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Roles read some files in common, so the same may be found twice.
void add_new(const Findings& from, Findings& to) {
  for (const auto& finding : from) {
    const bool known = std::any_of(to.begin(), to.end(), [&](const config::Finding& other) {
      return other.file == finding.file && other.line == finding.line && other.text == finding.text;
    });
    if (!known) to.push_back(finding);
  }
}

std::optional<config::Loaded> load_role(const PackagePlace& place, std::string_view role, const fs::path& file,
                                        Findings& findings) {
  if (file.empty() || !is_there(file)) return std::nullopt;
  config::LoadRequest request;
  const auto home = role == "single" || place.demo.empty() ? place.server : place.demo / "data";
  request.arguments = {"-mode", std::string(role), "-config", file.string()};
  if (!home.empty()) request.arguments.insert(request.arguments.end(), {"-home", home.string()});
  if (role == "controller") {
    for (const auto& [flag, name] :
         {std::pair{"-clusterConfig", "cluster.cfg"}, std::pair{"-nodesFile", "cluster.nodes"}}) {
      request.arguments.insert(request.arguments.end(), {flag, (place.config / name).string()});
    }
  }
  request.program_directory = place.server;
  auto loaded = config::load(request);
  if (!loaded.ok()) {
    findings.push_back({file.string(), 0, loaded.error().message, Severity::kError});
    return std::nullopt;
  }
  add_new(loaded->findings, findings);
  return std::move(*loaded);
}

/// cluster.cfg and cluster.nodes of a package without controller.cfg.
void read_members(PackageConfig& package) {
  const auto config_file = (package.place.config / "cluster.cfg").string();
  const auto nodes_file = (package.place.config / "cluster.nodes").string();
  Findings found;
  if (const auto text = config::read_file(config_file); text.ok()) {
    package.cluster = config::parse_cluster_config(*text, config_file, found);
  }
  if (const auto text = config::read_file(nodes_file); text.ok()) {
    package.nodes = config::parse_cluster_nodes(*text, nodes_file, package.cluster.qualifier_aliases(), found);
  }
  std::vector<std::string> aliases;
  for (const auto& record : package.nodes.records) aliases.push_back(record.node.site.alias);
  package.cluster.validate(aliases, found);
  add_new(found, package.findings);
}

}  // namespace

std::string name_of(const PackageConfig& package) {
  const auto& place = package.place;
  if (place.server.empty()) return place.config.string();
  return (place.server.filename() == "server" ? place.server.parent_path() : place.server).string();
}

PackageConfig read_package(const PackagePlace& place) {
  PackageConfig package;
  package.place = place;
  if (place.config.empty()) {
    package.single = load_role(place, "single", place.single_file, package.findings);
    return package;
  }
  package.controller = load_role(place, "controller", place.config / "controller.cfg", package.findings);
  package.agent = load_role(place, "agent", place.config / "agent.cfg", package.findings);
  if (package.controller) {
    package.nodes = package.controller->nodes;
    package.cluster = package.controller->cluster;
  } else {
    read_members(package);
  }
  return package;
}

Result<config::Settings> settings_of_node(const PackageConfig& package, const std::string& alias) {
  const auto* record = package.nodes.find(alias);
  if (record == nullptr) {
    std::vector<std::string_view> names{"controller", "agent", "single"};
    for (const auto& other : package.nodes.records) names.push_back(other.node.site.alias);
    return Error{ErrorCode::kNotFound,
                 "there is no role and no member '" + alias + "'" + config::did_you_mean(alias, names)};
  }
  config::Settings settings;
  const config::Origin from_nodes{config::Origin::Kind::kFile, package.nodes.file, record->line};
  settings.set_program_directory(package.place.server);
  settings.set("mode", std::string(config::mode_name(record->node.mode)), from_nodes);
  settings.set("localSite", record->node.site.to_string(), from_nodes);
  if (!package.place.demo.empty()) {
    // As the agent starts it.
    const config::Origin flag{config::Origin::Kind::kCommandLine, "", 0};
    settings.set("home", (package.place.demo / "data" / alias).string(), flag);
    settings.set("logFile", (package.place.demo / "log" / (alias + ".log")).string(), flag);
    settings.set("jobLogFile", (package.place.demo / "log" / (alias + "_job.log")).string(), flag);
  }
  for (const auto& [name, value] : package.cluster.effective_settings(alias)) {
    settings.set(name, value.text, {config::Origin::Kind::kFile, value.file, value.line});
  }
  return settings;
}

}  // namespace pelorus::cli
