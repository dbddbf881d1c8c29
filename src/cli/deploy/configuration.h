#pragma once
// The four files of every package. Pure.

#include <map>
#include <string>
#include <vector>

#include "cli/deploy/facts.h"
#include "cli/deploy/layout.h"

namespace pelorus::cli::deploy {

/// By name, for packages[package]: controller.cfg, cluster.nodes and cluster.cfg where it has a controller, agent.cfg
/// where it has an agent. Memory and threads follow from what the hosts have.
std::map<std::string, std::string> configuration_of(const Topology& topology, const Layout& layout, size_t package,
                                                    const std::vector<HostFacts>& facts);
/// Names of settings that must not differ between `wanted` and the file `found` of a founded cluster, but do: who is
/// where, copies, places, keys. Everything else is the operator's.
std::vector<std::string> differences(const std::string& file, const std::string& wanted, const std::string& found);

std::string keys_directory(const Topology& topology);
/// Holds admin's password from the first start until the cluster is proven to work.
std::string password_file(const Topology& topology);

}  // namespace pelorus::cli::deploy
