#pragma once
// What no single file is wrong about: files of one package, and copies of several, that contradict each other.

#include <vector>

#include "cli/config/read_package.h"

namespace pelorus::cli {

/// Own addresses against cluster.nodes, and the controllers that the agent knows.
config::Findings check_addresses(const PackageConfig& package);
/// That, data nodes without an agent on their host, an even number of controllers, directories that two nodes of a
/// host would share, settings that the role does not read.
config::Findings cross_check(const PackageConfig& package);

/// cluster.nodes as the controllers would reconcile them when they found the cluster, cluster.cfg and the settings
/// that all controllers should have alike.
config::Findings compare_packages(const std::vector<PackageConfig>& packages);

}  // namespace pelorus::cli
