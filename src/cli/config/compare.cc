#include "cli/config/compare.h"

#include <optional>

#include "cli/redact.h"
#include "config/setting.h"

namespace pelorus::cli {
namespace {

struct Line {
  std::string value;
  std::string file;
  int line = 0;
};
using Lines = std::map<std::string, Line>;

void compare(const Lines& here, const Lines& there, const std::string& file, std::vector<Difference>& all) {
  for (const auto& [key, line] : here) {
    const auto other = there.find(key);
    if (other != there.end() && other->second.value == line.value) continue;
    const auto value = other == there.end() ? "" : shown_value(key, other->second.value);
    all.push_back({line.file, line.line, key, shown_value(key, line.value), value});
  }
  for (const auto& [key, line] : there) {
    if (!here.contains(key)) all.push_back({file.empty() ? line.file : file, 0, key, "", shown_value(key, line.value)});
  }
}

Lines lines_of(const config::ClusterNodes& nodes) {
  Lines lines;
  for (const auto& record : nodes.records) {
    lines["member " + record.node.site.alias] = {record.node.to_string(), nodes.file, record.line};
  }
  return lines;
}

Lines lines_of(const config::ClusterConfig& cluster) {
  Lines lines;
  for (const auto& entry : cluster.values().entries) {
    const auto key = entry.qualifier.empty() ? entry.key : entry.qualifier + "." + entry.key;
    lines[key] = {entry.value, cluster.values().file, entry.line};
  }
  return lines;
}

/// Settings a role's own file sets.
Lines lines_of(const std::optional<config::Loaded>& role) {
  Lines lines;
  if (!role) return lines;
  for (const auto& [name, value] : role->settings.all_set()) {
    if (value.second.kind != config::Origin::Kind::kFile) continue;
    lines[name] = {value.first, value.second.file, value.second.line};
  }
  return lines;
}

std::string file_of(const std::optional<config::Loaded>& role) { return role ? role->config_file : ""; }

/// Only what the file sets: defaults need no line.
void compare_with_node(const config::Loaded& role, const InEffect& live, std::vector<Difference>& all) {
  const auto found = live.settings.find(role.settings.alias());
  if (found == live.settings.end()) return;
  for (const auto& [name, line] : lines_of(std::optional(role))) {
    const auto* setting = config::find_setting(name);
    const auto in_effect = found->second.find(name);
    if (setting == nullptr || setting->deprecated || name == "sites" || in_effect == found->second.end()) continue;
    if (in_effect->second == role.settings.text(name) || in_effect->second == line.value) continue;
    all.push_back({line.file, line.line, name, shown_value(name, line.value), shown_value(name, in_effect->second)});
  }
}

}  // namespace

std::vector<Difference> differences(const PackageConfig& here, const PackageConfig& there) {
  std::vector<Difference> all;
  compare(lines_of(here.controller), lines_of(there.controller), file_of(there.controller), all);
  compare(lines_of(here.agent), lines_of(there.agent), file_of(there.agent), all);
  compare(lines_of(here.single), lines_of(there.single), file_of(there.single), all);
  compare(lines_of(here.cluster), lines_of(there.cluster), there.cluster.values().file, all);
  compare(lines_of(here.nodes), lines_of(there.nodes), there.nodes.file, all);
  return all;
}

std::vector<Difference> differences(const PackageConfig& here, const InEffect& live) {
  std::vector<Difference> all;
  for (const auto* role : {&here.controller, &here.agent, &here.single}) {
    if (*role) compare_with_node(**role, live, all);
  }
  if (here.place.config.empty()) return all;
  compare(lines_of(here.cluster), lines_of(live.cluster), here.cluster.values().file, all);
  compare(lines_of(here.nodes), lines_of(live.nodes), here.nodes.file, all);
  return all;
}

}  // namespace pelorus::cli
