#pragma once
// What several controllers' cluster.nodes say together: additions and new addresses, never removals.
// Pure: no file, no socket. Rules: the operations manual, "Membership".

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/cluster_nodes.h"

namespace pelorus::config {

/// One controller's file, as parsed there.
struct NodesCopy {
  std::string owner;  // alias of the controller that holds the file
  Site own_site;      // its own localSite, which beats what others say of it
  ClusterNodes nodes;
  bool changed = true;  // differs from what this controller imported last; unchanged files do not vote
};

/// A change that the files ask for and none of them contradicts, or that was decided.
struct NodeChange {
  NodeEntry node;
  std::optional<NodeEntry> before;  // empty: an addition
  std::string reason;               // for the audit log
};

struct ReconciledNodes {
  std::vector<NodeChange> changes;
  std::vector<NodeEntry> members;  // `known` with the changes applied
  Findings findings;               // contradictions, ignored removals
};

/// `known` is the replicated membership; empty when the cluster is founded (then every file counts as changed).
/// `running`: members that read their localSite from a file of their own and are there now; it beats what files say of
/// them. `removed`: aliases that a command took out of the cluster; a file does not bring them back.
ReconciledNodes reconcile_nodes(const std::vector<NodeEntry>& known, const std::vector<NodesCopy>& copies,
                                const std::vector<Site>& running = {}, const std::set<std::string>& removed = {});

/// What the file of a controller that joins says otherwise than the cluster, with file and line: nothing of it is taken
/// over, its member gets the agreed file.
Findings judge_joining(const std::vector<NodeEntry>& known, const NodesCopy& copy);

}  // namespace pelorus::config
