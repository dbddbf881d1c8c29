#pragma once
// Starting and stopping data and compute nodes through the agents of their hosts.

#include <string>

#include "config/node_orders.h"
#include "config/site.h"
#include "meta/state.h"

namespace pelorus::controller {

config::NodeEntry entry_of(const meta::Node& node);
meta::Node node_of(const config::NodeEntry& entry);

/// Alias of an agent on the node's host; empty when there is none.
std::string agent_of(const meta::State& state, const meta::Node& node);

/// All that the agent needs to start `node`: its settings by the replicated cluster.cfg, the sites of the cluster and
/// `controller`, the site to contact first.
config::NodeStart start_order(const meta::State& state, const meta::Node& node, const std::string& controller);

/// A data or compute node by alias or host:port. kNotFound otherwise.
Result<meta::Node> find_startable(const meta::State& state, const std::string& name);

}  // namespace pelorus::controller
