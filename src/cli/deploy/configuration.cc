#include "cli/deploy/configuration.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "config/cluster_nodes.h"

namespace pelorus::cli::deploy {
namespace {

using config::NodeMode;

constexpr double kGbInKb = 1024.0 * 1024;

/// Lines of one file.
class Lines {
 public:
  void set(const std::string& key, const std::string& value) { text_ += key + "=" + value + "\n"; }
  void set(const std::string& key, int value) { set(key, std::to_string(value)); }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

/// What a node may use: of the host's memory a tenth for each controller and agent (1 to 8 GB), seven tenths for the
/// data nodes together.
int memory_of(const PlannedNode& node, const Layout& layout, const HostFacts& facts) {
  const double total = std::max(facts.number("memory_kb"), 0.0) / kGbInKb;
  if (node.entry.mode == NodeMode::kController) return static_cast<int>(std::clamp(total / 10, 1.0, 8.0));
  if (node.entry.mode == NodeMode::kAgent) return static_cast<int>(std::clamp(total / 20, 1.0, 4.0));
  const auto here = layout.on_host(node.host);
  const auto data_nodes =
      std::ranges::count_if(here, [](const auto* one) { return one->entry.mode == NodeMode::kDataNode; });
  return std::max(1, static_cast<int>(total * 0.7 / static_cast<double>(data_nodes)));
}

int cores_of(const HostFacts& facts) { return std::clamp(static_cast<int>(facts.number("cores")), 2, 64); }

void add_tls(Lines& lines, const Topology& topology) {
  lines.set("enableHTTPS", topology.tls ? 1 : 0);
  lines.set("enableRpcSSL", topology.uses_node_tls() ? 1 : 0);
}

void add_security(Lines& lines, const Topology& topology) {
  lines.set("keyPath", keys_directory(topology));
  lines.set("clusterKeyFile", keys_directory(topology) + "/cluster.key");
  add_tls(lines, topology);
}

std::string controller_file(const Topology& topology, const Layout& layout, const PlannedNode& node,
                            const HostFacts& facts) {
  Lines lines;
  lines.set("mode", "controller");
  lines.set("localSite", node.entry.site.to_string());
  lines.set("dfsHAMode", "Raft");
  lines.set("clusterName", topology.name);
  lines.set("dfsReplicationFactor", layout.replicas);
  lines.set("dfsReplicaReliabilityLevel", layout.replicas_apart ? 1 : 2);
  lines.set("dfsMetaDir", topology.data_directory() + "/" + node.entry.site.alias + "/dfsMeta");
  lines.set("dataSync", 1);
  lines.set("datanodeRestartInterval", 1);
  lines.set("workerNum", std::clamp(cores_of(facts) / 2, 2, 8));
  lines.set("webWorkerNum", 4);
  lines.set("maxConnections", 512);
  lines.set("maxMemSize", memory_of(node, layout, facts));
  lines.set("maxLogSize", 256);
  lines.set("lanCluster", 0);
  add_security(lines, topology);
  lines.set("initialAdminPasswordFile", password_file(topology));
  return std::move(lines).text();
}

std::string agent_file(const Topology& topology, const Layout& layout, const PlannedNode& node,
                       const HostFacts& facts) {
  const auto controllers = layout.of(NodeMode::kController);
  const auto local = std::ranges::find_if(controllers, [&](const auto* one) { return one->host == node.host; });
  const auto* first = local == controllers.end() ? controllers.front() : *local;
  std::string sites = config::RoleSite{node.entry.site, NodeMode::kAgent}.to_string();
  for (const auto* one : controllers)
    sites += "," + config::RoleSite{one->entry.site, NodeMode::kController}.to_string();
  Lines lines;
  lines.set("mode", "agent");
  lines.set("localSite", node.entry.site.to_string());
  lines.set("controllerSite", first->entry.site.to_string());
  lines.set("sites", sites);
  lines.set("workerNum", 4);
  lines.set("maxMemSize", memory_of(node, layout, facts));
  lines.set("maxLogSize", 256);
  lines.set("lanCluster", 0);
  add_security(lines, topology);
  return std::move(lines).text();
}

std::string cluster_file(const Topology& topology, const Layout& layout, const std::vector<HostFacts>& facts) {
  Lines lines;
  for (const auto& [key, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"maxConnections", "512"},
                                                                  {"webWorkerNum", "4"},
                                                                  {"OLAPCacheEngineSize", "1"},
                                                                  {"TSDBCacheEngineSize", "1"},
                                                                  {"newValuePartitionPolicy", "add"},
                                                                  {"logLevel", "INFO"},
                                                                  {"maxLogSize", "256"},
                                                                  {"diskIOConcurrencyLevel", "0"},
                                                                  {"maxPubConnections", "64"},
                                                                  {"subExecutors", "4"},
                                                                  {"subThrottle", "1"},
                                                                  {"persistenceWorkerNum", "1"},
                                                                  {"lanCluster", "0"},
                                                                  {"enableChunkGranularityConfig", "true"}}) {
    lines.set(key, value);
  }
  add_tls(lines, topology);
  for (const auto* node : layout.of(NodeMode::kDataNode)) {
    const auto& alias = node->entry.site.alias;
    const std::string place = topology.data_directory() + "/" + alias + "/";
    lines.set(alias + ".maxMemSize", memory_of(*node, layout, facts[node->host]));
    lines.set(alias + ".workerNum", cores_of(facts[node->host]));
    for (const auto& [key, name] :
         std::initializer_list<std::pair<const char*, const char*>>{{"volumes", "volumes"},
                                                                    {"redoLogDir", "redoLog"},
                                                                    {"TSDBRedoLogDir", "tsdbRedoLog"},
                                                                    {"chunkMetaDir", "chunkMeta"},
                                                                    {"persistenceDir", "persistenceDir"}}) {
      lines.set(alias + "." + key, place + name);
    }
  }
  return std::move(lines).text();
}

std::map<std::string, std::string> values_of(const std::string& text) {
  std::map<std::string, std::string> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    values[std::string(config::trim(line.substr(0, equals)))] = config::trim(line.substr(equals + 1));
  }
  return values;
}

}  // namespace

std::string keys_directory(const Topology& topology) { return topology.directory + "/keys"; }

std::string password_file(const Topology& topology) { return keys_directory(topology) + "/initial-admin-password"; }

std::map<std::string, std::string> configuration_of(const Topology& topology, const Layout& layout, size_t package,
                                                    const std::vector<HostFacts>& facts) {
  std::map<std::string, std::string> files;
  const auto& planned = layout.packages[package];
  const auto& own = facts[planned.host];
  if (const auto* agent = layout.find(planned.agent)) files["agent.cfg"] = agent_file(topology, layout, *agent, own);
  const auto* controller = layout.find(planned.controller);
  if (controller == nullptr) return files;
  std::vector<config::NodeEntry> entries;
  for (const auto& node : layout.nodes) entries.push_back(node.entry);
  files["controller.cfg"] = controller_file(topology, layout, *controller, own);
  files["cluster.nodes"] = config::format_cluster_nodes(entries);
  files["cluster.cfg"] = cluster_file(topology, layout, facts);
  return files;
}

std::vector<std::string> differences(const std::string& file, const std::string& wanted, const std::string& found) {
  constexpr std::string_view kTied[] = {
      "mode",       "localSite", "sites",          "dfsHAMode",   "dfsReplicationFactor", "dfsReplicaReliabilityLevel",
      "dfsMetaDir", "keyPath",   "clusterKeyFile", "enableHTTPS", "enableRpcSSL"};
  if (file == "cluster.nodes") {
    config::Findings ignored;
    const auto members = [&](const std::string& text) {
      std::vector<std::string> lines;
      for (const auto& node : config::parse_cluster_nodes(text, file, {}, ignored).nodes())
        lines.push_back(node.to_string());
      std::ranges::sort(lines);
      return lines;
    };
    return members(wanted) == members(found) ? std::vector<std::string>{} : std::vector<std::string>{"members"};
  }
  const auto want = values_of(wanted), has = values_of(found);
  std::vector<std::string> differing;
  for (const auto& [key, value] : want) {
    const auto dot = key.find('.');
    const bool is_place = dot != std::string::npos && (value.starts_with('/'));
    if (!is_place && std::ranges::find(kTied, key) == std::end(kTied)) continue;
    const auto other = has.find(key);
    if (other == has.end() || other->second != value) differing.push_back(key);
  }
  return differing;
}

}  // namespace pelorus::cli::deploy
