#include <boost/json.hpp>
#include <cstdio>

#include "cli/cluster_view.h"
#include "cli/connect.h"
#include "cli/process/interrupt.h"
#include "cli/value_text.h"

namespace pelorus::cli {
namespace {

std::string memory_text(const NodeRow& node) {
  constexpr double kGb = 1024.0 * 1024 * 1024;
  char text[64];
  std::snprintf(text, sizeof text, "%.2f/%g GB", static_cast<double>(node.memory_used) / kGb, node.memory_max);
  return node.online ? text : "";
}

std::string view_json(const ClusterView& view) {
  namespace json = boost::json;
  json::array nodes;
  for (const auto& node : view.nodes) {
    nodes.push_back(json::object{{"host", node.host},
                                 {"port", node.port},
                                 {"alias", node.alias},
                                 {"role", role_name(node.mode)},
                                 {"online", node.online},
                                 {"leader", node.is_leader},
                                 {"memoryUsed", node.memory_used},
                                 {"maxMemSize", node.memory_max},
                                 {"connections", node.connections}});
  }
  const auto leader = view.leader();
  return json::serialize(
      json::object{{"leader", leader.empty() ? json::value() : json::value(leader)}, {"nodes", std::move(nodes)}});
}

std::string view_text(const ClusterView& view) {
  TextTable table;
  table.names = {"host", "alias", "role", "port", "state", "leader", "memory", "connections"};
  table.right = {false, false, false, true, false, false, true, true};
  std::string host;
  for (const auto& node : view.nodes) {
    table.rows.push_back({node.host == host ? "" : node.host, node.alias, std::string(role_name(node.mode)),
                          std::to_string(node.port), node.online ? "online" : "offline", node.is_leader ? "leader" : "",
                          memory_text(node), node.online ? std::to_string(node.connections) : ""});
    host = node.host;
  }
  return text_table(table);
}

/// Shows the cluster again and again until Ctrl-C; a node that goes away is asked again.
ExitCode watch(const Arguments& arguments, Terminal& terminal) {
  const auto seconds = arguments.number("watch", 1, 3600);
  if (!seconds.ok()) return report(seconds.error(), terminal);
  Interrupt interrupt;
  ExitCode failure{};
  auto connection = connect(arguments, terminal, false, failure);
  if (connection == nullptr) return failure;  // the first time: most likely a wrong address
  const bool json = arguments.has("json");
  const bool clears = terminal.facts().out_is_terminal && !json;
  const auto node = arguments.text("host") + ":" + arguments.text("port");
  do {
    if (connection == nullptr || !connection->is_usable()) {
      const client::Endpoint endpoint{arguments.text("host"), static_cast<int>(*arguments.number("port", 1, 65535))};
      auto again = client::Connection::open(endpoint, connection_options_of(arguments));
      connection = again.ok() ? std::move(again).value() : nullptr;
    }
    const auto view = connection == nullptr
                          ? Result<ClusterView>(Error{ErrorCode::kUnavailable, node + " does not answer"})
                          : read_cluster(*connection);
    if (clears) terminal.out() << "\033[H\033[2J";
    if (json && view.ok()) terminal.out() << view_json(*view) << std::endl;
    if (json && !view.ok()) terminal.complain(view.error().message);
    if (!json) terminal.out() << (view.ok() ? view_text(*view) : view.error().message) << "\n" << std::endl;
  } while (terminal.out().good() && !interrupt.wait(std::chrono::seconds(*seconds)));
  return ExitCode::kDone;
}

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  if (arguments.has("watch")) return watch(arguments, terminal);
  ExitCode failure{};
  const auto connection = connect(arguments, terminal, false, failure);
  if (connection == nullptr) return failure;
  const auto view = read_cluster(*connection);
  if (!view.ok()) return report(view.error(), terminal);
  terminal.out() << (arguments.has("json") ? view_json(*view) : view_text(*view)) << std::endl;
  if (!view->has_controllers() || !view->leader().empty()) return ExitCode::kDone;
  terminal.complain("no controller leads: a majority of the controllers must be online. Start those that are offline.");
  return ExitCode::kNotMet;
}

}  // namespace

const Command& status_command() {
  static const Command command = [] {
    Command made{
        .name = "status",
        .summary = "Shows the nodes of a cluster, by host.",
        .usage = "status [OPTIONS]",
        .examples = {"pelorus status", "pelorus status --host 10.0.0.11 --port 8900", "pelorus status --json",
                     "pelorus status --watch=5"},
        .options = {{"json", 'j', "", "one JSON object instead of text", ""},
                    {"watch", 'w', "SECONDS", "again every SECONDS (2) until Ctrl-C", "", "2"}},
        .notes = "Any node answers. Status 7: the cluster has no leader now.",
        .words_max = 0,
        .run = run,
    };
    for (const auto& option : connection_options()) made.options.push_back(option);
    return made;
  }();
  return command;
}

}  // namespace pelorus::cli
