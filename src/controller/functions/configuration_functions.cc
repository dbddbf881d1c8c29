#include "config/cluster_config.h"
#include "config/cluster_nodes.h"
#include "controller/functions/cluster_call.h"
#include "controller/node_control.h"
#include "functions/declare.h"

namespace pelorus::controller {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto line : config::split(text, '\n')) {
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

meta::ConfigurationReply configuration(const ClusterCall& call) {
  return call.ask<meta::ConfigurationReply>(meta::kGetConfiguration);
}

Value load_file(const ClusterCall& call, const std::string& name) {
  const auto reply = configuration(call);
  const auto found = reply.configuration.texts.find(name);
  return text_vector(found == reply.configuration.texts.end() ? std::vector<std::string>() : lines_of(found->second));
}

void refuse_errors(const ClusterCall& call, const config::Findings& findings) {
  for (const auto& finding : findings) {
    if (finding.severity == config::Severity::kError) call.fail({ErrorCode::kInvalid, finding.describe()});
  }
}

Value save_file(const ClusterCall& call, const Arguments& args, const std::string& name) {
  call.require_admin();
  const auto text = joined(args.texts(0, "lines"), "\n") + "\n";
  config::Findings findings;
  if (name == "cluster.cfg") (void)config::parse_cluster_config(text, name, findings);
  refuse_errors(call, findings);
  call.change(meta::PutConfiguration{.name = name, .text = text});
  return {};
}

Value nodes_config(const ClusterCall& call) {
  std::vector<std::string> lines;
  for (const auto& [alias, node] : configuration(call).nodes) lines.push_back(entry_of(node).to_string());
  return text_vector(std::move(lines));
}

/// Puts all nodes. One may need the address that another is about to leave, so those refused are tried again while
/// any other succeeds.
void put_nodes(const ClusterCall& call, const AskControllers& ask, std::vector<meta::Node> nodes) {
  while (!nodes.empty()) {
    std::vector<meta::Node> refused;
    Error reason;
    for (const auto& node : nodes) {
      const auto command = meta::encode_command(meta::PutNode{node});
      const auto done = ask(meta::kChange, meta::encode(meta::ChangeRequest{call.context().caller().user, command}));
      if (done.ok()) continue;
      reason = done.error();
      refused.push_back(node);
    }
    if (refused.size() == nodes.size()) call.fail(reason);
    nodes = std::move(refused);
  }
}

/// Lines add and re-address; who is missing in them stays (removeNode removes).
Value save_nodes(const ClusterCall& call, const AskControllers& ask, const Arguments& args) {
  call.require_admin();
  config::Findings findings;
  const auto parsed =
      config::parse_cluster_nodes(joined(args.texts(0, "lines"), "\n") + "\n", "cluster.nodes", {}, findings);
  refuse_errors(call, findings);
  if (parsed.records.empty()) args.refuse("lines", "must hold at least one host:port:alias,mode");
  std::vector<meta::Node> nodes;
  for (const auto& record : parsed.records) nodes.push_back(node_of(record.node));
  put_nodes(call, ask, std::move(nodes));
  return {};
}

struct NewNodes {
  std::vector<std::string> hosts, ports, aliases;
};

NewNodes new_nodes(const Arguments& args) {
  NewNodes wanted{.hosts = args.texts(0, "host"), .aliases = args.texts(2, "alias")};
  const auto ports = args.vector(1, "port");
  for (size_t i = 0; i < ports->size(); ++i) {
    const auto port = ports->scalar_at(i).as_int64();
    if (port < 1 || port > 65535) args.refuse("port", "must be between 1 and 65535");
    wanted.ports.push_back(std::to_string(port));
  }
  if (wanted.hosts.size() != wanted.ports.size() || wanted.hosts.size() != wanted.aliases.size()) {
    args.refuse("alias", "must have as many elements as host and port");
  }
  return wanted;
}

Value add_nodes(const ClusterCall& call, const AskControllers& ask, const Arguments& args, meta::NodeRole role) {
  call.require_admin();
  const auto wanted = new_nodes(args);
  const auto known = configuration(call).nodes;
  std::vector<meta::Node> nodes;
  for (size_t i = 0; i < wanted.hosts.size(); ++i) {
    if (!config::is_plain_alias(wanted.aliases[i])) args.refuse("alias", "must be letters, digits, '_' or '-'");
    if (known.contains(wanted.aliases[i]))
      call.fail({ErrorCode::kAlreadyExists, "The node " + wanted.aliases[i] + " exists already."});
    meta::Node node{.alias = wanted.aliases[i],
                    .role = role,
                    .host = wanted.hosts[i],
                    .port = static_cast<uint16_t>(std::stoul(wanted.ports[i]))};
    if (role != meta::NodeRole::kAgent) {
      node.compute_group = args.text_or(5, "computeGroup", "");
      node.zone = args.text_or(6, "zone", "");
      meta::State state;
      state.nodes = known;
      if (agent_of(state, node).empty())
        call.fail({ErrorCode::kNotFound, "There is no agent on the host " + node.host + "."});
    }
    nodes.push_back(std::move(node));
  }
  put_nodes(call, ask, std::move(nodes));
  return {};
}

Value add_data_nodes(const ClusterCall& call, const AskControllers& ask, const Arguments& args) {
  auto role = meta::NodeRole::kDataNode;
  if (!meta::parse_node_role(args.text_or(4, "nodeType", "datanode"), &role) ||
      (role != meta::NodeRole::kDataNode && role != meta::NodeRole::kComputeNode)) {
    args.refuse("nodeType", "must be \"datanode\" or \"computenode\"");
  }
  return add_nodes(call, ask, args, role);
}

}  // namespace

void register_configuration_functions(functions::Registry& registry, AskControllers ask) {
  const std::string_view family = "cluster";
  const auto file = [&](std::string_view load, std::string_view save, const char* name, std::string_view summary) {
    declare(registry, family, Nature::kWhole,
            {.name = load,
             .parameters = "",
             .run =
                 [ask, load, name](CallContext& context, std::span<Value>) {
                   const ClusterCall call(load, context, ask);
                   call.require_admin();
                   return load_file(call, name);
                 },
             .summary = summary,
             .example = ""});
    declare(registry, family, Nature::kCommand,
            {.name = save,
             .parameters = "lines",
             .run =
                 [ask, save, name](CallContext& context, std::span<Value> args) {
                   return save_file({save, context, ask}, {save, args}, name);
                 },
             .summary = summary,
             .example = ""});
  };
  file("loadClusterNodesConfigs", "saveClusterNodesConfigs", "cluster.cfg",
       "Reads or replaces the lines of cluster.cfg; nodes take them at their next start.");
  file("loadControllerConfigs", "saveControllerConfigs", "controller.cfg",
       "Reads or replaces the replicated lines of controller.cfg.");
  declare(registry, family, Nature::kWhole,
          {.name = "getClusterNodesCfg",
           .parameters = "",
           .run =
               [ask](CallContext& context, std::span<Value>) {
                 return nodes_config({"getClusterNodesCfg", context, ask});
               },
           .summary = "Returns the members as host:port:alias,mode.",
           .example = ""});
  declare(registry, family, Nature::kCommand,
          {.name = "saveClusterNodes",
           .parameters = "lines",
           .run =
               [ask](CallContext& context, std::span<Value> args) {
                 return save_nodes({"saveClusterNodes", context, ask}, ask, {"saveClusterNodes", args});
               },
           .summary = "Adds members and changes addresses; never removes one.",
           .example = ""});
  declare(registry, family, Nature::kCommand,
          {.name = "addNode",
           .parameters = "host, port, alias, [saveConfig=true], [nodeType='datanode'], [computeGroup], [zone]",
           .run =
               [ask](CallContext& context, std::span<Value> args) {
                 return add_data_nodes({"addNode", context, ask}, ask, {"addNode", args});
               },
           .summary = "Adds stopped data or compute nodes to the cluster.",
           .example = ""});
  declare(registry, family, Nature::kCommand,
          {.name = "addAgentToController",
           .parameters = "host, port, alias",
           .run =
               [ask](CallContext& context, std::span<Value> args) {
                 return add_nodes({"addAgentToController", context, ask}, ask, {"addAgentToController", args},
                                  meta::NodeRole::kAgent);
               },
           .summary = "Adds agents to the cluster.",
           .example = ""});
}

}  // namespace pelorus::controller
