#pragma once
// A cluster as it is and as it shall be: what a plan is made from.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/site.h"

namespace pelorus::cli::migrate {

using config::NodeMode;

struct Member {
  std::string alias;
  NodeMode role = NodeMode::kDataNode;
  std::string host;
  int port = 0;
  std::string uuid;  // persistent identity; empty when not known
  bool online = false;
  bool votes = false;  // controllers
  bool leads = false;  // controllers
  bool draining = false;
  int64_t chunks = 0;   // replicas it holds
  std::string server;   // folder server/ of its package; empty when it could not be asked
  int64_t epoch = 0;    // +1 with every start
  int64_t lag = 0;      // controllers: entries of the metadata log still to apply
  std::string version;  // of its program; empty when it did not tell
  int oldest_level = 1;
  int newest_level = 1;
  bool operator==(const Member&) const = default;

  std::string site() const { return host + ":" + std::to_string(port) + ":" + alias; }
};

struct HostFacts {
  bool reachable = false;
  std::string problem;      // why it is not
  int64_t bytes_free = -1;  // where packages and data go; -1: not known
  bool operator==(const HostFacts&) const = default;
};

/// A directory that a node writes, as its settings say or by default.
struct Directory {
  std::string setting;  // "volumes"
  std::string path;
  int64_t bytes = -1;  // what is in it; -1: not known
  bool operator==(const Directory&) const = default;
};

/// Names of what a data node keeps for itself: no other node has it.
struct NodeItems {
  std::vector<std::string> jobs;            // scheduled ones
  std::vector<std::string> streams;         // persisted stream tables
  std::vector<std::string> memory_streams;  // stream tables whose rows end with the process
};

struct ClusterFacts {
  std::vector<Member> members;  // by role (controllers, agents, data nodes, compute nodes), then alias
  int replication_factor = 2;
  int reliability_level = 0;                                  // dfsReplicaReliabilityLevel
  int64_t data_bytes = -1;                                    // of all data nodes together; -1: not known
  std::string nodes_settings;                                 // cluster.cfg, the replicated text
  std::map<std::string, HostFacts> hosts;                     // those of the target
  std::map<std::string, NodeItems> items;                     // by alias: of data nodes that are online
  std::map<std::string, std::vector<Directory>> directories;  // by alias: of members whose directories may move
  std::string
      authority_missing;  // where the key was looked for that has to sign for the new address; empty: not needed
};

/// A directory on the old members and where the same lies on new ones.
struct PathRule {
  std::string from;
  std::string to;  // <HOST> and <ALIAS> are filled in
  bool operator==(const PathRule&) const = default;
};

struct Target {
  std::vector<std::string> hosts;  // in the end, in the operator's order
  std::string replaced;            // host that --replace takes out; it may be dead
  bool controllers_only = false;   // new hosts get no agent and no data node
  bool accept_risk = false;        // fewer failures may be survived than before
  std::string directory;           // packages of new hosts; <HOST> is filled in; empty: as on the old hosts
  std::vector<PathRule> paths;
  std::string moved;           // --move-host: the machine that has this address …
  std::string moved_to;        // … and gets this one
  std::string directory_host;  // --move-dir: directories of members there go where `paths` say
  bool to_cluster = false;     // a single node becomes a cluster on its host
  bool offline = false;        // everything is stopped; members keep their identity and go to the new hosts as they are
  std::vector<std::string> sources;  // --from-config of an offline plan; empty: the plan is of the running cluster
  bool operator==(const Target&) const = default;

  /// Nobody is made and nobody leaves: members are stopped and started again, one at a time.
  bool is_in_place() const { return !moved.empty() || !directory_host.empty(); }
};

std::vector<Member> members_of(const std::vector<Member>& members, NodeMode role);
std::vector<Member> members_on(const std::vector<Member>& members, std::string_view host);
const Member* find_member(const std::vector<Member>& members, std::string_view alias);
/// Sorts as ClusterFacts::members are; numbers at the end of aliases count as numbers.
void sort_members(std::vector<Member>& members);
bool alias_before(const std::string& left, const std::string& right);
/// Hosts of those members, each once, in their order.
std::vector<std::string> hosts_of(const std::vector<Member>& members);
/// How many whole hosts may be lost, whichever they are, so that a strict majority of `voters_by_host` still lives.
int hosts_that_may_fail(std::vector<int> voters_by_host);
int hosts_that_may_fail_among(const std::vector<Member>& members);
/// "node" and 3 of "node3"; the number is -1 without one.
std::pair<std::string, int64_t> stem_and_number(const std::string& alias);
/// Fills in <HOST> and <ALIAS>.
std::string filled_in(std::string text, const std::string& host, const std::string& alias);

}  // namespace pelorus::cli::migrate
