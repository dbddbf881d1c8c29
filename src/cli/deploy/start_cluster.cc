// The second half of a deployment: from configured hosts to a cluster that is proven to work.

#include <algorithm>

#include "cli/deploy/cluster_watch.h"
#include "cli/deploy/deployment.h"
#include "cli/deploy/in_parallel.h"

namespace pelorus::cli::deploy {
namespace {

using config::NodeMode;

constexpr auto kStartLimit = std::chrono::seconds(120);
constexpr auto kReturnLimit = std::chrono::seconds(20);  // for nodes that agents start by themselves
constexpr auto kOnlineLimit = std::chrono::seconds(90);
constexpr int kListenSeconds = 20;
constexpr int kReachMilliseconds = 3000;

bool is_online(const ClusterView& view, const PlannedNode& node) {
  const auto* row = view.find(node.entry.site.alias);
  return row != nullptr && row->online;
}

}  // namespace

Result<std::string> Deployment::start_listening(size_t host) {
  std::string places;
  for (const auto* node : layout_.on_host(host)) {
    if (facts_[host].text("state:" + node->entry.site.alias).empty())
      places += " " + shell_word(node->entry.site.address());
  }
  if (places.empty()) return std::string();  // all of them run
  const auto package = std::ranges::find(layout_.packages, host, &PlannedPackage::host);
  // Its output must not be ours: the connection would wait for its end.
  return run(host,
             "server=" + shell_word(package->directory) + R"sh(
log=$(mktemp) || exit 1
LD_LIBRARY_PATH=$server/lib "$server/pelorus" deploy listen --timeout )sh" +
                 std::to_string(kListenSeconds) + places + R"sh( >"$log" 2>&1 </dev/null &
pid=$!
until grep -q '^ready' "$log"; do
  kill -0 "$pid" 2>/dev/null || { cat "$log" >&2; rm -f "$log"; exit 1; }
  sleep 0.05 2>/dev/null || sleep 1
done
rm -f "$log"; echo "$pid")sh",
             "", std::chrono::seconds(30));
}

Status Deployment::probe() {
  if (hosts_.size() < 2) return {};
  std::vector<std::string> listeners(hosts_.size());
  auto probed = on_hosts([&](size_t host) -> Status {
    TRY(listeners[host], start_listening(host));
    return {};
  });
  if (probed.ok()) {
    probed = on_hosts([&](size_t host) -> Status {
      std::string places;
      for (const auto& node : layout_.nodes) {
        if (node.host != host) places += " " + shell_word(node.entry.site.address());
      }
      const auto package = std::ranges::find(layout_.packages, host, &PlannedPackage::host);
      TRY(const auto ran,
          hosts_[host]->run("LD_LIBRARY_PATH=" + shell_word(package->directory + "/lib") + " " +
                                shell_word(package->directory + "/pelorus") + " deploy reach --timeout " +
                                std::to_string(kReachMilliseconds / 1000) + places,
                            "", std::chrono::seconds(30)));
      if (ran.status == 0) return {};
      return Error{ErrorCode::kUnavailable,
                   hosts_[host]->address() + " does not reach its peers:\n" + ran.out + ran.err +
                       "Open these ports between the hosts (firewall, security group), then run again."};
    });
  }
  const auto ended = in_parallel(
      hosts_.size(),
      [&](size_t host) -> Status {
        if (listeners[host].empty()) return {};
        TRY(const auto ignored, run(host, "kill " + listeners[host], "", std::chrono::seconds(10)));
        return {};
      },
      interrupt_, token_);
  TRY_DONE(probed);
  return ended;
}

Status Deployment::start_nodes(size_t package) {
  const auto& planned = layout_.packages[package];
  std::string script = "cd " + shell_word(planned.directory + "/clusterDemo") + " || exit 1\n";
  // The scripts say so when a node runs already.
  if (!planned.controller.empty()) script += "sh startController.sh --timeout 60 || exit 1\n";
  if (!planned.agent.empty()) script += "sh startAgent.sh --timeout 60 || exit 1\n";
  TRY(const auto ignored, run(planned.host, script, "", kStartLimit));
  return {};
}

Status Deployment::await_nodes(const ClusterWatch& watch) {
  const bool may_start = !password_.empty();
  const auto ready = watch.await(
      [&](const ClusterView& view) {
        return !view.leader().empty() &&
               std::ranges::all_of(layout_.nodes, [&](const PlannedNode& node) { return is_online(view, node); });
      },
      may_start ? kOnlineLimit : kReturnLimit, "all nodes online");
  if (ready.ok()) return {};
  if (may_start || ready.error().code != ErrorCode::kTimeout) return ready.error();
  return Error{ErrorCode::kDenied,
               ready.error().message +
                   ". To start data nodes, admin's password is needed: give it in the environment's PELORUS_PASSWORD"};
}

Status Deployment::start() {
  TRY_DONE(on_packages([this](size_t package) { return start_nodes(package); }));
  // Who is there is told to everybody; only admin may start data nodes.
  const ClusterWatch watch(layout_, password_.empty() ? "" : "admin", password_, interrupt_);
  TRY(const auto led, watch.await(
                          [&](const ClusterView& view) {
                            return !view.leader().empty() &&
                                   std::ranges::all_of(layout_.of(NodeMode::kAgent), [&](const PlannedNode* agent) {
                                     return is_online(view, *agent);
                                   });
                          },
                          kOnlineLimit, "a leader and its agents"));
  progress_.note({"leader: " + led.leader(), "主控制节点：" + led.leader()});
  if (!password_.empty()) TRY_DONE(watch.start_data_nodes(led));
  TRY_DONE(await_nodes(watch));
  progress_.note({std::to_string(layout_.nodes.size()) + " nodes are online",
                  std::to_string(layout_.nodes.size()) + " 个节点在线"});
  return {};
}

Status Deployment::prove() {
  if (password_.empty()) {
    progress_.note({"left out: it takes admin's password, in the environment's PELORUS_PASSWORD",
                    "已跳过：需要 admin 的密码（环境变量 PELORUS_PASSWORD）"});
    return {};
  }
  return ClusterWatch(layout_, "admin", password_, interrupt_)
      .prove(layout_.replicas, layout_.replicas_apart && hosts_.size() > 1);
}

}  // namespace pelorus::cli::deploy
