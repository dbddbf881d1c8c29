// docs/internals/raft.md, "Formats": as programs of every level wrote them.

#include "base/stored_bytes.h"

#include "io/memory_file_system.h"
#include "raft/internal/command_file.h"
#include "raft/internal/entry_format.h"
#include "raft/internal/identity.h"

namespace pelorus::raft {
namespace {

Uuid uuid(uint8_t seed) {
  Uuid id;
  id.bytes.fill(seed);
  return id;
}

TEST(StoredBytes, entry) {
  EntryEncoder encoder(uuid(1), {10, 99}, 7);
  encoder.add("first");
  encoder.add("second");
  LogPlace after;
  check_stored("raft_entry", encoder.finish(after), [&](const std::string& bytes) {
    const auto entry = decode_entry(bytes);
    ASSERT_TRUE(entry.ok()) << entry.error().message;
    EXPECT_EQ(entry->group, uuid(1));
    EXPECT_EQ(entry->before, (LogPlace{10, 99}));
    EXPECT_EQ(entry->proposer, 7u);
    EXPECT_EQ(entry->commands, (std::vector<std::string_view>{"first", "second"}));
    EXPECT_EQ(entry->after, after) << "the hash chain";
  });
}

TEST(StoredBytes, snapshot) {
  check_stored("raft_snapshot", encode_snapshot(uuid(1), {10, 99}, "the state"), [](const std::string& bytes) {
    const auto snapshot = decode_snapshot(bytes);
    ASSERT_TRUE(snapshot.ok()) << snapshot.error().message;
    EXPECT_EQ(snapshot->at, (LogPlace{10, 99}));
    EXPECT_EQ(snapshot->state, "the state");
  });
}

TEST(StoredBytes, identity) {
  const auto folder = std::filesystem::temp_directory_path() / ("pelorus-identity-" + Uuid::random().to_string());
  std::filesystem::create_directories(folder);
  const Identity self{uuid(1), uuid(2), "controllers", 7, "controller1", true, 12};
  ASSERT_TRUE(write_identity(folder.string(), self).ok());
  std::ostringstream written;
  written << std::ifstream(folder / "identity", std::ios::binary).rdbuf();
  check_stored("raft_identity", written.str(), [&](const std::string& bytes) {
    std::ofstream(folder / "identity", std::ios::binary) << bytes;
    Identity known;
    // It had voted and its log is gone: exactly what the file is there to notice.
    const auto checked = check_storage(folder.string(), self, known);
    EXPECT_EQ(known.committed_index, 12u);
    EXPECT_EQ(known.alias, "controller1");
    EXPECT_FALSE(checked.ok());
  });
  std::filesystem::remove_all(folder);
}

TEST(StoredBytes, single_node_log) {
  io::MemoryFileSystem disk;
  ASSERT_TRUE(disk.make_directories("/log").ok());
  std::string path;
  {
    CommandFile file(disk);
    ASSERT_TRUE(file.create("/log", 5).ok());
    ASSERT_TRUE(file.append(6, {"first", "second"}).ok());
    ASSERT_TRUE(file.append(8, {"third"}).ok());
    path = file.path();
  }
  const auto written = io::read_file(disk, path, 1 << 20);
  ASSERT_TRUE(written.ok());
  check_stored("single_node_log", *written, [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, path, bytes).ok());
    std::vector<std::string> found;
    CommandFile file(disk);
    const auto opened = file.open(path, [&](uint64_t number, std::string_view command) -> Status {
      found.push_back(std::to_string(number) + " " + std::string(command));
      return {};
    });
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(found, (std::vector<std::string>{"6 first", "7 second", "8 third"}));
  });
}

}  // namespace
}  // namespace pelorus::raft
