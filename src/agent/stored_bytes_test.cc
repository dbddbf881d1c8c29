// docs/formats/node-directory.md: what an agent keeps, as programs of every level wrote it.

#include "base/stored_bytes.h"

#include "agent/node_arguments.h"
#include "base/ids.h"

namespace pelorus::agent {
namespace {

TEST(StoredBytes, node_arguments) {
  const auto folder = std::filesystem::temp_directory_path() / ("pelorus-arguments-" + Uuid::random().to_string());
  const std::vector<std::string> arguments{"-mode", "datanode", "-alias", "node1", "-maxMemSize", "", "-home", "/a b"};
  ASSERT_TRUE(write_arguments(folder, arguments).ok());
  const auto path = folder / "node.arguments";
  std::ostringstream written;
  written << std::ifstream(path, std::ios::binary).rdbuf();
  check_stored("node_arguments", written.str(), [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    EXPECT_EQ(read_arguments(folder), arguments);
  });
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace pelorus::agent
