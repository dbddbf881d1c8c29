#pragma once
// Which node runs where, and what the loss of a host then means. Pure.

#include <string>
#include <vector>

#include "cli/language.h"
#include "cli/deploy/topology.h"
#include "config/site.h"

namespace pelorus::cli::deploy {

struct PlannedNode {
  config::NodeEntry entry;
  size_t host = 0;     // of Topology::hosts
  size_t package = 0;  // of Layout::packages: whose program and configuration it has
};

/// One copy of server/ on a host: at most one controller, and on the host's first one the agent with its data nodes.
struct PlannedPackage {
  size_t host = 0;
  std::string directory;   // …/server
  std::string controller;  // alias; may be empty
  std::string agent;       // alias; may be empty
};

struct Layout {
  std::vector<PlannedPackage> packages;
  std::vector<PlannedNode> nodes;  // controllers, agents, data nodes
  int replicas = 1;
  bool replicas_apart = true;  // on different hosts

  std::vector<const PlannedNode*> of(config::NodeMode mode) const;
  std::vector<const PlannedNode*> on_host(size_t host) const;
  const PlannedNode* find(const std::string& alias) const;
};

/// The same topology gives the same layout. `topology` is valid.
Layout plan_layout(const Topology& topology);

/// Reasons not to deploy it, each with what to do; empty: safe, or accepted by the topology.
std::vector<BothLanguages> unsafe_points(const Topology& topology, const Layout& layout);

/// What the cluster does without one host, or with all of them.
struct Survival {
  std::string lost;  // empty: nothing
  int voters_left = 0;
  int voters = 0;
  bool metadata = false;     // a majority of the controllers is left
  bool reads = false;        // every partition has a replica left
  bool writes = false;       // and the controllers decide
  bool full_copies = false;  // data nodes are left for as many replicas as wanted
};
/// One row for each host.
std::vector<Survival> survival_of(const Topology& topology, const Layout& layout);

}  // namespace pelorus::cli::deploy
