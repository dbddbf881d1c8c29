#include "controller/node_control.h"

#include <thread>

#include "base/log.h"
#include "config/cluster_config.h"
#include "controller/metadata_service.h"

namespace pelorus::controller {
namespace {

constexpr milliseconds kAgentWait{5000};
constexpr milliseconds kAgentPause{200};
constexpr int kLostMost = 5;  // answers to one order, lost with their connection

struct AgentOrder {
  std::string agent;
  std::string node;
  Bytes payload;
  int lost = 0;  // answers
};

Error no_agent(const meta::Node& node) {
  return {ErrorCode::kNotFound, "There is no agent on the host of " + node.alias + ": " + node.host +
                                    "; start one there or add it to cluster.nodes."};
}

/// What came of each order, in their order.
std::vector<Status> send_once(rpc::Caller& peers, std::string_view method, const std::vector<AgentOrder>& orders,
                              milliseconds timeout) {
  struct Answers {
    std::mutex mutex;
    std::condition_variable changed;
    size_t waiting;
    std::vector<Status> results;
  };
  auto answers = std::make_shared<Answers>();
  answers->waiting = orders.size();
  answers->results.resize(orders.size());
  for (size_t i = 0; i < orders.size(); ++i) {
    const auto take = [answers, i](Result<Bytes> answer) {
      const std::lock_guard lock(answers->mutex);
      if (!answer.ok()) answers->results[i] = answer.error();
      --answers->waiting;
      answers->changed.notify_all();
    };
    peers.call_async(orders[i].agent, method, orders[i].payload, {.timeout = timeout}, take);
  }
  std::unique_lock lock(answers->mutex);
  answers->changed.wait(lock, [&] { return answers->waiting == 0; });
  return std::move(answers->results);
}

/// All orders go out at once: one slow host must not hold up the others. Orders that certainly did not arrive (an agent
/// that is starting, or has not yet joined the cluster) are sent again for kAgentWait; so are those whose answer was
/// lost with its connection: starting what runs and stopping what does not are no-ops.
Result<Bytes> send_all(rpc::Caller& peers, std::string_view method, std::vector<AgentOrder> orders,
                       milliseconds timeout) {
  const auto give_up = std::chrono::steady_clock::now() + kAgentWait;
  std::string failures;
  while (!orders.empty()) {
    const auto results = send_once(peers, method, orders, timeout);
    const bool is_last = std::chrono::steady_clock::now() >= give_up;
    std::vector<AgentOrder> again;
    for (size_t i = 0; i < orders.size(); ++i) {
      if (results[i].ok()) continue;
      const auto code = results[i].error().code;
      const bool was_lost = code == ErrorCode::kOutcomeUnknown && orders[i].lost++ < kLostMost;
      if (was_lost || (code == ErrorCode::kUnavailable && !is_last)) {
        again.push_back(std::move(orders[i]));
      } else {
        failures += (failures.empty() ? "" : "; ") + orders[i].node + ": " + results[i].error().message;
      }
    }
    orders = std::move(again);
    if (!orders.empty()) std::this_thread::sleep_for(kAgentPause);
  }
  if (failures.empty()) return Bytes();
  return Error{ErrorCode::kInvalid, "Agents could not carry out the order: " + failures};
}

}  // namespace

config::NodeEntry entry_of(const meta::Node& node) {
  return {.site = {node.host, node.port, node.alias},
          .mode = static_cast<config::NodeMode>(node.role),
          .group = node.compute_group,
          .zone = node.zone};
}

meta::Node node_of(const config::NodeEntry& entry) {
  return {.alias = entry.site.alias,
          .role = static_cast<meta::NodeRole>(entry.mode),
          .host = entry.site.host,
          .port = entry.site.port,
          .compute_group = entry.group,
          .zone = entry.zone};
}

std::string agent_of(const meta::State& state, const meta::Node& node) {
  for (const auto& [alias, other] : state.nodes) {
    if (other.role == meta::NodeRole::kAgent && other.host == node.host) return alias;
  }
  return "";
}

config::NodeStart start_order(const meta::State& state, const meta::Node& node, const std::string& controller) {
  config::NodeStart start{.node = entry_of(node), .controller_site = controller};
  const auto text = state.configuration.texts.find("cluster.cfg");
  if (text != state.configuration.texts.end()) {
    config::Findings findings;
    for (const auto& [name, value] :
         config::parse_cluster_config(text->second, "cluster.cfg", findings).effective_settings(node.alias)) {
      start.settings.emplace(name, value.text);
    }
  }
  for (const auto& [alias, other] : state.nodes) {
    if (other.role == meta::NodeRole::kAgent) continue;
    const config::RoleSite site{{other.host, other.port, alias}, static_cast<config::NodeMode>(other.role)};
    start.sites += (start.sites.empty() ? "" : ",") + site.to_string();
  }
  return start;
}

Result<meta::Node> find_startable(const meta::State& state, const std::string& name) {
  for (const auto& [alias, node] : state.nodes) {
    if (alias != name && node.host + ":" + std::to_string(node.port) != name) continue;
    if (node.role == meta::NodeRole::kDataNode || node.role == meta::NodeRole::kComputeNode) return node;
  }
  return Error{ErrorCode::kNotFound, "There is no data or compute node " + name + "."};
}

Result<Bytes> MetadataService::start_nodes(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::NodesRequest>(payload, meta::kStartNodes));
  const auto term = machine_.term();
  const auto found = machine_.read([&](const meta::State& state) -> Result<std::vector<AgentOrder>> {
    std::vector<AgentOrder> orders;
    for (const auto& name : request.nodes) {
      TRY(const auto node, find_startable(state, name));
      const auto agent = agent_of(state, node);
      if (agent.empty()) return no_agent(node);
      auto start = start_order(state, node, options_.self.site());
      start.restarts_after_crash = options_.restarts_after_crash;
      start.term = term;
      orders.push_back({agent, node.alias, start.encode()});
    }
    return orders;
  });
  if (!found.ok()) return found.error();
  for (const auto& order : *found) log_info("starts " + order.node + " through " + order.agent);
  return send_all(peers_, config::kStartNodeMethod, *found, options_.agent_timeout);
}

Result<Bytes> MetadataService::stop_nodes(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::NodesRequest>(payload, meta::kStopNodes));
  const auto term = machine_.term();
  const auto found = machine_.read([&](const meta::State& state) -> Result<std::vector<AgentOrder>> {
    std::vector<AgentOrder> orders;
    for (const auto& name : request.nodes) {
      TRY(const auto node, find_startable(state, name));
      const auto agent = agent_of(state, node);
      if (agent.empty()) return no_agent(node);
      orders.push_back({agent, node.alias, config::NodeStop{.alias = node.alias, .term = term}.encode()});
    }
    return orders;
  });
  if (!found.ok()) return found.error();
  for (const auto& order : *found) log_info("stops " + order.node + " through " + order.agent);
  const auto done = send_all(peers_, config::kStopNodeMethod, *found, options_.agent_timeout);
  if (done.ok()) {
    for (const auto& order : *found) live_.forget(order.node);
  }
  return done;
}

}  // namespace pelorus::controller
