#include "meta/apply/apply_each.h"

namespace pelorus::meta {
namespace {

/// A data or compute node that nobody could start or stop without this agent; "" when there is none.
std::string needs_agent(const State& state, const Node& agent) {
  if (agent.role != NodeRole::kAgent) return "";
  std::string needy;
  for (const auto& [alias, node] : state.nodes) {
    if (alias == agent.alias || node.host != agent.host) continue;
    if (node.role == NodeRole::kAgent) return "";
    if (node.role == NodeRole::kDataNode || node.role == NodeRole::kComputeNode) needy = alias;
  }
  return needy;
}

}  // namespace

Outcome apply_one(State& state, const FoundCluster& command) {
  if (command.cluster.is_nil()) return error_of(ErrorCode::kInvalid, "A cluster needs an identity.");
  if (state.cluster == command.cluster) return {};
  if (!state.cluster.is_nil()) {
    return error_of(ErrorCode::kAlreadyExists, "The cluster has been founded already: " + state.cluster.to_string());
  }
  advance(state, command.now_ns);
  state.cluster = command.cluster;
  User admin{.id = command.admin, .verifier = command.verifier, .is_admin = true};
  admin.created_ns = admin.password_set_ns = state.now_ns;
  state.users[command.admin] = std::move(admin);
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const TakeOverState& command) {
  auto read = read_snapshot(command.state);
  if (!read.ok())
    return error_of(ErrorCode::kInvalid, "The state to take over makes no sense: " + read.error().message);
  auto& taken = *read;
  if (taken.cluster.is_nil()) return error_of(ErrorCode::kInvalid, "The state to take over has no identity.");
  if (state.cluster == taken.cluster) return {};
  if (!state.cluster.is_nil()) {
    return error_of(ErrorCode::kAlreadyExists, "The cluster has been founded already: " + state.cluster.to_string());
  }
  for (auto& [alias, node] : taken.nodes) {
    const auto* member = state.find_node(alias);
    if (member == nullptr || member->role != NodeRole::kDataNode) {
      return error_of(ErrorCode::kInvalid, "cluster.nodes must list the single node whose state is taken over, " +
                                               node.site() + ", as a data node.");
    }
    node.role = NodeRole::kDataNode;
    node.host = member->host;
    node.port = member->port;
  }
  taken.nodes.insert(state.nodes.begin(), state.nodes.end());  // the others
  taken.configuration = state.configuration;
  ++taken.configuration.revision;
  taken.level = std::max(taken.level, state.level);
  state = std::move(taken);
  return {};
}

Outcome apply_one(State& state, const PutNode& command) {
  const auto& wanted = command.node;
  if (wanted.alias.empty() || wanted.host.empty() || wanted.port == 0) {
    return error_of(ErrorCode::kInvalid, "A member needs an alias, a host and a port: " + wanted.site());
  }
  for (const auto& [alias, node] : state.nodes) {
    if (alias != wanted.alias && node.host == wanted.host && node.port == wanted.port) {
      return error_of(ErrorCode::kConflict,
                      "Two members can't have one address: " + node.site() + " and " + wanted.site());
    }
  }
  const auto [place, added] = state.nodes.try_emplace(wanted.alias, wanted);
  auto& node = place->second;
  if (added) {
    node.uuid = node.boot = {};
    node.epoch = node.replica_count = 0;
    node.registered_ns = 0;
    node.build = {};
  } else {
    if (node.role != wanted.role && node.replica_count > 0) {
      return error_of(ErrorCode::kConflict, "A member that holds data can't change its role: " + wanted.alias);
    }
    node.role = wanted.role;
    node.host = wanted.host;
    node.port = wanted.port;
    node.public_name = wanted.public_name;
    node.compute_group = wanted.compute_group;
    node.zone = wanted.zone;
  }
  state.records.erase({kRemovedMembersArea, wanted.alias});
  ++state.configuration.revision;
  return {};
}

Outcome apply_one(State& state, const RemoveNode& command) {
  const auto found = state.nodes.find(command.alias);
  if (found == state.nodes.end()) return error_of(ErrorCode::kNotFound, "There is no member " + command.alias + ".");
  if (found->second.replica_count > 0) {
    return error_of(ErrorCode::kConflict, "Move the replicas of " + command.alias +
                                              " away before removing it (drainNode): " +
                                              std::to_string(found->second.replica_count) + " chunk(s)");
  }
  if (const auto needy = needs_agent(state, found->second); !needy.empty()) {
    return error_of(ErrorCode::kConflict, "The agent " + command.alias + " is the only one on the host " +
                                              found->second.host + ", where " + needy +
                                              " lives; remove that node first or add another agent.");
  }
  state.records[{kRemovedMembersArea, command.alias}] = found->second.site();
  state.nodes.erase(found);
  ++state.configuration.revision;
  return {};
}

Outcome apply_one(State& state, const MarkNode& command) {
  const auto found = state.nodes.find(command.alias);
  if (found == state.nodes.end()) return error_of(ErrorCode::kNotFound, "There is no member " + command.alias + ".");
  auto& node = found->second;
  if (command.draining && !node.holds_data()) {
    return error_of(ErrorCode::kInvalid,
                    "Only data nodes hold chunks: " + command.alias + " is a " + std::string(name_of(node.role)));
  }
  if (command.learner_only && node.role != NodeRole::kController) {
    return error_of(ErrorCode::kInvalid,
                    "Only controllers vote: " + command.alias + " is a " + std::string(name_of(node.role)));
  }
  if (command.draining) node.draining = *command.draining;
  if (command.learner_only) node.learner_only = *command.learner_only;
  return {};
}

Outcome apply_one(State& state, const RegisterNode& command) {
  const auto found = state.nodes.find(command.alias);
  if (found == state.nodes.end()) {
    return error_of(ErrorCode::kNotFound, "There is no member " + command.alias + "; add it to cluster.nodes.");
  }
  auto& node = found->second;
  if (command.uuid.is_nil() || command.boot.is_nil()) {
    return error_of(ErrorCode::kInvalid, "A member registers with its UUID: " + command.alias);
  }
  if (!node.uuid.is_nil() && node.uuid != command.uuid && !command.replace_uuid) {
    return error_of(ErrorCode::kDenied, "The alias " + command.alias + " belongs to another node: " +
                                            node.uuid.to_string() + ", not " + command.uuid.to_string());
  }
  for (const auto& [alias, other] : state.nodes) {
    if (alias != command.alias && other.uuid == command.uuid) {
      return error_of(ErrorCode::kDenied, "The node UUID " + command.uuid.to_string() + " belongs to " + alias +
                                              "; a copied directory can't be a second member.");
    }
  }
  advance(state, command.now_ns);
  node.uuid = command.uuid;
  const auto site = node.site();
  if (!command.host.empty()) node.host = command.host;
  if (command.port != 0) node.port = command.port;
  if (node.site() != site) ++state.configuration.revision;  // for the others to look the address up again
  if (node.boot != command.boot) {
    node.boot = command.boot;
    ++node.epoch;
    for (auto& [id, transaction] : state.transactions) {
      if (transaction.coordinator == command.alias && !transaction.is_decided() && transaction.epoch < node.epoch) {
        abort_transaction(state, transaction);
      }
    }
    forget_finished(state);
  }
  node.registered_ns = state.now_ns;
  node.build = command.build;
  return Outcome::of(Registered{.epoch = node.epoch});
}

Outcome apply_one(State& state, const RaiseLevel& command) {
  state.level = std::max(state.level, command.level);
  return {};
}

Outcome apply_one(State& state, const PutConfiguration& command) {
  auto& configuration = state.configuration;
  if (command.expected_revision != 0 && command.expected_revision != configuration.revision) {
    return error_of(ErrorCode::kStale,
                    "The configuration has been changed meanwhile: revision " + std::to_string(configuration.revision));
  }
  if (command.text.size() > kConfigurationBytesMax) {
    return error_of(ErrorCode::kLimit, "The configuration file is too large: " + command.name);
  }
  configuration.texts[command.name] = command.text;
  ++configuration.revision;
  return {};
}

Outcome apply_one(State& state, const NoteImport& command) {
  state.configuration.imported[command.file] = command.hash;
  return {};
}

}  // namespace pelorus::meta
