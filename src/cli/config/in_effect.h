#pragma once
// Asks a live cluster for the configuration it works with.

#include "cli/config/compare.h"
#include "client/connection.h"

namespace pelorus::cli {

/// `connection`: any node of the cluster. Settings are asked of the controller, agent or single node that `package`
/// describes; one that does not answer is left out. Errors: what getClusterNodesCfg or loadClusterNodesConfigs failed
/// with.
Result<InEffect> read_in_effect(client::Connection& connection, const PackageConfig& package,
                                const client::ConnectionOptions& options);

/// Lines of a vector of strings; empty for anything else.
std::vector<std::string> texts_of(const data::Value& value);
/// getConfig() as a map.
std::map<std::string, std::string> settings_of(const data::Value& dictionary);

}  // namespace pelorus::cli
