#pragma once
// The demo's three servers on this computer: copies of the release package, their configuration, their ports.

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "client/socket.h"

namespace pelorus::cli {

inline constexpr int kDemoServers = 3;
inline constexpr int kDemoPorts = 9;  // base+1 … base+9
inline constexpr const char* kDemoUser = "admin";
/// The customary password, valid on clusters that listen on loopback addresses only.
inline constexpr const char* kDemoPassword = "123456";

/// Pseudo-HA: three controllers, one agent and three data nodes on 127.0.0.1; the agent's package runs the data nodes.
struct DemoPlace {
  std::filesystem::path directory;
  int base = 0;
  bool keeps_files = false;  // the directory outlives the demo

  client::Endpoint controller(int number) const { return {"127.0.0.1", base + number}; }
  client::Endpoint agent() const { return {"127.0.0.1", base + 4}; }
  client::Endpoint data_node(int number) const { return {"127.0.0.1", base + 6 + number}; }
  std::vector<client::Endpoint> controllers() const;
  std::vector<client::Endpoint> data_nodes() const;
  /// dolphindb_<server>/server/clusterDemo
  std::filesystem::path cluster(int server) const;
  /// Where node.pid of an alias lies; empty for an unknown alias.
  std::filesystem::path node_directory(const std::string& alias) const;
  std::vector<std::string> aliases() const;
};

/// The server/ directory of the package this program belongs to. Errors: kUnavailable, saying what to do.
Result<std::filesystem::path> own_package();
/// Removes the directory unless its files are kept. Errors: kIo.
Status remove_files(const DemoPlace& place);
/// True when nobody listens on any of the demo's ports.
bool ports_are_free(int base);
/// Copies `package` (hard links for large files where they can be made) and writes the configuration. `directory` must
/// be empty or missing. Errors: kIo, kAlreadyExists.
Status make_servers(const DemoPlace& place, const std::filesystem::path& package);

}  // namespace pelorus::cli
