#pragma once
// What the operator wants: hosts, places, ports, copies (docs/operations/deploy.md).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pelorus::cli::deploy {

struct Topology {
  std::string name = "pelorus";
  std::vector<std::string> hosts;  // names or addresses, as the nodes shall know each other
  std::string user;                // of ssh and of the processes; empty: ssh's own choice
  int ssh_port = 22;
  std::string identity_file;
  std::vector<std::string> ssh_options;
  std::string directory = "/opt/pelorus";
  std::string data;     // empty: <directory>/data
  int port = 8900;      // of the first node of every host; the others follow
  int data_nodes = 0;   // on every host; 0: as many as the replicas need, at least one
  int replicas = 0;     // 0: two, one where there is one data node
  int controllers = 0;  // 0: three, five from five hosts on; one on a single host unless pseudo_ha
  bool tls = true;
  bool node_tls = true;      // between nodes, too; nothing without tls
  bool pseudo_ha = false;    // several voters, or all replicas, on one host are accepted
  bool even_voters = false;  // accepted

  bool uses_node_tls() const { return tls && node_tls; }
  std::string data_directory() const { return data.empty() ? directory + "/data" : data; }
};

/// "key = value" lines; # begins a comment. Errors: kInvalid with the line and the nearest key.
Result<Topology> parse_topology(std::string_view text);
/// "a,b,c", as on the command line. Errors: kInvalid.
Status set_hosts(Topology& topology, std::string_view list);
/// Errors: kInvalid for what no check on a host can repair: no hosts, a host twice, paths with odd characters, numbers
/// out of range.
Status validate_topology(const Topology& topology);

}  // namespace pelorus::cli::deploy
