#pragma once
// The cluster as getClusterPerf(true) tells it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "client/connection.h"

namespace pelorus::cli {

struct NodeRow {
  std::string host;
  std::string alias;
  int port = 0;
  int mode = 0;  // 0 data node, 1 agent, 2 controller, 3 single, 4 compute node
  bool online = false;
  bool is_leader = false;
  int64_t memory_used = 0;  // bytes
  double memory_max = 0;    // GB; 0: unknown
  int connections = 0;
};

struct ClusterView {
  std::vector<NodeRow> nodes;  // by host, then controllers, agents, data nodes, compute nodes

  /// Alias of the leading controller, or empty.
  std::string leader() const;
  /// A cluster has controllers; a single node has none and needs none.
  bool has_controllers() const;
  const NodeRow* find(const std::string& alias) const;
};

/// "controller", "data node", …
std::string_view role_name(int mode);
/// Errors: what the request failed with; kCorrupt when the answer is no such table.
Result<ClusterView> read_cluster(client::Connection& connection);
/// Asks one controller after the other for a view that names a leader; else one without, else the last reason. A
/// refused user ends it: the others would count it as another wrong password.
Result<ClusterView> ask_controllers(const std::vector<client::Endpoint>& controllers,
                                    const client::ConnectionOptions& options);
/// From the answer's table. Errors: kCorrupt.
Result<ClusterView> view_of(const data::Value& answer);

}  // namespace pelorus::cli
