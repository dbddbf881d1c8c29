#include "cli/deploy/layout.h"

#include <algorithm>
#include <set>

namespace pelorus::cli::deploy {
namespace {

using config::NodeMode;

int controllers_of(const Topology& topology) {
  if (topology.controllers > 0) return topology.controllers;
  const auto hosts = static_cast<int>(topology.hosts.size());
  if (topology.pseudo_ha) return std::max(3, hosts >= 5 ? 5 : 3);
  return hosts >= 5 ? 5 : hosts >= 3 ? 3 : hosts;
}

int data_nodes_of(const Topology& topology) {
  if (topology.data_nodes > 0) return topology.data_nodes;
  return topology.pseudo_ha && topology.hosts.size() == 1 ? 3 : 1;
}

struct Ports {
  const int first;
  int used = 0;
  uint16_t next() { return static_cast<uint16_t>(first + used++); }
};

void add_node(Layout& layout, size_t host, size_t package, NodeMode mode, int number, uint16_t port,
              const Topology& topology) {
  const char* kind = mode == NodeMode::kController ? "controller" : mode == NodeMode::kAgent ? "agent" : "node";
  config::NodeEntry entry;
  entry.site = {topology.hosts[host], port, kind + std::to_string(number)};
  entry.mode = mode;
  layout.nodes.push_back({std::move(entry), host, package});
}

}  // namespace

Layout plan_layout(const Topology& topology) {
  Layout layout;
  const size_t hosts = topology.hosts.size();
  const auto controllers = static_cast<size_t>(controllers_of(topology));
  const int data_nodes = data_nodes_of(topology);
  const int all_data_nodes = data_nodes * static_cast<int>(hosts);
  layout.replicas = topology.replicas > 0 ? topology.replicas : std::min(2, all_data_nodes);
  layout.replicas_apart = static_cast<size_t>(layout.replicas) <= hosts;
  int controller = 0;
  for (size_t host = 0; host < hosts; ++host) {
    const size_t here = controllers / hosts + (host < controllers % hosts ? 1 : 0);
    Ports ports{topology.port};
    const size_t first = layout.packages.size();
    for (size_t i = 0; i < std::max<size_t>(here, 1); ++i) {
      PlannedPackage package{.host = host, .directory = {}, .controller = {}, .agent = {}};
      // One package on a host has the plain name; several are numbered, as operators of pseudo-HA know them.
      package.directory = topology.directory + (here > 1 ? "/dolphindb_" + std::to_string(i + 1) : "") + "/server";
      if (i < here) {
        add_node(layout, host, layout.packages.size(), NodeMode::kController, ++controller, ports.next(), topology);
        package.controller = layout.nodes.back().entry.site.alias;
      } else {
        ports.next();  // the agent's port is the same on every host
      }
      if (i == 0) package.agent = "agent" + std::to_string(host + 1);
      layout.packages.push_back(std::move(package));
    }
    add_node(layout, host, first, NodeMode::kAgent, static_cast<int>(host) + 1, ports.next(), topology);
    for (int i = 0; i < data_nodes; ++i) {
      add_node(layout, host, first, NodeMode::kDataNode, static_cast<int>(host) * data_nodes + i + 1, ports.next(),
               topology);
    }
  }
  const auto rank = [](const PlannedNode& node) {
    return node.entry.mode == NodeMode::kController ? 0 : node.entry.mode == NodeMode::kAgent ? 1 : 2;
  };
  std::ranges::stable_sort(layout.nodes, {}, rank);
  return layout;
}

std::vector<const PlannedNode*> Layout::of(NodeMode mode) const {
  std::vector<const PlannedNode*> found;
  for (const auto& node : nodes) {
    if (node.entry.mode == mode) found.push_back(&node);
  }
  return found;
}

std::vector<const PlannedNode*> Layout::on_host(size_t host) const {
  std::vector<const PlannedNode*> found;
  for (const auto& node : nodes) {
    if (node.host == host) found.push_back(&node);
  }
  return found;
}

const PlannedNode* Layout::find(const std::string& alias) const {
  const auto found =
      std::ranges::find_if(nodes, [&](const PlannedNode& node) { return node.entry.site.alias == alias; });
  return found == nodes.end() ? nullptr : &*found;
}

std::vector<BothLanguages> unsafe_points(const Topology& topology, const Layout& layout) {
  std::vector<BothLanguages> points;
  const auto voters = layout.of(NodeMode::kController);
  const auto data_nodes = layout.of(NodeMode::kDataNode);
  std::set<size_t> voter_hosts;
  for (const auto* voter : voters) voter_hosts.insert(voter->host);
  const std::string count = std::to_string(voters.size());
  if (voters.size() % 2 == 0 && !topology.even_voters) {
    points.push_back(
        {count + " controllers vote: an even number survives no more losses than one fewer. Name three hosts or more, "
                 "take 3 controllers on the hosts there are (--pseudo-ha), or accept it: --even-voters",
         count + " 个控制节点参与投票：偶数个并不比少一个更能容错。请给出三台以上主机，或在现有主机上放 3 个控制节点"
                 "（--pseudo-ha），或接受：--even-voters"});
  }
  if (voter_hosts.size() < voters.size() && !topology.pseudo_ha) {
    points.push_back(
        {"two controllers that vote would be on one host, whose loss takes both. Name more hosts, or accept it: "
         "--pseudo-ha",
         "两个投票的控制节点会在同一台主机上，该主机丢失时两者同时丢失。请给出更多主机，或接受：--pseudo-ha"});
  }
  if (static_cast<size_t>(layout.replicas) > data_nodes.size()) {
    points.push_back({std::to_string(layout.replicas) + " replicas need as many data nodes, and there are " +
                          std::to_string(data_nodes.size()) + ". Give --data-nodes or fewer --replicas",
                      std::to_string(layout.replicas) + " 个副本需要同样多的数据节点，现有 " +
                          std::to_string(data_nodes.size()) + " 个。请给出 --data-nodes 或减少 --replicas"});
  } else if (layout.replicas > 1 && !layout.replicas_apart && !topology.pseudo_ha) {
    points.push_back(
        {std::to_string(layout.replicas) +
             " replicas need as many hosts, or two of them share one. Name more hosts, or accept "
             "it: --pseudo-ha",
         std::to_string(layout.replicas) +
             " 个副本需要同样多的主机，否则两个副本会在同一台主机上。请给出更多主机，或接受：--pseudo-ha"});
  }
  return points;
}

std::vector<Survival> survival_of(const Topology& topology, const Layout& layout) {
  std::vector<Survival> rows;
  const auto voters = layout.of(NodeMode::kController);
  const auto data_nodes = layout.of(NodeMode::kDataNode);
  for (size_t lost = 0; lost < topology.hosts.size(); ++lost) {
    const auto left = [&](const std::vector<const PlannedNode*>& nodes) {
      return static_cast<int>(
          std::ranges::count_if(nodes, [&](const PlannedNode* node) { return node->host != lost; }));
    };
    Survival row{.lost = topology.hosts[lost], .voters_left = left(voters), .voters = static_cast<int>(voters.size())};
    row.metadata = row.voters_left * 2 > row.voters;
    const int data_left = left(data_nodes);
    const int data_lost = static_cast<int>(data_nodes.size()) - data_left;
    // Replicas kept apart leave one copy at most on the lost host; others may all have been there.
    const int copies_lost = layout.replicas_apart ? std::min(1, data_lost) : std::min(data_lost, layout.replicas);
    row.reads = row.metadata && copies_lost < layout.replicas && data_left > 0;
    row.writes = row.reads;
    row.full_copies = row.writes && data_left >= layout.replicas;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace pelorus::cli::deploy
