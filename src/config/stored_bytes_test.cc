// docs/formats/node-directory.md: what scripts, agents and nodes read of each other, as programs of every level wrote
// it.

#include "base/stored_bytes.h"

#include "base/ids.h"
#include "config/node_lock.h"
#include "config/node_state.h"

namespace pelorus::config {
namespace {

TEST(StoredBytes, node_state) {
  const auto folder = std::filesystem::temp_directory_path() / ("pelorus-state-" + Uuid::random().to_string());
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(write_node_state(folder, {NodePhase::kFailed, "the port is taken: 8848"}).ok());
  std::ostringstream written;
  written << std::ifstream(folder / "node.state", std::ios::binary).rdbuf();
  check_stored("node_state", written.str(), [&](const std::string& bytes) {
    std::ofstream(folder / "node.state", std::ios::binary) << bytes;
    const auto state = read_node_state(folder);
    ASSERT_TRUE(state.ok()) << state.error().message;
    EXPECT_EQ(state->phase, NodePhase::kFailed);
    EXPECT_EQ(state->detail, "the port is taken: 8848");
  });
  std::filesystem::remove_all(folder);
}

TEST(StoredBytes, node_pid) {
  const ProcessIdentity process{.pid = 1234, .start_ticks = 567890, .boot_id = "11111111-2222-3333-4444-555555555555"};
  check_stored("node_pid", process.to_string(),
               [&](const std::string& bytes) { EXPECT_EQ(ProcessIdentity::parse(bytes), process); });
}

}  // namespace
}  // namespace pelorus::config
