#include "server/node_identity.h"

#include <gtest/gtest.h>

#include "io/memory_file_system.h"
#include "server/start_up.h"

namespace pelorus::server {
namespace {

TEST(NodeIdentity, remembers_where_the_nodes_files_are) {
  io::MemoryFileSystem disk;
  auto identity = load_identity(disk, "/home/data/controller1", "controller1").value();
  EXPECT_EQ(identity.log, "");
  identity.log = "/ssd/dfsMeta/raft";
  identity.data = "/ssd/chunkMeta";
  ASSERT_TRUE(save_identity(disk, "/home/data/controller1", identity).ok());
  const auto again = load_identity(disk, "/home/data/controller1", "controller1").value();
  EXPECT_EQ(again.node, identity.node);
  EXPECT_EQ(again.log, "/ssd/dfsMeta/raft");
  EXPECT_EQ(again.data, "/ssd/chunkMeta");
}

TEST(NodeIdentity, remembers_the_feature_level) {
  io::MemoryFileSystem disk;
  NodeEnvironment environment;
  environment.directory = "/home/data/node1";
  environment.identity = load_identity(disk, environment.directory, "node1").value();
  EXPECT_EQ(environment.level(), 0u);
  ASSERT_TRUE(environment.raise_level(disk, 2).ok());
  ASSERT_TRUE(environment.raise_level(disk, 1).ok());
  EXPECT_EQ(environment.level(), 2u);
  EXPECT_EQ(load_identity(disk, environment.directory, "node1").value().level, 2u);
}

TEST(NodeIdentity, settings_that_lead_away_from_its_files_are_refused) {
  io::MemoryFileSystem disk;
  ASSERT_TRUE(disk.make_directories("/ssd/dfsMeta/raft").ok());
  ASSERT_TRUE(io::replace_file(disk, "/ssd/dfsMeta/raft/log", "entries").ok());
  const auto refused = check_place(disk, "/ssd/dfsMeta/raft", "/home/data/controller1/dfsMeta/raft", "dfsMetaDir");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("what it keeps is in /ssd/dfsMeta/raft. Correct dfsMetaDir"),
            std::string::npos);
  EXPECT_TRUE(check_place(disk, "/ssd/dfsMeta/raft", "/ssd/dfsMeta/raft", "dfsMetaDir").ok());
  EXPECT_TRUE(check_place(disk, "", "/elsewhere", "dfsMetaDir").ok()) << "a new node";
  EXPECT_TRUE(check_place(disk, "/lost/disk", "/elsewhere", "dfsMetaDir").ok()) << "nothing is left there: a lost disk";
}

TEST(NodeIdentity, what_a_node_left_behind_does_not_start) {
  io::MemoryFileSystem disk;
  EXPECT_TRUE(check_not_left(disk, "/home/data/controller2", "controller2").ok());
  ASSERT_TRUE(disk.make_directories("/home/data/controller2").ok());
  ASSERT_TRUE(io::replace_file(disk, "/home/data/controller2/moved", "172.0.0.2:9902:controller2\nplan 0123\n").ok());
  const auto refused = check_not_left(disk, "/home/data/controller2", "controller2");
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_NE(refused.error().message.find("lives at 172.0.0.2:9902:controller2 now"), std::string::npos);
}

}  // namespace
}  // namespace pelorus::server
