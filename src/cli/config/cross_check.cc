#include "cli/config/cross_check.h"

#include <algorithm>
#include <map>

#include "cli/redact.h"
#include "config/reconcile_nodes.h"
#include "config/setting.h"

namespace pelorus::cli {
namespace {

using config::Findings;
using config::NodeMode;
using config::Severity;

/// Where `name` was written in a role's file.
config::Finding at_setting(const config::Loaded& loaded, std::string_view name, std::string text, Severity severity) {
  const auto origin = loaded.settings.origin(name);
  return {origin.file.empty() ? loaded.config_file : origin.file, origin.line, std::move(text), severity};
}

bool holds_data(const config::NodeEntry& node) {
  return node.mode == NodeMode::kDataNode || node.mode == NodeMode::kComputeNode;
}

int64_t count_controllers(const PackageConfig& package) {
  return std::count_if(package.nodes.records.begin(), package.nodes.records.end(),
                       [](const config::NodeRecord& record) { return record.node.mode == NodeMode::kController; });
}

const config::NodeRecord* agent_of_host(const PackageConfig& package, const std::string& host) {
  for (const auto& record : package.nodes.records) {
    if (record.node.mode == NodeMode::kAgent && record.node.site.host == host) return &record;
  }
  return nullptr;
}

void check_own_record(const PackageConfig& package, const config::Loaded& loaded, Findings& findings) {
  const auto own = loaded.settings.local_site();
  const auto mode = loaded.settings.mode();
  if (package.nodes.records.empty() || !loaded.settings.is_set("localSite")) return;
  const auto* record = package.nodes.find(own.alias);
  // A cluster with one controller need not list it.
  if (record == nullptr && mode == NodeMode::kController && count_controllers(package) == 0) return;
  if (record == nullptr) {
    // With several packages on one server one agent does for all; the others' files stay unused.
    const auto* other = mode == NodeMode::kAgent ? agent_of_host(package, own.host) : nullptr;
    findings.push_back(
        at_setting(loaded, "localSite",
                   "'" + own.alias + "' does not stand in " + package.nodes.file +
                       (other == nullptr ? "" : ", which has " + other->node.site.alias + " for this host"),
                   other == nullptr ? Severity::kWarning : Severity::kNote));
  } else if (!record->node.site.same_address(own)) {
    findings.push_back(at_setting(loaded, "localSite",
                                  "'" + own.alias + "' is " + own.address() + " here and " +
                                      record->node.site.address() + " in " + package.nodes.file + ":" +
                                      std::to_string(record->line),
                                  Severity::kWarning));
  } else if (record->node.mode != mode) {
    findings.push_back(at_setting(loaded, "localSite",
                                  "'" + own.alias + "' is " + std::string(config::mode_name(mode)) + " here and " +
                                      std::string(config::mode_name(record->node.mode)) + " in " + package.nodes.file +
                                      ":" + std::to_string(record->line),
                                  Severity::kError));
  }
}

/// The controllers an agent knows must be those of cluster.nodes, or it never finds one.
void check_agent(const PackageConfig& package, const config::Loaded& agent, Findings& findings) {
  std::map<std::string, config::Site> controllers;
  for (const auto& record : package.nodes.records) {
    if (record.node.mode == NodeMode::kController) controllers[record.node.site.alias] = record.node.site;
  }
  if (controllers.empty()) return;
  const auto compare = [&](std::string_view setting, const config::Site& site) {
    const auto known = controllers.find(site.alias);
    if (known != controllers.end() && known->second.same_address(site)) return;
    const auto there = known == controllers.end() ? "no controller of that name" : known->second.address();
    findings.push_back(at_setting(agent, setting,
                                  "'" + site.alias + "' is " + site.address() + " in " + std::string(setting) + "; " +
                                      package.nodes.file + " has " + there,
                                  Severity::kWarning));
  };
  if (const auto first = agent.settings.controller_site()) compare("controllerSite", *first);
  for (const auto& item : agent.settings.sites()) {
    if (item.mode == NodeMode::kController) compare("sites", item.site);
  }
}

void check_members(const PackageConfig& package, Findings& findings) {
  const auto& records = package.nodes.records;
  const auto controllers = count_controllers(package);
  for (const auto& record : records) {
    if (!holds_data(record.node) || agent_of_host(package, record.node.site.host) != nullptr) continue;
    findings.push_back({package.nodes.file, record.line,
                        "'" + record.node.site.alias + "' is on host " + record.node.site.host +
                            ", where no agent is listed: it could not be started",
                        Severity::kWarning});
  }
  if (controllers > 0 && controllers % 2 == 0) {
    findings.push_back(
        {package.nodes.file, 0,
         std::to_string(controllers) + " controllers: an even number survives no more failures than one less",
         Severity::kWarning});
  }
}

void check_node_tls(const PackageConfig& package, Findings& findings) {
  constexpr std::string_view kName = "enableRpcSSL";
  if (!package.controller) return;
  using config::NodeTlsMode;
  const auto wanted = package.controller->settings.node_tls();
  // Between them there is "mixed", which talks to both.
  const auto fits = [&](NodeTlsMode mode) {
    return mode == wanted || mode == NodeTlsMode::kMixed || wanted == NodeTlsMode::kMixed;
  };
  const std::string text = std::string(kName) +
                           " is not what controller.cfg says: nodes with it and nodes without it " +
                           "do not talk to each other";
  if (package.agent && !fits(package.agent->settings.node_tls()))
    findings.push_back(at_setting(*package.agent, kName, text, Severity::kError));
  for (const auto& record : package.nodes.records) {
    if (!holds_data(record.node)) continue;
    const auto settings = settings_of_node(package, record.node.site.alias);
    if (!settings.ok() || fits(settings->node_tls())) continue;
    findings.push_back(
        {package.cluster.values().file, 0, "'" + record.node.site.alias + "': " + text, Severity::kError});
  }
}

/// Nodes of one host must not write into one directory.
void check_directories(const PackageConfig& package, Findings& findings) {
  constexpr std::string_view kOwnPlaces[] = {"volumes", "redoLogDir", "TSDBRedoLogDir", "chunkMetaDir",
                                             "persistenceDir"};
  std::map<std::pair<std::string, std::string>, std::string> owner;  // host and path → alias
  for (const auto& record : package.nodes.records) {
    if (!holds_data(record.node)) continue;
    const auto& site = record.node.site;
    for (const auto& [name, value] : package.cluster.effective_settings(site.alias)) {
      if (std::find(std::begin(kOwnPlaces), std::end(kOwnPlaces), name) == std::end(kOwnPlaces)) continue;
      for (const auto path : config::split(value.text, ',')) {
        const auto [known, added] = owner.try_emplace({site.host, std::string(path)}, site.alias);
        if (added || known->second == site.alias) continue;
        findings.push_back({value.file, value.line,
                            "'" + known->second + "' and '" + site.alias + "' on host " + site.host +
                                " would both write " + std::string(path),
                            Severity::kError});
      }
    }
  }
}

void check_readers(const config::Loaded& loaded, config::Readers role, Findings& findings) {
  for (const auto& [name, value] : loaded.settings.all_set()) {
    const auto* setting = config::find_setting(name);
    if (setting == nullptr || (setting->readers & role) != 0 || value.second.kind != config::Origin::Kind::kFile)
      continue;
    findings.push_back(
        {value.second.file, value.second.line, "a node of this role does not read '" + name + "'", Severity::kNote});
  }
}

/// Settings that may differ between controllers: their own place and size.
bool is_own_affair(const config::Setting& setting) {
  constexpr std::string_view kOwn[] = {"localSite", "publicName", "maxMemSize", "workerNum", "listenAddress", "home"};
  return setting.type == config::SettingType::kPath || (setting.readers & config::kController) == 0 ||
         std::find(std::begin(kOwn), std::end(kOwn), setting.name) != std::end(kOwn);
}

void compare_controllers(const PackageConfig& first, const PackageConfig& other, Findings& findings) {
  for (const auto& setting : config::all_settings()) {
    if (is_own_affair(setting)) continue;
    const auto name = setting.name;
    const auto here = first.controller->settings.text(name);
    const auto there = other.controller->settings.text(name);
    if (here == there) continue;
    findings.push_back(at_setting(*other.controller, name,
                                  std::string(name) + " is '" + shown_value(name, there) + "' here and '" +
                                      shown_value(name, here) + "' for " + first.controller->settings.alias() + " (" +
                                      first.controller->config_file + ")",
                                  Severity::kWarning));
  }
}

void compare_cluster_files(const PackageConfig& first, const PackageConfig& other, Findings& findings) {
  std::map<std::string, const config::KeyValue*> lines;
  const auto key_of = [](const config::KeyValue& entry) {
    return entry.qualifier.empty() ? entry.key : entry.qualifier + "." + entry.key;
  };
  for (const auto& entry : first.cluster.values().entries) lines[key_of(entry)] = &entry;
  const auto& file = other.cluster.values().file;
  for (const auto& entry : other.cluster.values().entries) {
    const auto key = key_of(entry);
    const auto known = lines.find(key);
    if (known != lines.end() && known->second->value == entry.value) {
      lines.erase(known);
      continue;
    }
    const auto& there = first.cluster.values().file;
    findings.push_back({file, entry.line,
                        known == lines.end() ? key + " does not stand in " + there
                                             : key + " is '" + shown_value(key, entry.value) + "' here and '" +
                                                   shown_value(key, known->second->value) + "' in " + there + ":" +
                                                   std::to_string(known->second->line),
                        Severity::kWarning});
    if (known != lines.end()) lines.erase(known);
  }
  for (const auto& [key, entry] : lines) {
    findings.push_back({file, 0,
                        key + " of " + first.cluster.values().file + ":" + std::to_string(entry->line) + " is missing",
                        Severity::kWarning});
  }
}

}  // namespace

Findings check_addresses(const PackageConfig& package) {
  Findings findings;
  if (package.controller) check_own_record(package, *package.controller, findings);
  if (package.agent) check_own_record(package, *package.agent, findings);
  if (package.agent) check_agent(package, *package.agent, findings);
  return findings;
}

Findings cross_check(const PackageConfig& package) {
  auto findings = check_addresses(package);
  if (package.controller) check_readers(*package.controller, config::kController, findings);
  if (package.agent) check_readers(*package.agent, config::kAgent, findings);
  if (package.single) check_readers(*package.single, config::kSingle, findings);
  check_members(package, findings);
  check_node_tls(package, findings);
  check_directories(package, findings);
  return findings;
}

Findings compare_packages(const std::vector<PackageConfig>& packages) {
  std::vector<config::NodesCopy> copies;
  const PackageConfig* first = nullptr;
  Findings findings;
  std::map<std::string, const PackageConfig*> owners;
  for (const auto& package : packages) {
    if (!package.controller) continue;
    const auto own = package.controller->settings.local_site();
    const auto [known, added] = owners.try_emplace(own.alias, &package);
    if (!added) {
      findings.push_back(at_setting(*package.controller, "localSite",
                                    "'" + own.alias + "' is the controller of " + name_of(*known->second) + " too",
                                    Severity::kError));
      continue;
    }
    copies.push_back({.owner = own.alias, .own_site = own, .nodes = package.nodes});
    if (first == nullptr) {
      first = &package;
      continue;
    }
    compare_controllers(*first, package, findings);
    compare_cluster_files(*first, package, findings);
  }
  if (copies.size() < 2) return findings;
  const auto reconciled = config::reconcile_nodes({}, copies);
  findings.insert(findings.end(), reconciled.findings.begin(), reconciled.findings.end());
  // Founding takes what any file adds; a file that lacks a record was not edited with the others.
  for (const auto& copy : copies) {
    for (const auto& member : reconciled.members) {
      if (copy.nodes.find(member.site.alias) != nullptr) continue;
      findings.push_back(
          {copy.nodes.file, 0, "'" + member.site.alias + "' of the other files is missing", Severity::kWarning});
    }
  }
  return findings;
}

}  // namespace pelorus::cli
