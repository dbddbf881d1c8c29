#include "meta/stream_graphs.h"

#include <gtest/gtest.h>

#include "meta/apply/cluster_fixture.h"
#include "meta/catalogs.h"

namespace pelorus::meta {
namespace {

using Kind = StreamGraphChange::Kind;

class StreamGraphsTest : public testing::Test {
 protected:
  StreamGraphsTest() {
    state_.users["root"] = User{.id = "root", .is_admin = true};
    state_.users["ann"] = User{.id = "ann"};
    state_.users["bob"] = User{.id = "bob"};
    EXPECT_EQ(change_catalog({.user = "root", .kind = CatalogChange::Kind::kCreate, .catalog = "demo"}), "");
  }

  std::string change_catalog(const CatalogChange& change) {
    const auto after = changed(state_, change);
    if (!after.ok()) return after.error().message;
    state_.records[{kCatalogsArea, kCatalogsRecord}] = encode(*after);
    return {};
  }
  /// Made and recorded; the error's text, empty for none.
  std::string make(StreamGraphChange change) {
    if (change.user.empty()) change.user = "ann";
    const auto after = changed(state_, change);
    if (!after.ok()) return after.error().message;
    state_.records[{kStreamGraphsArea, kStreamGraphsRecord}] = encode(*after);
    return {};
  }
  std::string submit(const std::string& name, const std::vector<std::string>& tables, const std::string& id = "1",
                     std::vector<std::string> engines = {}) {
    StreamGraphChange change{.graph = {.name = "demo.orca_graph." + name, .id = id, .node = "dn1", .owner = "ann"}};
    change.graph.engines = std::move(engines);
    for (const auto& table : tables) {
      change.graph.tables.push_back("demo.orca_table." + table);
      change.graph.own_tables.push_back("demo.orca_table." + table);
      if (all().find_table(change.graph.tables.back()) == nullptr)
        change.tables.push_back({.name = change.graph.tables.back(), .id = "t", .node = "dn1", .owner = "ann"});
    }
    return make(std::move(change));
  }
  std::string destroy(const std::string& name, bool with_tables, const std::string& user = "ann") {
    StreamGraphChange change{.user = user, .kind = Kind::kDestroy, .with_tables = with_tables};
    change.graph.name = "demo.orca_graph." + name;
    return make(std::move(change));
  }
  std::string drop_table(const std::string& name, const std::string& user = "ann") {
    return make({.user = user, .kind = Kind::kDropTable, .tables = {{.name = "demo.orca_table." + name}}});
  }
  StreamGraphs all() {
    auto graphs = stream_graphs_of(state_);
    return graphs.ok() ? *graphs : StreamGraphs{};
  }
  static bool says(const std::string& message, const std::string& part) {
    return message.find(part) != std::string::npos;
  }

  State state_;
};

TEST_F(StreamGraphsTest, a_graph_and_its_tables_are_there_until_they_are_dropped) {
  EXPECT_EQ(submit("sums", {"trades", "totals"}), "");
  EXPECT_TRUE(says(submit("sums", {"trades"}, "2"), "exists already and is running"));
  ASSERT_NE(all().find_graph("DEMO.orca_graph.Sums"), nullptr);
  EXPECT_EQ(all().users_of("demo.orca_table.trades").size(), 1u);
  EXPECT_TRUE(says(drop_table("trades"), "is used by demo.orca_graph.sums"));
  EXPECT_EQ(destroy("sums", false), "");
  EXPECT_EQ(all().graphs.at("demo.orca_graph.sums").status, GraphStatus::kDestroyed);
  EXPECT_EQ(all().tables.size(), 2u);
  EXPECT_EQ(submit("sums", {"trades", "totals"}, "2"), "");  // over the tables that stayed
  EXPECT_EQ(destroy("sums", true), "");
  EXPECT_TRUE(all().tables.empty());
}

TEST_F(StreamGraphsTest, tables_of_another_graph_stay_when_one_goes) {
  EXPECT_EQ(submit("one", {"trades"}, "1"), "");
  EXPECT_EQ(submit("two", {"trades"}, "2"), "");
  EXPECT_TRUE(says(destroy("one", true), "is used by demo.orca_graph.two"));
  EXPECT_EQ(all().graphs.at("demo.orca_graph.one").status, GraphStatus::kRunning);
}

TEST_F(StreamGraphsTest, what_is_not_there_or_taken_is_named) {
  StreamGraphChange elsewhere{.graph = {.name = "nowhere.orca_graph.x", .id = "1", .owner = "ann"}};
  EXPECT_TRUE(says(make(elsewhere), "The catalog doesn't exist: nowhere"));
  StreamGraphChange reads{.graph = {.name = "demo.orca_graph.x", .id = "1", .owner = "ann"}};
  reads.graph.tables = {"demo.orca_table.missing"};
  EXPECT_TRUE(says(make(reads), "The stream table doesn't exist: demo.orca_table.missing"));
  EXPECT_EQ(submit("one", {}, "1", {"demo.orca_engine.e"}), "");
  EXPECT_TRUE(says(submit("two", {}, "2", {"demo.orca_engine.E"}), "has an engine named demo.orca_engine.E already"));
  EXPECT_EQ(all().graph_of_engine("demo.orca_engine.e")->name, "demo.orca_graph.one");
}

TEST_F(StreamGraphsTest, only_owners_and_administrators_change_them) {
  EXPECT_EQ(submit("sums", {"trades"}), "");
  EXPECT_TRUE(says(destroy("sums", true, "bob"), "<NoPrivilege>"));
  EXPECT_EQ(destroy("sums", false, "root"), "");
  EXPECT_TRUE(says(drop_table("trades", "bob"), "<NoPrivilege>"));
}

TEST_F(StreamGraphsTest, records_of_destroyed_graphs_only_are_purged) {
  EXPECT_EQ(submit("sums", {}), "");
  StreamGraphChange purge{.kind = Kind::kPurge};
  purge.graph.name = "demo.orca_graph.sums";
  EXPECT_TRUE(says(make(purge), "is running"));
  EXPECT_EQ(destroy("sums", false), "");
  EXPECT_EQ(make(purge), "");
  EXPECT_TRUE(all().graphs.empty());
}

TEST_F(StreamGraphsTest, a_catalog_that_holds_streams_stays) {
  EXPECT_EQ(submit("sums", {"trades"}), "");
  EXPECT_TRUE(says(change_catalog({.user = "root", .kind = CatalogChange::Kind::kDrop, .catalog = "Demo"}),
                   "demo.orca_graph.sums, demo.orca_table.trades"));
  EXPECT_EQ(destroy("sums", true), "");
  EXPECT_EQ(change_catalog({.user = "root", .kind = CatalogChange::Kind::kDrop, .catalog = "demo"}), "");
}

}  // namespace
}  // namespace pelorus::meta
