#include "cli/cluster_view.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace pelorus::cli {
namespace {

/// 0, empty or false where the column is missing or null.
class Row {
 public:
  Row(const data::Table& table, size_t row) : table_(table), row_(row) {}
  int64_t whole(std::string_view name) const {
    const auto cell = at(name);
    return cell.is_null() || cell.is_text() ? 0 : static_cast<int64_t>(cell.as_double());
  }
  double number(std::string_view name) const {
    const auto cell = at(name);
    return cell.is_null() || cell.is_text() ? 0 : cell.as_double();
  }
  std::string text(std::string_view name) const { return at(name).text(); }

 private:
  data::Scalar at(std::string_view name) const {
    const int column = table_.find(name);
    if (column < 0 || table_.column(static_cast<size_t>(column)).is_tuple()) return {};
    return table_.column(static_cast<size_t>(column)).scalar_at(row_);
  }
  const data::Table& table_;
  const size_t row_;
};

int rank_of(int mode) { return mode == 2 ? 0 : mode == 1 ? 1 : mode == 0 || mode == 3 ? 2 : 3; }

}  // namespace

std::string_view role_name(int mode) {
  constexpr std::string_view kNames[] = {"data node", "agent", "controller", "single", "compute node"};
  return mode >= 0 && mode < 5 ? kNames[mode] : "unknown";
}

std::string ClusterView::leader() const {
  for (const auto& node : nodes) {
    if (node.is_leader && node.online) return node.alias;
  }
  return "";
}

bool ClusterView::has_controllers() const {
  return std::any_of(nodes.begin(), nodes.end(), [](const NodeRow& node) { return node.mode == 2; });
}

const NodeRow* ClusterView::find(const std::string& alias) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodeRow& node) { return node.alias == alias; });
  return found == nodes.end() ? nullptr : &*found;
}

Result<ClusterView> view_of(const data::Value& answer) {
  if (!answer.is_plain_table() || answer.table().find("name") < 0 || answer.table().find("state") < 0) {
    return Error{ErrorCode::kCorrupt, "getClusterPerf(true) gave no table of nodes but " + answer.type_text()};
  }
  ClusterView view;
  for (size_t i = 0; i < answer.table().rows(); ++i) {
    const Row row(answer.table(), i);
    NodeRow node;
    node.host = row.text("host");
    node.alias = row.text("name");
    node.port = static_cast<int>(row.whole("port"));
    node.mode = static_cast<int>(row.whole("mode"));
    node.online = row.whole("state") == 1;
    node.is_leader = row.whole("isLeader") == 1;
    node.memory_used = row.whole("memoryUsed");
    node.memory_max = row.number("maxMemSize");
    node.connections = static_cast<int>(row.whole("connectionNum"));
    view.nodes.push_back(std::move(node));
  }
  std::sort(view.nodes.begin(), view.nodes.end(), [](const NodeRow& left, const NodeRow& right) {
    return std::forward_as_tuple(left.host, rank_of(left.mode), left.alias) <
           std::forward_as_tuple(right.host, rank_of(right.mode), right.alias);
  });
  return view;
}

Result<ClusterView> read_cluster(client::Connection& connection) {
  TRY(const auto answer, connection.run("getClusterPerf(true)"));
  return view_of(answer.value_or(data::Value()));
}

Result<ClusterView> ask_controllers(const std::vector<client::Endpoint>& controllers,
                                    const client::ConnectionOptions& options) {
  Error last{ErrorCode::kUnavailable, "no controller answers"};
  std::optional<ClusterView> leaderless;
  for (const auto& controller : controllers) {
    auto connection = client::Connection::open(controller, options);
    if (!connection.ok()) {
      last = connection.error();
      if (last.code == ErrorCode::kDenied) return last;
      continue;
    }
    auto view = read_cluster(**connection);
    if (!view.ok()) {
      last = view.error();
    } else if (view->leader().empty()) {
      leaderless = std::move(view).value();
    } else {
      return view;
    }
  }
  if (leaderless) return std::move(*leaderless);
  return last;
}

}  // namespace pelorus::cli
