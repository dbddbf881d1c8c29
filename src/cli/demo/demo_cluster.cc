#include "cli/demo/demo_cluster.h"

#include <signal.h>

#include <algorithm>

#include "cli/process/child_process.h"
#include "client/failover.h"
#include "config/node_lock.h"

namespace pelorus::cli {
namespace {

constexpr auto kStartLimit = std::chrono::seconds(60);
constexpr auto kStopLimit = std::chrono::seconds(60);

client::ConnectionOptions as_admin(std::chrono::milliseconds silence) {
  client::ConnectionOptions options;
  options.user = kDemoUser;
  options.password = kDemoPassword;
  options.socket.connect = std::chrono::milliseconds(1000);
  options.socket.silence = silence;
  return options;
}

}  // namespace

Status DemoCluster::start_controllers() {
  std::vector<ChildProcess> starting;
  const auto log = [&](int server) { return place_.directory / ("start" + std::to_string(server) + ".log"); };
  for (int i = 1; i <= kDemoServers; ++i) {
    TRY(auto child,
        ChildProcess::start({{"sh", "startController.sh", "--timeout", "50"}, log(i), place_.cluster(i)}, false));
    starting.push_back(std::move(child));
  }
  for (int i = 1; i <= kDemoServers; ++i) {
    TRY(const int status, starting[static_cast<size_t>(i - 1)].wait(kStartLimit, &interrupt_));
    if (status != 0) {
      return Error{ErrorCode::kUnavailable,
                   "controller" + std::to_string(i) + " was not started:\n" + last_lines(log(i), 8)};
    }
  }
  return {};
}

Status DemoCluster::start() {
  TRY_DONE(start_controllers());
  TRY_DONE(run_program({{"sh", "startAgent.sh", "--timeout", "50"}, place_.directory / "start1.log", place_.cluster(1)},
                       kStartLimit, &interrupt_));
  TRY(const auto led, await(
                          [](const ClusterView& view) {
                            const auto* agent = view.find("agent1");
                            return !view.leader().empty() && agent != nullptr && agent->online;
                          },
                          kStartLimit, "a leader and the agent"));
  client::FailoverOptions options;
  options.connection = as_admin(std::chrono::seconds(30));
  options.give_up_after = kStartLimit;
  const auto* leader = led.find(led.leader());
  client::FailoverConnection controllers({{leader->host, leader->port}}, options);
  const auto started = controllers.run("startDataNode([\"node1\",\"node2\",\"node3\"])");
  if (!started.ok()) return started.error();
  TRY(const auto ready, await(
                            [](const ClusterView& view) {
                              return std::all_of(view.nodes.begin(), view.nodes.end(),
                                                 [](const NodeRow& node) { return node.online; });
                            },
                            kStartLimit, "all nodes online"));
  return {};
}

Result<ClusterView> DemoCluster::look() const {
  return ask_controllers(place_.controllers(), as_admin(std::chrono::seconds(3)));
}

Result<ClusterView> DemoCluster::await(const std::function<bool(const ClusterView&)>& is_so,
                                       std::chrono::seconds at_most, const std::string& awaited) const {
  const auto give_up = std::chrono::steady_clock::now() + at_most;
  std::string seen = "nothing";
  while (true) {
    auto view = look();
    if (view.ok() && is_so(*view)) return view;
    if (view.ok()) {
      seen = "leader " + (view->leader().empty() ? "none" : view->leader()) + ", online";
      for (const auto& node : view->nodes) seen += node.online ? " " + node.alias : "";
    } else {
      seen = view.error().message;
    }
    if (std::chrono::steady_clock::now() >= give_up) {
      return Error{ErrorCode::kTimeout, "The cluster did not get " + awaited + " in " +
                                            std::to_string(at_most.count()) + " s; last seen: " + seen};
    }
    if (interrupt_.wait(std::chrono::milliseconds(100))) return Error{ErrorCode::kCancelled, "interrupted"};
  }
}

void DemoCluster::stop() {
  for (int i = 1; i <= kDemoServers; ++i) {
    // A failure leaves processes, which the loop below ends.
    const auto stopped =
        run_program({{"sh", "stopAllNode.sh", "--timeout", "30"}, place_.directory / "stop.log", place_.cluster(i)},
                    kStopLimit, nullptr);
    static_cast<void>(stopped.ok());
  }
  for (const auto& alias : place_.aliases()) {
    const auto running = config::running_node(place_.node_directory(alias));
    if (running) kill(running->pid, SIGKILL);
  }
}

}  // namespace pelorus::cli
