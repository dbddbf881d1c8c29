#include "cli/deploy/cluster_watch.h"

#include <set>

namespace pelorus::cli::deploy {
namespace {

using config::NodeMode;

constexpr auto kRefusedLimit = std::chrono::seconds(5);
constexpr auto kOrderLimit = std::chrono::seconds(60);

/// Its name is the deployment's own, and a run that was killed here is tidied up by the next.
constexpr const char* kTable = R"(
if (existsDatabase("dfs://pelorus_deploy_check")) { dropDatabase("dfs://pelorus_deploy_check") }
db = database("dfs://pelorus_deploy_check", VALUE, 1..4)
t = createPartitionedTable(db, table(1:0, `id`v, [INT, INT]), `t, `id)
t.append!(table(1..4 as id, 10..13 as v))
)";
constexpr const char* kRead = R"(exec sum(v) from loadTable("dfs://pelorus_deploy_check", "t"))";
constexpr const char* kReplicas =
    R"(exec node from getReplicaHashes("dfs://pelorus_deploy_check", "t") where inSync order by chunkId)";

Error wrong(const std::string& what) {
  return Error{ErrorCode::kInternal, "the cluster runs, but the test table failed: " + what};
}

}  // namespace

ClusterWatch::ClusterWatch(const Layout& layout, std::string user, std::string password, Interrupt& interrupt)
    : layout_(layout), user_(std::move(user)), password_(std::move(password)), interrupt_(interrupt) {}

Result<ClusterView> ClusterWatch::look() const {
  client::ConnectionOptions options;
  options.user = user_;
  options.password = password_;
  options.socket.connect = std::chrono::milliseconds(2000);
  options.socket.silence = std::chrono::milliseconds(3000);
  std::vector<client::Endpoint> controllers;
  for (const auto* node : layout_.of(NodeMode::kController))
    controllers.push_back({node->entry.site.host, node->entry.site.port});
  return ask_controllers(controllers, options);
}

Result<ClusterView> ClusterWatch::await(const std::function<bool(const ClusterView&)>& is_so,
                                        std::chrono::seconds at_most, const std::string& awaited) const {
  const auto give_up = std::chrono::steady_clock::now() + at_most;
  std::string seen = "nothing";
  std::optional<std::chrono::steady_clock::time_point> refused_since;
  while (true) {
    auto view = look();
    if (view.ok() && is_so(*view)) return view;
    if (view.ok()) {
      seen = "leader " + (view->leader().empty() ? "none" : view->leader()) + ", offline:";
      for (const auto& node : view->nodes) seen += node.online ? "" : " " + node.alias;
    } else {
      // Between the election and the foundation nobody can log in yet.
      const auto now = std::chrono::steady_clock::now();
      if (view.error().code != ErrorCode::kDenied) {
        refused_since.reset();
      } else if (!refused_since) {
        refused_since = now;
      } else if (now - *refused_since > kRefusedLimit) {
        return view.error();
      }
      seen = view.error().message;
    }
    if (std::chrono::steady_clock::now() >= give_up) {
      return Error{ErrorCode::kTimeout, "the cluster did not get " + awaited + " in " +
                                            std::to_string(at_most.count()) + " s; last seen: " + seen +
                                            ". The nodes' logs are in clusterDemo/log on the hosts"};
    }
    if (interrupt_.wait(std::chrono::milliseconds(50))) return Error{ErrorCode::kCancelled, "interrupted"};
  }
}

client::FailoverConnection ClusterWatch::connection_to(NodeMode mode) const {
  std::vector<client::Endpoint> sites;
  for (const auto* node : layout_.of(mode)) sites.push_back({node->entry.site.host, node->entry.site.port});
  client::FailoverOptions options;
  options.connection.user = user_;
  options.connection.password = password_;
  options.connection.socket.connect = std::chrono::milliseconds(2000);
  options.connection.socket.silence = std::chrono::milliseconds(30'000);
  options.give_up_after = kOrderLimit;
  return client::FailoverConnection(std::move(sites), options);
}

Status ClusterWatch::start_data_nodes(const ClusterView& view) const {
  std::string aliases;
  for (const auto* node : layout_.of(NodeMode::kDataNode)) {
    const auto& alias = node->entry.site.alias;
    const auto* row = view.find(alias);
    if (row == nullptr || !row->online) aliases += (aliases.empty() ? "\"" : ",\"") + alias + "\"";
  }
  if (aliases.empty()) return {};
  auto controllers = connection_to(NodeMode::kController);
  const auto ordered = controllers.run("startDataNode([" + aliases + "])");
  if (!ordered.ok()) return ordered.error();
  return {};
}

Status ClusterWatch::prove(int replicas, bool on_different_hosts) const {
  auto nodes = connection_to(NodeMode::kDataNode);
  const auto made = nodes.run(kTable);
  if (!made.ok()) return wrong(made.error().message);
  TRY(const auto sum, nodes.run(kRead));
  if (!sum || !sum->is_scalar() || sum->scalar().is_null() || sum->scalar().as_int64() != 46)
    return wrong("other rows were read than written");
  TRY(const auto where, nodes.run(kReplicas));
  if (!where || !where->is_vector() || where->vector().size() != static_cast<size_t>(4 * replicas)) {
    return wrong("its 4 partitions do not have " + std::to_string(replicas) + " replicas each");
  }
  for (size_t chunk = 0; chunk < 4; ++chunk) {
    std::set<size_t> hosts;
    for (size_t i = 0; i < static_cast<size_t>(replicas); ++i) {
      const auto* node = layout_.find(where->vector().text_at(chunk * static_cast<size_t>(replicas) + i));
      if (node != nullptr) hosts.insert(node->host);
    }
    if (on_different_hosts && hosts.size() != static_cast<size_t>(replicas))
      return wrong("replicas of one partition are on one host");
  }
  const auto dropped = nodes.run("dropDatabase(\"dfs://pelorus_deploy_check\")");
  if (!dropped.ok()) return wrong(dropped.error().message);
  return {};
}

}  // namespace pelorus::cli::deploy
