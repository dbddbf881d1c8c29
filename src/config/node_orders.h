#pragma once
// What controllers and agents say to each other about processes: start this node, stop it, what runs.
// Here because both floors see it. Payloads of the rpc methods named below; answers in brackets.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "config/site.h"

namespace pelorus::config {

inline constexpr std::string_view kStartNodeMethod = "agent.start_node";  // NodeStart, or the bare alias [pid as text]
inline constexpr std::string_view kStopNodeMethod = "agent.stop_node";    // NodeStop, or the bare alias [empty]
inline constexpr std::string_view kListNodesMethod = "agent.list_nodes";  // empty [AgentReport]

/// Everything a data or compute node is started with; it reads no file.
struct NodeStart {
  NodeEntry node;
  std::map<std::string, std::string> settings;  // ClusterConfig::effective_settings of its alias
  std::string sites;                            // all data and compute nodes, host:port:alias:type,…
  std::string controller_site;
  bool restarts_after_crash = false;
  uint64_t term = 0;  // of the leader that orders it; an agent refuses older ones than it has seen. 0: not checked

  Bytes encode() const;
  /// kCorrupt when it makes no sense.
  static Result<NodeStart> decode(std::string_view bytes);
};

struct NodeStop {
  std::string alias;
  uint64_t timeout_ms = 0;  // 0: as long as the call may wait
  uint64_t term = 0;        // as in NodeStart

  Bytes encode() const;
  static Result<NodeStop> decode(std::string_view bytes);
};

/// One process an agent knows.
struct NodeRun {
  std::string alias;
  int32_t pid = 0;        // 0: not running
  std::string state;      // its node.state, or "stopped"
  std::string last_exit;  // why it ended the last time, with the end of its log; empty: it never did
  uint32_t restarts = 0;  // after crashes, since the agent began
  bool operator==(const NodeRun&) const = default;
};

struct AgentReport {
  std::string agent;  // alias
  std::vector<NodeRun> nodes;

  Bytes encode() const;
  static Result<AgentReport> decode(std::string_view bytes);
};

/// True when `payload` is one of the messages above; false for a bare alias.
bool is_node_order(std::string_view payload);

}  // namespace pelorus::config
