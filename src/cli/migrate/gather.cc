#include "cli/migrate/gather.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "cli/migrate/in_place.h"
#include "cli/migrate/inventory.h"
#include "cli/migrate/key_folder.h"
#include "cli/migrate/new_files.h"
#include "cli/migrate/offline.h"
#include "cli/migrate/shape.h"
#include "config/cluster_config.h"
#include "config/key_values.h"
#include "config/reconcile_nodes.h"
#include "config/setting.h"
#include "config/validate.h"

namespace pelorus::cli::migrate {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kMeasureLimit{60};

/// kB of the first column of the last line of df -Pk or du -sk, times 1024; -1 when it is none.
int64_t number_of(const std::string& text) {
  const auto number = config::parse_int(config::trim(text));
  return number ? *number * 1024 : -1;
}

std::vector<std::string> volumes_of(const ClusterFacts& facts, const std::string& alias, const std::string& server) {
  config::Findings findings;
  const auto config = config::parse_cluster_config(facts.nodes_settings, "", findings);
  const auto settings = config.effective_settings(alias);
  const auto found = settings.find("volumes");
  std::vector<std::string> volumes;
  if (found != settings.end()) {
    for (const auto item : config::split(found->second.text, ',')) volumes.emplace_back(item);
  }
  if (volumes.empty() && !server.empty()) volumes.push_back(home_of(server, alias) + "/storage");
  return volumes;
}

int64_t data_bytes(const ClusterFacts& facts, HostPool& hosts) {
  int64_t sum = 0;
  for (const auto& member : members_of(facts.members, NodeMode::kDataNode)) {
    if (!member.online) continue;
    const auto host = hosts.of(member.host);
    if (!host.ok()) return -1;
    std::string words;
    for (const auto& volume : volumes_of(facts, member.alias, member.server)) words += " " + shell_word(volume);
    const auto ran = (*host)->run("du -skc" + words + " 2>/dev/null | awk 'END { print $1 }'", "", kMeasureLimit);
    const int64_t bytes = ran.ok() ? number_of(ran->out) : -1;
    if (bytes < 0) return -1;
    sum += bytes;
  }
  return sum;
}

HostFacts reach(HostPool& hosts, const std::string& host, const std::string& script, std::string* said = nullptr) {
  const auto remote = hosts.of(host);
  const auto ran = remote.ok() ? (*remote)->run(script, "", kMeasureLimit) : Result<Ran>(remote.error());
  if (!ran.ok()) return {.reachable = false, .problem = ran.error().message};
  if (said != nullptr) *said = ran->out;
  return {.reachable = ran->status == 0, .problem = ran->status == 0 ? "" : ran->err};
}

int64_t bytes_in(RemoteHost& host, const std::string& path) {
  const auto ran = host.run("du -sk " + shell_word(path) + " 2>/dev/null | awk '{ print $1 }'", "", kMeasureLimit);
  return ran.ok() ? std::max<int64_t>(0, number_of(ran->out)) : -1;
}

/// Whether both addresses are one machine's; how much there is to copy, and the room for it.
void measure_in_place(ClusterFacts& facts, const Target& target, HostPool& hosts) {
  facts.data_bytes = 0;
  if (!target.moved.empty()) {
    const std::string boot = "cat /proc/sys/kernel/random/boot_id";
    std::string there, here;
    facts.hosts[target.moved] = reach(hosts, target.moved, boot, &there);
    auto& fresh = facts.hosts[target.moved_to] = reach(hosts, target.moved_to, boot, &here);
    if (fresh.reachable && facts.hosts[target.moved].reachable && here != there)
      fresh = {.reachable = false, .problem = "it is another machine than " + target.moved + "; use --replace"};
    facts.authority_missing = missing_authority(
        facts.members, target, [&](const std::string& host, const std::string& path) -> Result<std::string> {
          TRY(auto* remote, hosts.of(host));
          TRY(const auto ran, remote->run("cat " + shell_word(path) + " 2>/dev/null || :", "", kMeasureLimit));
          return ran.out;
        });
    return;
  }
  auto& host = facts.hosts[target.directory_host] = reach(hosts, target.directory_host, "true");
  const auto remote = hosts.of(target.directory_host);
  if (!host.reachable || !remote.ok()) return;
  std::vector<std::string> places;
  const auto moves = directory_moves(facts, target);
  for (auto& [alias, directories] : facts.directories) {
    for (const auto& [from, to] : folders_of(moves, alias)) {
      places.push_back(to);
      const int64_t bytes = std::max<int64_t>(0, bytes_in(**remote, from));
      facts.data_bytes += bytes;
      for (auto& directory : directories) {
        if (directory.path == from) directory.bytes = bytes;
      }
    }
  }
  host.bytes_free = bytes_free(**remote, places);
}

/// Whether all hosts can be worked on, how much there is to copy, and the room for it.
void measure_offline(ClusterFacts& facts, const Target& target, HostPool& hosts) {
  const auto draft = make_plan_offline(facts, target).plan;
  auto all = target.hosts;
  for (const auto& host : hosts_of(facts.members)) all.push_back(host);
  for (const auto& host : all) {
    if (!facts.hosts.contains(host)) facts.hosts[host] = reach(hosts, host, "true");
    if (!facts.hosts[host].reachable) continue;
    const auto remote = hosts.of(host);
    if (!remote.ok()) continue;
    std::vector<std::string> places;
    for (const auto& made : draft.arrivals(host)) {
      places.push_back(made.server);
      for (const auto& folder : folders_of_member(draft, made.alias, true)) places.push_back(folder.second);
    }
    if (!places.empty()) facts.hosts[host].bytes_free = bytes_free(**remote, places);
    for (const auto& member : members_on(facts.members, host)) {
      if (draft.relocation(member.alias) == nullptr && member.role != NodeMode::kController) continue;
      for (auto& directory : facts.directories[member.alias]) directory.bytes = bytes_in(**remote, directory.path);
    }
  }
}

fs::path config_folder(const fs::path& given) {
  for (const char* below : {"", "config", "clusterDemo/config", "server/clusterDemo/config"}) {
    if (!fs::is_directory(given / below)) continue;
    for (const auto& entry : fs::directory_iterator(given / below)) {
      if (entry.path().extension() == ".nodes") return given / below;
    }
  }
  return {};
}

/// The file of that role: controller.cfg, or one whose name begins so (the seed's attachment has controller1_2.cfg).
std::string file_of(const fs::path& folder, const std::string& stem, const std::string& extension, fs::path& path) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension && entry.path().filename().string().starts_with(stem))
      found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  if (found.empty()) return "";
  path = found[0];
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct OneFolder {
  config::NodesCopy copy;
  std::string agent;  // alias of the agent, by its own file
  std::string controller_cfg, agent_cfg, cluster_cfg;
  std::string server;
  int factor = 2, level = 0;
};

void note_values(const config::KeyValues& values, config::Findings& findings) {
  for (const auto& entry : values.entries)
    config::check_value(entry.key, entry.value, {values.file, entry.line}, findings);
}

std::string server_of(const std::string& config_folder) {
  auto server = config_folder.substr(0, config_folder.rfind("/clusterDemo/config"));
  while (server.size() > 1 && server.ends_with('/')) server.pop_back();
  return server;
}

Result<OneFolder> read_folder(const std::string& given, config::Findings& findings) {
  const auto folder = config_folder(given);
  if (folder.empty()) return Error{ErrorCode::kNotFound, "no configuration of a cluster (cluster.nodes) in " + given};
  OneFolder one;
  fs::path path;
  one.controller_cfg = file_of(folder, "controller", ".cfg", path);
  const auto values = config::parse_key_values(one.controller_cfg, path.string(), findings);
  note_values(values, findings);
  one.agent_cfg = file_of(folder, "agent", ".cfg", path);
  note_values(config::parse_key_values(one.agent_cfg, path.string(), findings), findings);
  const auto agent = config::parse_site(setting_of(one.agent_cfg, "localSite"));
  if (agent.ok()) one.agent = agent->alias;
  one.cluster_cfg = file_of(folder, "cluster", ".cfg", path);
  const auto config = config::parse_cluster_config(one.cluster_cfg, path.string(), findings);
  const auto nodes = file_of(folder, "cluster", ".nodes", path);
  one.copy.nodes = config::parse_cluster_nodes(nodes, path.string(), config.qualifier_aliases(), findings);
  std::vector<std::string> aliases;
  for (const auto& record : one.copy.nodes.records) aliases.push_back(record.node.site.alias);
  config.validate(aliases, findings);
  const auto* site = values.find("localSite");
  if (site != nullptr) {
    const auto own = config::parse_site(site->value);
    if (own.ok()) one.copy.own_site = *own;
    one.copy.owner = one.copy.own_site.alias;
  }
  const auto number = [&](const char* name, int fallback) {
    const auto* entry = values.find(name);
    return entry == nullptr ? fallback : std::atoi(entry->value.c_str());
  };
  one.factor = number("dfsReplicationFactor", 2);
  one.level = number("dfsReplicaReliabilityLevel", 0);
  one.server = server_of(fs::absolute(folder).lexically_normal().string());
  return one;
}

/// Of a folder on another host: a copy of its few files is read.
Result<OneFolder> read_folder_on(const std::string& host, const std::string& given, HostPool& hosts,
                                 config::Findings& findings) {
  TRY(auto* remote, hosts.of(host));
  TRY(const auto ran, remote->run("for below in '' /config /clusterDemo/config /server/clusterDemo/config; do\n"
                                  "  if ls " +
                                      shell_word(given) + "\"$below\"/*.nodes >/dev/null 2>&1; then echo " +
                                      shell_word(given) + "\"$below\"; break; fi\ndone\n",
                                  "", kMeasureLimit));
  const auto folder = fs::path(std::string(config::trim(ran.out))).lexically_normal().string();
  if (folder.empty())
    return Error{ErrorCode::kNotFound, "no configuration of a cluster (cluster.nodes) in " + given + " on " + host};
  std::error_code failure;
  auto pattern = (fs::temp_directory_path(failure) / "pelorus-config-XXXXXX").string();
  if (failure || mkdtemp(pattern.data()) == nullptr)
    return Error{ErrorCode::kIo, "no folder for the files of " + host + " can be made here: " + pattern};
  const auto fetched = remote->fetch(folder, pattern);
  auto one = fetched.ok() ? read_folder(pattern, findings) : Result<OneFolder>(fetched.error());
  fs::remove_all(pattern, failure);
  if (one.ok()) one->server = server_of(folder);
  return one;
}

/// Each in the package whose file names it; a node in that of the agent on its host.
void find_packages(const std::vector<OneFolder>& folders, std::vector<Member>& members) {
  for (auto& member : members) {
    for (const auto& one : folders) {
      const bool is_controllers = member.role == NodeMode::kController && one.copy.owner == member.alias;
      const bool is_agents = member.role == NodeMode::kAgent && one.agent == member.alias;
      if (is_controllers || is_agents) member.server = one.server;
    }
  }
  for (auto& member : members) {
    if (member.role == NodeMode::kController || member.role == NodeMode::kAgent) continue;
    const auto agents = members_on(members_of(members, NodeMode::kAgent), member.host);
    if (!agents.empty()) member.server = agents[0].server;
  }
}

}  // namespace

int64_t bytes_free(RemoteHost& host, const std::vector<std::string>& places) {
  int64_t least = -1;
  for (const auto& place : places) {
    const auto ran = host.run("place=" + shell_word(place) +
                                  "; while [ ! -d \"$place\" ]; do place=$(dirname \"$place\"); done; df -Pk "
                                  "\"$place\" | awk 'END { print $4 }'",
                              "", kMeasureLimit);
    if (!ran.ok() || ran->status != 0) continue;
    const int64_t bytes = number_of(ran->out);
    if (bytes >= 0 && (least < 0 || bytes < least)) least = bytes;
  }
  return least;
}

Result<RemoteHost*> HostPool::of(const std::string& host) {
  auto& remote = hosts_[host];
  if (remote == nullptr) {
    auto access = access_;
    access.address = host;
    remote = is_own_address(host) ? make_local_host(host) : make_ssh_host(std::move(access));
  }
  return remote.get();
}

void measure_hosts(ClusterFacts& facts, const Target& target, HostPool& hosts) {
  if (target.is_in_place()) return measure_in_place(facts, target, hosts);
  if (target.offline) return measure_offline(facts, target, hosts);
  if (target.to_cluster) {
    facts.hosts[target.hosts[0]] = reach(hosts, target.hosts[0], "true");
    return;
  }
  facts.data_bytes = data_bytes(facts, hosts);
  const auto shape = make_shape(facts, target);
  for (const auto& host : target.hosts) {
    std::vector<std::string> places;
    for (const auto& made : shape.additions) {
      if (made.host != host) continue;
      if (!made.server.empty()) places.push_back(made.server);
      if (made.role != NodeMode::kDataNode) continue;
      const auto* like = find_member(facts.members, made.like);
      const std::string server = like == nullptr ? "" : like->server;
      for (const auto& volume : volumes_of(facts, made.like, server))
        places.push_back(mapped_path(volume, made, target, server));
    }
    if (places.empty()) continue;
    auto& facts_of_host = facts.hosts[host];
    const auto remote = hosts.of(host);
    const auto tried = remote.ok() ? (*remote)->run("true", "", kMeasureLimit) : Result<Ran>(remote.error());
    facts_of_host.reachable = tried.ok() && tried->status == 0;
    if (!facts_of_host.reachable) facts_of_host.problem = tried.ok() ? tried->err : tried.error().message;
    if (facts_of_host.reachable) facts_of_host.bytes_free = bytes_free(**remote, places);
  }
}

Result<FileFacts> facts_of_files(const std::vector<std::string>& directories, HostPool& hosts) {
  FileFacts all;
  std::vector<OneFolder> folders;
  for (const auto& directory : directories) {
    const auto colon = directory.find(":/");
    TRY(auto one, colon == std::string::npos || colon == 0
                      ? read_folder(directory, all.findings)
                      : read_folder_on(directory.substr(0, colon), directory.substr(colon + 1), hosts, all.findings));
    folders.push_back(std::move(one));
  }
  std::vector<config::NodesCopy> copies;
  for (const auto& one : folders) copies.push_back(one.copy);
  auto merged = config::reconcile_nodes({}, copies);
  all.findings.insert(all.findings.end(), merged.findings.begin(), merged.findings.end());
  auto& facts = all.facts;
  facts.replication_factor = folders[0].factor;
  facts.reliability_level = folders[0].level;
  facts.nodes_settings = folders[0].cluster_cfg;
  for (const auto& node : merged.members) {
    Member member{.alias = node.site.alias,
                  .role = node.mode,
                  .host = node.site.host,
                  .port = node.site.port,
                  .uuid = {},
                  .online = true};
    member.votes = node.mode == NodeMode::kController;
    facts.members.push_back(std::move(member));
  }
  sort_members(facts.members);
  find_packages(folders, facts.members);
  for (const auto& member : facts.members) {
    for (const auto& one : folders) {
      if (one.server != member.server) continue;
      const auto& own = member.role == NodeMode::kController ? one.controller_cfg : one.agent_cfg;
      facts.directories[member.alias] = inventory_of(member, own, facts.nodes_settings);
    }
  }
  if (!facts.members.empty() && facts.members[0].role == NodeMode::kController) facts.members[0].leads = true;
  return all;
}

void read_inventories(ClusterFacts& facts, HostPool& hosts) {
  for (const auto& member : facts.members) {
    const bool has_file = member.role == NodeMode::kController || member.role == NodeMode::kAgent;
    std::string text;
    if (has_file && !member.server.empty()) {
      const auto file = member.server + (member.role == NodeMode::kController ? "/clusterDemo/config/controller.cfg"
                                                                              : "/clusterDemo/config/agent.cfg");
      const auto reached = reach(hosts, member.host, "cat " + shell_word(file), &text);
      if (!reached.reachable) facts.hosts[member.host] = reached;
    }
    facts.directories[member.alias] = inventory_of(member, text, facts.nodes_settings);
  }
}

}  // namespace pelorus::cli::migrate
