#include "config/load.h"

#include "config/text_lines.h"

namespace pelorus::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNoConfig = "/noconfig";

/// The file of the role; empty for none. A default file need not exist, a named one must.
Result<std::string> find_role_file(const Settings& settings) {
  const auto name = settings.text("config");
  if (name == kNoConfig) return std::string();
  if (settings.is_set("config")) return settings.path("config").string();
  const auto path = settings.path("config");
  std::error_code ignored;
  return fs::exists(path, ignored) ? path.string() : std::string();
}

Status read_role_file(Loaded& loaded) {
  TRY(loaded.config_file, find_role_file(loaded.settings));
  if (loaded.config_file.empty()) return {};
  TRY(const auto text, read_file(loaded.config_file));
  for (const auto& entry : parse_key_values(text, loaded.config_file, loaded.findings).entries) {
    const Place place{loaded.config_file, entry.line};
    if (!entry.qualifier.empty() && entry.key != "dfsReplicationFactor") {
      loaded.findings.push_back(
          {place.file, place.line,
           "'" + entry.qualifier + "." + entry.key + "' is for one node and belongs in cluster.cfg; ignored",
           Severity::kWarning});
      continue;
    }
    check_value(entry.key, entry.value, place, loaded.findings);
    const auto* setting = find_setting(entry.key);
    if (setting && (setting->readers & kCommandLine) != 0 && setting->name == "config") continue;
    const std::string name = entry.qualifier.empty() ? entry.key : entry.qualifier + "." + entry.key;
    loaded.settings.set(name, entry.value, {Origin::Kind::kFile, place.file, place.line});
  }
  return {};
}

void apply_flags(Loaded& loaded) {
  for (const auto& [name, value] : loaded.command_line.flags) {
    loaded.settings.set(name, value, {Origin::Kind::kCommandLine, "", 0});
  }
}

/// Beside the role's file when only that was named, as the tutorial's layout has it.
std::string beside(const Loaded& loaded, std::string_view setting) {
  const auto path = loaded.settings.path(setting);
  std::error_code ignored;
  if (loaded.settings.is_set(setting) || fs::exists(path, ignored) || loaded.config_file.empty()) return path.string();
  const auto other = fs::path(loaded.config_file).parent_path() / loaded.settings.text(setting);
  return fs::exists(other, ignored) ? other.string() : path.string();
}

/// Nobody knows better where this controller is than its own localSite.
void correct_own_record(Loaded& loaded) {
  const auto own = loaded.settings.local_site();
  for (auto& record : loaded.nodes.records) {
    auto& site = record.node.site;
    if (site.alias != own.alias || site.same_address(own)) continue;
    loaded.findings.push_back({loaded.nodes.file, record.line,
                               "'" + own.alias + "' is at " + site.address() + " here and at " + own.address() +
                                   " in its own localSite, which counts",
                               Severity::kWarning});
    site = own;
  }
}

/// A cluster.nodes without this controller was overwritten or cut off; the agent's file beside it lists them, too.
void read_agents_controllers(Loaded& loaded) {
  const auto own = loaded.settings.local_site();
  if (loaded.nodes.find(own.alias) != nullptr || loaded.config_file.empty()) return;
  const auto path = (fs::path(loaded.config_file).parent_path() / "agent.cfg").string();
  const auto text = read_file(path);
  if (!text.ok()) return;
  Findings ignored;  // the agent reports what is wrong with its file
  Settings agent;
  for (const auto& entry : parse_key_values(*text, path, ignored).entries)
    agent.set(entry.key, entry.value, {Origin::Kind::kFile, path, entry.line});
  std::string listed;
  for (const auto& site : agent.sites()) {
    if (site.mode != NodeMode::kController || site.site.alias == own.alias || loaded.nodes.find(site.site.alias))
      continue;
    loaded.agents_controllers.push_back(site.site);
    listed += (listed.empty() ? "" : ", ") + site.site.to_string();
  }
  if (listed.empty()) return;
  loaded.findings.push_back({loaded.nodes.file, 0,
                             "the file does not list this controller, '" + own.alias +
                                 "'; the others are looked for where " + path + " has them: " + listed,
                             Severity::kWarning});
}

Status read_cluster_files(const LoadRequest& request, Loaded& loaded) {
  const auto config_path = beside(loaded, "clusterConfig");
  auto config_text = read_file(config_path);
  if (config_text.ok()) {
    loaded.cluster_file = config_path;
    loaded.cluster_text = *config_text;
    loaded.cluster = parse_cluster_config(loaded.cluster_text, config_path, loaded.findings);
  } else if (loaded.settings.is_set("clusterConfig") && config_text.error().code != ErrorCode::kNotFound) {
    return config_text.error();
  } else {
    loaded.findings.push_back({config_path, 0, "no such file; nodes run with defaults", Severity::kWarning});
  }

  const auto nodes_path = beside(loaded, "nodesFile");
  auto nodes_text = read_file(nodes_path);
  if (nodes_text.ok()) {
    loaded.nodes_text = *nodes_text;
    auto known = request.known_aliases;
    const auto qualifiers = loaded.cluster.qualifier_aliases();
    known.insert(known.end(), qualifiers.begin(), qualifiers.end());
    loaded.nodes = parse_cluster_nodes(loaded.nodes_text, nodes_path, known, loaded.findings);
    correct_own_record(loaded);
  } else if (nodes_text.error().code != ErrorCode::kNotFound) {
    return nodes_text.error();
  } else {
    loaded.findings.push_back(
        {nodes_path, 0, "Failed to load the nodes file [" + nodes_path + "]: no such file", Severity::kWarning});
  }
  read_agents_controllers(loaded);
  std::vector<std::string> aliases;
  for (const auto& record : loaded.nodes.records) aliases.push_back(record.node.site.alias);
  loaded.cluster.validate(aliases, loaded.findings);
  return {};
}

}  // namespace

std::vector<Site> Loaded::controllers() const {
  std::vector<Site> sites;
  for (const auto& record : nodes.records) {
    if (record.node.mode == NodeMode::kController) sites.push_back(record.node.site);
  }
  sites.insert(sites.end(), agents_controllers.begin(), agents_controllers.end());
  return sites;
}

Result<Loaded> load(const LoadRequest& request) {
  Loaded loaded;
  loaded.settings.set_program_directory(request.program_directory);
  TRY(loaded.command_line, parse_command_line(request.arguments));
  apply_flags(loaded);
  if (loaded.command_line.wants_help || loaded.command_line.wants_version) return loaded;
  TRY_DONE(read_role_file(loaded));
  apply_flags(loaded);  // again: flags win over the file

  repair_own_site(loaded.settings, request.own_host, loaded.findings);
  if (loaded.settings.mode() == NodeMode::kController) TRY_DONE(read_cluster_files(request, loaded));
  validate(loaded.settings, loaded.findings);
  return loaded;
}

}  // namespace pelorus::config
