// docs/formats/node-directory.md: as programs of every level wrote it.

#include "base/stored_bytes.h"

#include "io/memory_file_system.h"
#include "server/foundation.h"
#include "server/node_identity.h"

namespace pelorus::server {
namespace {

const Uuid kNode = Uuid::parse("11111111-2222-3333-4444-555555555555");
const Uuid kCluster = Uuid::parse("99999999-2222-3333-4444-555555555555");

TEST(StoredBytes, node_identity) {
  io::MemoryFileSystem disk;
  const NodeIdentity identity{
      .alias = "node1", .node = kNode, .cluster = kCluster, .log = "/m", .data = "/d", .level = 1};
  ASSERT_TRUE(save_identity(disk, "/home/node1", identity).ok());
  const auto written = io::read_file(disk, "/home/node1/identity", 4096);
  ASSERT_TRUE(written.ok());
  check_stored("node_identity", *written, [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, "/home/node1/identity", bytes).ok());
    const auto read = load_identity(disk, "/home/node1", "node1");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->node, kNode);
    EXPECT_EQ(read->cluster, kCluster);
    EXPECT_EQ(read->log, "/m");
    EXPECT_EQ(read->data, "/d");
    EXPECT_EQ(read->level, 1u);
  });
}

TEST(StoredBytes, foundation) {
  io::MemoryFileSystem disk;
  ASSERT_TRUE(disk.make_directories("/home/controller1").ok());
  const Foundation promised{.cluster = kCluster, .founders = {{"controller1", kNode}}, .log_made = true};
  ASSERT_TRUE(save_foundation(disk, "/home/controller1", promised).ok());
  const auto written = io::read_file(disk, "/home/controller1/foundation", 4096);
  ASSERT_TRUE(written.ok());
  check_stored("foundation", *written, [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, "/home/controller1/foundation", bytes).ok());
    const auto read = load_foundation(disk, "/home/controller1");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->cluster, kCluster);
    EXPECT_EQ(read->founders, promised.founders);
    EXPECT_TRUE(read->log_made);
  });
}

}  // namespace
}  // namespace pelorus::server
