#include "cli/migrate/new_files.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "config/cluster_config.h"
#include "config/cluster_nodes.h"
#include "config/key_values.h"
#include "config/setting.h"

namespace pelorus::cli::migrate {
namespace {

config::KeyValues parsed(std::string_view text) {
  config::Findings findings;  // the cluster runs with this text: what is odd in it was reported at its start
  return config::parse_key_values(text, "", findings);
}

std::string line_of(const config::KeyValue& entry) {
  return (entry.qualifier.empty() ? "" : entry.qualifier + ".") + entry.key + "=" + entry.value + "\n";
}

/// Each item of a comma-separated value.
template <class Change>
std::string each_item(const std::string& value, const Change& change) {
  std::string text;
  for (const auto item : config::split(value, ',')) text += (text.empty() ? "" : ",") + change(std::string(item));
  return text;
}

std::string instead(const std::string& path, std::string_view from, std::string to) {
  while (from.ends_with('/')) from.remove_suffix(1);
  while (to.ends_with('/')) to.pop_back();
  return to + path.substr(from.size());
}

/// The text with values of these keys, in place or added at the end.
std::string with_values(std::string_view text, const std::map<std::string, std::string>& values,
                        const std::function<std::string(const std::string&)>& map_path) {
  std::string out;
  std::set<std::string> written;
  for (auto entry : parsed(text).entries) {
    const auto found = values.find(entry.key);
    if (found != values.end()) {
      entry.value = found->second;
      written.insert(entry.key);
    } else if (is_path_setting(entry.key)) {
      entry.value = each_item(entry.value, map_path);
    }
    out += line_of(entry);
  }
  for (const auto& [key, value] : values) {
    if (!written.contains(key)) out += key + "=" + value + "\n";
  }
  return out;
}

std::string sites_text(const std::string& self, const std::vector<config::Site>& controllers) {
  std::string text = self + ":agent";
  for (const auto& site : controllers) text += "," + site.to_string() + ":controller";
  return text;
}

std::string nearest_controller(const std::string& host, const std::vector<config::Site>& controllers) {
  for (const auto& site : controllers) {
    if (site.host == host) return site.to_string();
  }
  return controllers.empty() ? "" : controllers[0].to_string();
}

std::string site_text(const Addition& made) {
  return config::Site{made.host, static_cast<uint16_t>(made.port), made.alias}.to_string();
}

std::string text_of(const config::KeyValues& values) {
  std::string text;
  for (const auto& entry : values.entries) text += line_of(entry);
  return text;
}

config::ClusterConfig cluster_config(const std::string& text) {
  config::Findings findings;
  return config::parse_cluster_config(text, "", findings);
}

/// Directories of the other data and compute nodes of that host.
std::set<std::string> taken_on(const config::ClusterConfig& config, const std::vector<Member>& members,
                               const Addition& made) {
  std::set<std::string> taken;
  for (const auto& member : members) {
    const bool works = member.role == NodeMode::kDataNode || member.role == NodeMode::kComputeNode;
    if (!works || member.host != made.host || member.alias == made.alias) continue;
    for (const auto& [key, value] : config.effective_settings(member.alias)) {
      if (!is_path_setting(key)) continue;
      for (const auto item : config::split(value.text, ',')) taken.insert(std::string(item));
    }
  }
  return taken;
}

}  // namespace

bool lies_in(const std::string& path, std::string_view folder) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  return !folder.empty() && path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

bool is_removable(const std::string& path) {
  const auto clean = std::filesystem::path(path).lexically_normal().string();
  return path.starts_with('/') && std::count(clean.begin(), clean.end(), '/') >= 2 &&
         clean.find("..") == std::string::npos;
}

std::string mapped_path(const std::string& path, const Addition& made, const Target& target,
                        std::string_view old_server) {
  const PathRule* best = nullptr;
  for (const auto& rule : target.paths) {
    if (lies_in(path, rule.from) && (best == nullptr || rule.from.size() > best->from.size())) best = &rule;
  }
  if (best != nullptr) return instead(path, best->from, filled_in(best->to, made.host, made.alias));
  const auto old_package = std::filesystem::path(old_server).parent_path().string();
  if (!old_server.empty() && lies_in(path, old_package)) {
    return instead(path, old_package, std::filesystem::path(made.server).parent_path().string());
  }
  return path;
}

std::string mapped_paths(const std::string& paths, const Addition& made, const Target& target,
                         std::string_view old_server) {
  return each_item(paths, [&](const std::string& path) { return mapped_path(path, made, target, old_server); });
}

bool is_path_setting(std::string_view setting) {
  const auto* known = config::find_setting(setting);
  return known != nullptr &&
         (known->type == config::SettingType::kPath || known->type == config::SettingType::kPathList);
}

std::string controller_text(std::string_view like, const Addition& made, const Target& target,
                            std::string_view old_server) {
  return with_values(like, {{"localSite", site_text(made)}, {"mode", "controller"}},
                     [&](const std::string& path) { return mapped_path(path, made, target, old_server); });
}

std::string agent_text(std::string_view like, const Addition& made, const Target& target, std::string_view old_server,
                       const std::vector<config::Site>& controllers) {
  return with_values(like,
                     {{"localSite", site_text(made)},
                      {"mode", "agent"},
                      {"controllerSite", nearest_controller(made.host, controllers)},
                      {"sites", sites_text(site_text(made), controllers)}},
                     [&](const std::string& path) { return mapped_path(path, made, target, old_server); });
}

std::string with_controllers(std::string_view agent_cfg, const std::vector<config::Site>& controllers) {
  const auto self = setting_of(agent_cfg, "localSite");
  const auto site = config::parse_site(self);
  const std::string host = site.ok() ? site->host : "";
  const auto sites = sites_text(self, controllers);
  const auto known = setting_of(agent_cfg, "controllerSite");
  const bool is_known =
      std::any_of(controllers.begin(), controllers.end(), [&](const auto& c) { return c.to_string() == known; });
  if (setting_of(agent_cfg, "sites") == sites && is_known) return std::string(agent_cfg);
  return with_values(agent_cfg,
                     {{"sites", sites}, {"controllerSite", is_known ? known : nearest_controller(host, controllers)}},
                     [](const std::string& path) { return path; });
}

std::string nodes_text(const std::vector<Member>& members) {
  std::vector<config::NodeEntry> entries;
  for (const auto& member : members) {
    if (member.host.empty()) continue;  // a controller on its way out
    entries.push_back({{member.host, static_cast<uint16_t>(member.port), member.alias}, member.role, "", ""});
  }
  return config::format_cluster_nodes(entries);
}

std::string with_node(const std::string& cluster_cfg, const Addition& made, const Target& target,
                      const std::vector<Member>& members, std::string_view old_server) {
  auto values = parsed(cluster_cfg);
  for (const auto& entry : values.entries) {
    if (entry.qualifier == made.alias) return cluster_cfg;
  }
  std::vector<config::KeyValue> own;
  for (auto entry : values.entries) {
    if (entry.qualifier != made.like) continue;
    entry.qualifier = made.alias;
    if (is_path_setting(entry.key)) {
      entry.value =
          each_item(entry.value, [&](const std::string& path) { return mapped_path(path, made, target, old_server); });
    }
    own.push_back(std::move(entry));
  }
  values.entries.insert(values.entries.end(), own.begin(), own.end());
  const auto config = cluster_config(text_of(values));
  const auto taken = taken_on(config, members, made);
  for (const auto& [key, value] : config.effective_settings(made.alias)) {
    if (!is_path_setting(key)) continue;
    const auto free = each_item(
        value.text, [&](const std::string& path) { return taken.contains(path) ? path + "_" + made.alias : path; });
    if (free == value.text) continue;
    std::erase_if(values.entries, [&, &key = key](const config::KeyValue& entry) {
      return entry.qualifier == made.alias && entry.key == key;
    });
    values.entries.push_back({made.alias, key, free, 0});
  }
  return text_of(values);
}

std::string without_node(const std::string& cluster_cfg, std::string_view alias) {
  auto values = parsed(cluster_cfg);
  const auto count =
      std::erase_if(values.entries, [&](const config::KeyValue& entry) { return entry.qualifier == alias; });
  return count == 0 ? cluster_cfg : text_of(values);
}

std::vector<std::string> own_directories(const std::string& cluster_cfg, std::string_view alias,
                                         const std::set<std::string>& neighbours) {
  std::vector<std::string> directories;
  const auto values = parsed(cluster_cfg);
  std::set<std::string> others;
  for (const auto& entry : values.entries) {
    const bool is_of_one = !entry.qualifier.empty() && !config::is_pattern(entry.qualifier);
    if (!is_path_setting(entry.key) || (is_of_one && !neighbours.contains(entry.qualifier))) continue;
    for (const auto item : config::split(entry.value, ',')) others.insert(std::string(item));
  }
  for (const auto& entry : values.entries) {
    if (!is_path_setting(entry.key) || entry.qualifier != alias) continue;
    for (const auto item : config::split(entry.value, ',')) {
      if (item.starts_with('/') && !others.contains(std::string(item))) directories.emplace_back(item);
    }
  }
  return directories;
}

std::string with_own_value(const std::string& cluster_cfg, const std::string& alias, const std::string& setting,
                           const std::string& value) {
  auto values = parsed(cluster_cfg);
  const auto is_it = [&](const config::KeyValue& entry) { return entry.qualifier == alias && entry.key == setting; };
  const auto found = std::find_if(values.entries.begin(), values.entries.end(), is_it);
  if (found == values.entries.end())
    values.entries.push_back({alias, setting, value, 0});
  else
    found->value = value;
  return text_of(values);
}

std::string with_value(std::string_view text, const std::string& setting, const std::string& value) {
  return with_values(text, {{setting, value}}, [](const std::string& path) { return path; });
}

std::string without_setting(std::string_view text, std::string_view setting) {
  auto values = parsed(text);
  const auto is_it = [&](const config::KeyValue& entry) { return entry.qualifier.empty() && entry.key == setting; };
  return std::erase_if(values.entries, is_it) == 0 ? std::string(text) : text_of(values);
}

std::string setting_of(std::string_view text, std::string_view name) {
  const auto values = parsed(text);
  const auto* entry = values.find(name);
  return entry == nullptr ? "" : entry->value;
}

}  // namespace pelorus::cli::migrate
