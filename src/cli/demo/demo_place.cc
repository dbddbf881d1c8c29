#include "cli/demo/demo_place.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "base/ids.h"

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kLinkFromBytes = 1 << 20;  // smaller files are copied: somebody may edit them

bool is_skipped(const fs::path& relative) {
  const auto text = relative.string();
  for (const std::string_view made_here : {"clusterDemo/config/", "clusterDemo/data/", "clusterDemo/log/"}) {
    if (text.starts_with(made_here)) return true;
  }
  return false;
}

Status copy_package(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::create_directories(to, failure);
  for (const auto& entry : fs::recursive_directory_iterator(from, failure)) {
    const auto relative = entry.path().lexically_relative(from);
    const auto target = to / relative;
    if (entry.is_directory()) {
      fs::create_directories(target, failure);
    } else if (entry.is_regular_file() && !is_skipped(relative)) {
      std::error_code no_link;
      if (entry.file_size() >= kLinkFromBytes) fs::create_hard_link(entry.path(), target, no_link);
      if (entry.file_size() < kLinkFromBytes || no_link) fs::copy_file(entry.path(), target, failure);
    }
    if (failure) return Error{ErrorCode::kIo, target.string() + ": " + failure.message()};
  }
  if (failure) return Error{ErrorCode::kIo, from.string() + ": " + failure.message()};
  return {};
}

Status write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return Error{ErrorCode::kIo, "cannot be written: " + path.string()};
  return {};
}

/// Any process of this computer could call itself a node otherwise.
fs::path key_file(const DemoPlace& place) { return place.directory / "cluster.key"; }

Status write_key(const DemoPlace& place) {
  TRY_DONE(write_file(key_file(place), Uuid::random().to_string() + Uuid::random().to_string() + "\n"));
  std::error_code failure;
  fs::permissions(key_file(place), fs::perms::owner_read | fs::perms::owner_write, failure);
  if (failure) return Error{ErrorCode::kIo, key_file(place).string() + ": " + failure.message()};
  return {};
}

std::string controller_config(const DemoPlace& place, int server) {
  return "mode=controller\nlocalSite=" + place.controller(server).text() + ":controller" + std::to_string(server) +
         "\ndfsReplicationFactor=2\ndfsReplicaReliabilityLevel=0\nworkerNum=4\nlocalExecutors=3\nmaxConnections=512\n"
         "maxMemSize=2\nwebWorkerNum=4\ndfsMetaDir=" +
         (place.directory / ("ssd1/dolphindb_" + std::to_string(server)) / "dfsMeta").string() +
         "\ndataSync=1\ndfsHAMode=Raft\ndatanodeRestartInterval=1\nlanCluster=0\nmaxLogSize=256\nclusterKeyFile=" +
         key_file(place).string() + "\n";
}

std::string agent_config(const DemoPlace& place) {
  std::string text = "mode=agent\nlocalSite=" + place.agent().text() +
                     ":agent1\ncontrollerSite=" + place.controller(1).text() +
                     ":controller1\nsites=" + place.agent().text() + ":agent1:agent";
  for (int i = 1; i <= kDemoServers; ++i) {
    text += "," + place.controller(i).text() + ":controller" + std::to_string(i) + ":controller";
  }
  return text + "\nworkerNum=4\nlocalExecutors=3\nmaxMemSize=1\nlanCluster=0\nmaxLogSize=256\nclusterKeyFile=" +
         key_file(place).string() + "\n";
}

std::string nodes_file(const DemoPlace& place) {
  std::string text = "localSite,mode\n";
  for (int i = 1; i <= kDemoServers; ++i) {
    text += place.controller(i).text() + ":controller" + std::to_string(i) + ",controller\n";
  }
  text += place.agent().text() + ":agent1,agent\n";
  for (int i = 1; i <= kDemoServers; ++i)
    text += place.data_node(i).text() + ":node" + std::to_string(i) + ",datanode\n";
  return text;
}

std::string cluster_config(const DemoPlace& place) {
  std::string text =
      "maxMemSize=4\nmaxConnections=512\nworkerNum=4\nlocalExecutors=3\nmaxBatchJobWorker=4\nwebWorkerNum=4\n"
      "OLAPCacheEngineSize=1\nTSDBCacheEngineSize=1\nnewValuePartitionPolicy=add\nlogLevel=INFO\nmaxLogSize=256\n"
      "diskIOConcurrencyLevel=0\nmaxPubConnections=64\nsubExecutors=4\nsubThrottle=1\npersistenceWorkerNum="
      "1\nlanCluster=0\n"
      "enableChunkGranularityConfig=true\n";
  constexpr const char* kPlaces[][2] = {{"volumes", "volumes"},
                                        {"redoLogDir", "redoLog"},
                                        {"TSDBRedoLogDir", "tsdbRedoLog"},
                                        {"chunkMetaDir", "chunkMeta"},
                                        {"persistenceDir", "persistenceDir"}};
  for (const auto& [key, name] : kPlaces) {
    for (int i = 1; i <= kDemoServers; ++i) {
      text += "node" + std::to_string(i) + "." + key + "=" +
              (place.directory / ("ssd1/dolphindb_" + std::to_string(i)) / name).string() + "\n";
    }
  }
  return text;
}

bool is_free(int port) {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const int on = 1;
  setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  return free;
}

}  // namespace

std::vector<client::Endpoint> DemoPlace::controllers() const { return {controller(1), controller(2), controller(3)}; }

std::vector<client::Endpoint> DemoPlace::data_nodes() const { return {data_node(1), data_node(2), data_node(3)}; }

fs::path DemoPlace::cluster(int server) const {
  return directory / ("dolphindb_" + std::to_string(server)) / "server" / "clusterDemo";
}

std::vector<std::string> DemoPlace::aliases() const {
  return {"controller1", "controller2", "controller3", "agent1", "node1", "node2", "node3"};
}

fs::path DemoPlace::node_directory(const std::string& alias) const {
  for (const auto& known : aliases()) {
    if (known != alias) continue;
    const int server = alias.starts_with("controller") ? alias.back() - '0' : 1;
    return cluster(server) / "data" / alias;
  }
  return {};
}

Result<fs::path> own_package() {
  std::error_code failure;
  const auto server = fs::read_symlink("/proc/self/exe", failure).parent_path();
  if (!failure && fs::exists(server / "dolphindb") && fs::exists(server / "clusterDemo" / "startController.sh"))
    return server;
  return Error{ErrorCode::kUnavailable,
               "The demo runs from a release package, and " + server.string() +
                   " is none. Make one with packaging/make_package.sh and run server/pelorus demo."};
}

bool ports_are_free(int base) {
  for (int i = 1; i <= kDemoPorts; ++i) {
    if (!is_free(base + i)) return false;
  }
  return true;
}

Status remove_files(const DemoPlace& place) {
  if (place.keeps_files) return {};
  std::error_code failure;
  fs::remove_all(place.directory, failure);
  if (failure) return Error{ErrorCode::kIo, "not removed: " + place.directory.string() + ": " + failure.message()};
  return {};
}

Status make_servers(const DemoPlace& place, const fs::path& package) {
  std::error_code failure;
  if (fs::exists(place.directory) && !fs::is_empty(place.directory, failure)) {
    return Error{ErrorCode::kAlreadyExists, "The directory is not empty: " + place.directory.string()};
  }
  fs::create_directories(place.directory, failure);
  TRY_DONE(write_key(place));
  for (int i = 1; i <= kDemoServers; ++i) {
    TRY_DONE(copy_package(package, place.cluster(i).parent_path()));
    const auto config = place.cluster(i) / "config";
    for (const auto& directory : {config, place.cluster(i) / "data", place.cluster(i) / "log"}) {
      fs::create_directories(directory, failure);
      if (failure) return Error{ErrorCode::kIo, directory.string() + ": " + failure.message()};
    }
    TRY_DONE(write_file(config / "controller.cfg", controller_config(place, i)));
    TRY_DONE(write_file(config / "cluster.nodes", nodes_file(place)));
    TRY_DONE(write_file(config / "cluster.cfg", cluster_config(place)));
    if (i == 1) TRY_DONE(write_file(config / "agent.cfg", agent_config(place)));
  }
  return {};
}

}  // namespace pelorus::cli
