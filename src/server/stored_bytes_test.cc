// docs/formats/node-directory.md: as programs of every level wrote it.

#include "base/stored_bytes.h"

#include "io/memory_file_system.h"
#include "server/node_identity.h"

namespace pelorus::server {
namespace {

TEST(StoredBytes, node_identity) {
  const auto node = Uuid::parse("11111111-2222-3333-4444-555555555555");
  const auto cluster = Uuid::parse("99999999-2222-3333-4444-555555555555");
  io::MemoryFileSystem disk;
  const NodeIdentity identity{
      .alias = "node1", .node = node, .cluster = cluster, .log = "/m", .data = "/d", .level = 1};
  ASSERT_TRUE(save_identity(disk, "/home/node1", identity).ok());
  check_stored("node_identity", io::read_file(disk, "/home/node1/identity", 4096).value(),
               [&](const std::string& bytes) {
                 ASSERT_TRUE(io::replace_file(disk, "/home/node1/identity", bytes).ok());
                 const auto read = load_identity(disk, "/home/node1", "node1");
                 ASSERT_TRUE(read.ok()) << read.error().message;
                 EXPECT_EQ(read->node, node);
                 EXPECT_EQ(read->cluster, cluster);
                 EXPECT_EQ(read->log, "/m");
                 EXPECT_EQ(read->data, "/d");
                 EXPECT_EQ(read->level, 1u);
               });
}

}  // namespace
}  // namespace pelorus::server
