#include "cli/migrate/inventory.h"

#include <algorithm>
#include <array>

#include "cli/migrate/new_files.h"
#include "config/cluster_config.h"
#include "config/setting.h"

namespace pelorus::cli::migrate {
namespace {

/// Paths that lie with the programs, are made anew, or are provided by other means.
constexpr std::array<std::string_view, 14> kLeftOut{
    "config", "clusterConfig",  "nodesFile",    "home", "logFile", "jobLogFile",          "keyPath",
    "script", "clusterKeyFile", "takeOverFrom", "run",  "webRoot", "tempResultsSpillDir", "initialAdminPasswordFile"};
/// Paths that are only read.
constexpr std::array<std::string_view, 6> kRead{"moduleDir", "pluginDir", "marketHolidayDir",
                                                "init",      "startup",   "postStart"};

template <size_t N>
bool is_among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Relative ones lie in the home.
void add(std::vector<Directory>& found, const std::string& setting, std::string_view value) {
  for (const auto item : config::split(value, ',')) {
    std::string path(item);
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path.starts_with('/') && !lies_in(path, found[0].path)) found.push_back({setting, path});
  }
}

config::Readers reader_of(NodeMode role) {
  return role == NodeMode::kController ? config::kController
         : role == NodeMode::kAgent    ? config::kAgent
         : role == NodeMode::kDataNode ? config::kDataNode
                                       : config::kComputeNode;
}

bool is_carried(std::string_view setting, NodeMode role) {
  const auto* known = config::find_setting(setting);
  return known != nullptr && !is_among(kLeftOut, known->name) && (known->readers & reader_of(role)) != 0 &&
         (known->type == config::SettingType::kPath || known->type == config::SettingType::kPathList);
}

}  // namespace

std::string home_of(const std::string& server, const std::string& alias) {
  return server + "/clusterDemo/data/" + alias;
}

bool is_state(std::string_view setting) { return !is_among(kRead, setting); }

std::vector<Directory> inventory_of(const Member& member, std::string_view own_file, std::string_view cluster_cfg) {
  std::vector<Directory> found{{"home", home_of(member.server, member.alias)}};
  config::Findings findings;  // what is odd in them is reported by whoever reads them first
  if (member.role == NodeMode::kController || member.role == NodeMode::kAgent) {
    for (const auto& entry : config::parse_key_values(own_file, "", findings).entries) {
      if (entry.qualifier.empty() && is_carried(entry.key, member.role))
        add(found, entry.key, filled_in(entry.value, member.host, member.alias));
    }
  } else {
    const auto config = config::parse_cluster_config(cluster_cfg, "", findings);
    for (const auto& [key, value] : config.effective_settings(member.alias)) {
      if (is_carried(key, member.role)) add(found, key, value.text);
    }
  }
  std::stable_partition(found.begin(), found.end(), [](const Directory& one) { return is_state(one.setting); });
  return found;
}

}  // namespace pelorus::cli::migrate
