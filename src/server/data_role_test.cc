#include "server/data_role.h"

#include <gtest/gtest.h>

#include "io/memory_file_system.h"

namespace pelorus::server {
namespace {

const Uuid kNode = Uuid::parse("11111111-2222-3333-4444-555555555555");
const Uuid kCluster = Uuid::parse("99999999-2222-3333-4444-555555555555");

/// A data node's start on a machine where its data directories are used already.
class MovedNode : public testing::Test {
 protected:
  MovedNode() {
    const storage::StoreOptions options{.identity = {kNode, "node2", kCluster},
                                        .directories = {"/ssd/redoLog", "/ssd/chunkMeta", {"/ssd/volumes"}},
                                        .background = false};
    EXPECT_TRUE(storage::ChunkStore::open(disk_, clock_, options).ok());
  }
  void be(const std::string& alias) {
    environment_.site = {"172.0.0.2", 9908, alias};
    environment_.directory = "/home/data/" + alias;
    environment_.identity = {.alias = alias, .node = Uuid::random(), .cluster = {}};
    auto& settings = environment_.loaded.settings;
    settings.set("volumes", "/ssd/volumes", {});
    settings.set("redoLogDir", "/ssd/redoLog", {});
    settings.set("chunkMetaDir", "/ssd/chunkMeta", {});
  }

  io::MemoryFileSystem disk_;
  SystemClock clock_;
  NodeEnvironment environment_;
};

TEST_F(MovedNode, with_a_new_home_is_the_node_its_data_belong_to) {
  be("node2");
  ASSERT_TRUE(take_over_data(environment_, disk_).ok());
  EXPECT_EQ(environment_.node(), kNode);
  EXPECT_EQ(environment_.cluster(), kCluster);
  const auto kept = load_identity(disk_, "/home/data/node2", "node2");
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->node, kNode);
  EXPECT_EQ(kept->cluster, kCluster);
}

TEST_F(MovedNode, leaves_the_data_of_another_alias_alone) {
  be("node3");
  ASSERT_TRUE(take_over_data(environment_, disk_).ok());
  EXPECT_NE(environment_.node(), kNode);
  EXPECT_TRUE(environment_.cluster().is_nil());
}

TEST_F(MovedNode, stays_who_it_is_once_it_has_joined_a_cluster) {
  be("node2");
  environment_.identity.cluster = kCluster;
  ASSERT_TRUE(take_over_data(environment_, disk_).ok());
  EXPECT_NE(environment_.node(), kNode);
}

TEST_F(MovedNode, is_a_new_one_only_with_nothing_but_empty_directories) {
  be("node2");
  auto& settings = environment_.loaded.settings;
  settings.set("chunkMetaDir", "/ssd/elsewhere", {});
  const auto half = take_over_data(environment_, disk_);
  ASSERT_FALSE(half.ok());
  EXPECT_NE(half.error().message.find("/ssd/redoLog"), std::string::npos) << half.error().message;
  settings.set("redoLogDir", "/ssd/elsewhere", {});
  ASSERT_FALSE(take_over_data(environment_, disk_).ok());
  settings.set("volumes", "/ssd/elsewhere", {});
  ASSERT_TRUE(take_over_data(environment_, disk_).ok());
  EXPECT_TRUE(environment_.cluster().is_nil());
}

}  // namespace
}  // namespace pelorus::server
