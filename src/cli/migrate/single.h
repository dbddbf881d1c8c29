#pragma once
// A single node becomes a cluster of one host, with its data where they are: it goes on as a data node under its alias
// and port, and a controller beside it takes over its metadata.

#include "cli/migrate/plan.h"

namespace pelorus::cli::migrate {

PlanOutcome make_plan_of_single(const ClusterFacts& facts, const Target& target);

/// The files of the cluster, made from the single node's dolphindb.cfg.
struct ClusterFiles {
  std::string controller_cfg, agent_cfg, cluster_nodes, cluster_cfg;
};
ClusterFiles files_of_single(std::string_view dolphindb_cfg, const Plan& plan);

/// Where the agent's package keeps the node's own directory, and where the single node had it.
std::string home_in_cluster(const Member& single);
std::string home_of_single(const Member& single);

}  // namespace pelorus::cli::migrate
