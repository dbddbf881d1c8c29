#include "config/node_orders.h"

#include <gtest/gtest.h>

namespace pelorus::config {
namespace {

NodeStart example() {
  return {{{"172.0.0.1", 9907, "node1"}, NodeMode::kDataNode, "", "z"},
          {{"volumes", "/a,/b"}, {"workerNum", "4"}},
          "172.0.0.1:9907:node1:datanode",
          "172.0.0.1:9901:controller1",
          true,
          7};
}

TEST(NodeOrders, survive_their_bytes) {
  const auto start = NodeStart::decode(example().encode());
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->node, example().node);
  EXPECT_EQ(start->settings, example().settings);
  EXPECT_EQ(start->sites, example().sites);
  EXPECT_EQ(start->controller_site, example().controller_site);
  EXPECT_TRUE(start->restarts_after_crash);
  EXPECT_EQ(start->term, 7u);
  const auto stop = NodeStop::decode(NodeStop{"node1", 5000, 8}.encode());
  EXPECT_EQ(stop->alias, "node1");
  EXPECT_EQ(stop->timeout_ms, 5000u);
  const AgentReport report{"agent1", {{"node1", 12, "ready", "", 1}, {"node2", 0, "stopped", "exit 1", 0}}};
  EXPECT_EQ(AgentReport::decode(report.encode())->nodes, report.nodes);
}

TEST(NodeOrders, are_told_from_a_bare_alias) {
  EXPECT_TRUE(is_node_order(example().encode()));
  EXPECT_FALSE(is_node_order("node1"));
  EXPECT_FALSE(is_node_order(""));
}

TEST(NodeOrders, cut_or_absurd_bytes_are_refused) {
  const auto bytes = example().encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(NodeStart::decode(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  auto escape = example();
  escape.node.site.alias = "../../etc";
  EXPECT_EQ(NodeStart::decode(escape.encode()).error().code, ErrorCode::kCorrupt);
  auto controller = example();
  controller.node.mode = NodeMode::kController;
  EXPECT_FALSE(NodeStart::decode(controller.encode()).ok());
}

}  // namespace
}  // namespace pelorus::config
