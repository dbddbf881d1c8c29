#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "io/checksum.h"
#include "io/faulty_file_system.h"
#include "io/memory_file_system.h"
#include "io/posix_file_system.h"

namespace pelorus::io {
namespace {

TEST(Checksum, is_crc32c_and_continues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);  // the check value of CRC-32C
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xE3069283u);
  EXPECT_EQ(crc32c(""), 0u);
}

/// What every file system promises.
void check_file_system(FileSystem& files, const std::string& root) {
  const std::string directory = join_path(root, "a/b");
  ASSERT_TRUE(files.make_directories(directory).ok());
  ASSERT_TRUE(files.make_directories(directory).ok());
  const std::string path = join_path(directory, "f");
  EXPECT_EQ(files.open(path, OpenMode::kRead).error().code, ErrorCode::kNotFound);
  {
    auto file = files.open(path, OpenMode::kCreate).value();
    const std::string_view parts[] = {"hel", "", "lo"};
    ASSERT_TRUE(file->write(2, parts).ok());
    ASSERT_TRUE(file->sync().ok());
    EXPECT_EQ(file->size().value(), 7u);
  }
  EXPECT_EQ(read_file(files, path, 100).value(), std::string("\0\0hello", 7));
  EXPECT_EQ(read_file(files, path, 6).error().code, ErrorCode::kLimit);
  {
    auto file = files.open(path, OpenMode::kWrite).value();
    char buffer[10];
    EXPECT_EQ(file->read(5, buffer, 10).value(), 2u);
    EXPECT_EQ(read_exactly(*file, path, 5, buffer, 3).error().code, ErrorCode::kCorrupt);
    ASSERT_TRUE(file->allocate(100).ok());
    EXPECT_EQ(file->size().value(), 100u);
    ASSERT_TRUE(file->truncate(1).ok());
    EXPECT_EQ(file->size().value(), 1u);
  }
  ASSERT_TRUE(replace_file(files, path, "new").ok());
  EXPECT_EQ(read_file(files, path, 100).value(), "new");
  ASSERT_TRUE(files.rename(path, join_path(directory, "g")).ok());
  EXPECT_EQ(files.list(directory).value(), std::vector<std::string>{"g"});
  EXPECT_EQ(files.list(join_path(root, "a")).value(), std::vector<std::string>{"b"});
  EXPECT_FALSE(files.remove_directory(directory).ok());
  ASSERT_TRUE(files.remove(join_path(directory, "g")).ok());
  EXPECT_FALSE(files.exists(join_path(directory, "g")).value());
  ASSERT_TRUE(files.remove_directory(directory).ok());
  EXPECT_GT(files.space(root).value().bytes_total, 0u);
  auto lock = files.lock(join_path(root, "lock"));
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(files.lock(join_path(root, "lock")).error().code, ErrorCode::kConflict);
}

TEST(PosixFileSystem, keeps_its_promises) {
  std::string root = (std::filesystem::temp_directory_path() / "pelorus_io_XXXXXX").string();
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  PosixFileSystem files;
  check_file_system(files, root);
  std::filesystem::remove_all(root);
}

TEST(PosixFileSystem, says_so_where_a_file_stands_in_place_of_a_directory) {
  PosixFileSystem files;
  const std::string path = ::testing::TempDir() + "/pelorus_io_test_file";
  ASSERT_TRUE(replace_file(files, path, "x").ok());
  EXPECT_EQ(files.make_directories(path).error().message, "not a directory: " + path);
  EXPECT_EQ(files.list(path).error().message, "not a directory: " + path);
  ASSERT_TRUE(files.remove(path).ok());
}

TEST(MemoryFileSystem, keeps_its_promises) {
  MemoryFileSystem files;
  check_file_system(files, "/root");
}

TEST(MemoryFileSystem, crash_drops_what_was_not_synced) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.make_directories("/d").ok());
  auto file = files.open("/d/f", OpenMode::kCreate).value();
  ASSERT_TRUE(file->write_at(0, "safe").ok());
  ASSERT_TRUE(file->sync().ok());
  files.crash(CrashStyle::kDropUnsynced, 1);
  EXPECT_FALSE(files.exists("/d/f").value()) << "the name was never synced";

  file = files.open("/d/f", OpenMode::kCreate).value();
  ASSERT_TRUE(file->write_at(0, "safe").ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(files.sync_directory("/d").ok());
  ASSERT_TRUE(file->write_at(0, "lost!").ok());
  files.crash(CrashStyle::kDropUnsynced, 1);
  EXPECT_EQ(read_file(files, "/d/f", 10).value(), "safe");
}

TEST(MemoryFileSystem, random_crash_tears_a_write_for_some_seed) {
  bool torn = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    MemoryFileSystem files;
    auto file = files.open("/f", OpenMode::kCreate).value();
    ASSERT_TRUE(files.sync_directory("/").ok());
    ASSERT_TRUE(file->write_at(0, std::string(4096, 'x')).ok());
    files.crash(CrashStyle::kRandom, seed);
    const auto content = read_file(files, "/f", 4096).value();
    const auto kept = static_cast<size_t>(std::count(content.begin(), content.end(), 'x'));
    torn = torn || (kept > 0 && kept < 4096);
  }
  EXPECT_TRUE(torn);
}

TEST(FaultyFileSystem, counts_steps_and_stops_at_the_chosen_one) {
  MemoryFileSystem memory;
  FaultyFileSystem files(memory);
  ASSERT_TRUE(replace_file(files, "/f", "old").ok());
  const uint64_t steps = files.steps();
  EXPECT_EQ(steps, 5u);  // create, write, sync, rename, sync directory
  for (uint64_t step = 1; step <= steps; ++step) {
    MemoryFileSystem disk;
    FaultyFileSystem faulty(disk);
    ASSERT_TRUE(replace_file(faulty, "/f", "old").ok());
    faulty.crash_at(steps + step);
    EXPECT_FALSE(replace_file(faulty, "/f", "new").ok());
    EXPECT_TRUE(faulty.crashed());
    disk.crash(CrashStyle::kRandom, step);
    const auto content = read_file(disk, "/f", 10).value();
    EXPECT_TRUE(content == "old" || content == "new") << content;
  }
}

TEST(FaultyFileSystem, fails_as_told) {
  MemoryFileSystem memory;
  FaultyFileSystem files(memory);
  files.set_full(true);
  EXPECT_EQ(replace_file(files, "/f", "x").error().code, ErrorCode::kNoSpace);
  files.set_full(false);
  files.fail(Operation::kSync, "/f");
  EXPECT_EQ(replace_file(files, "/f", "x").error().code, ErrorCode::kIo);
  EXPECT_TRUE(replace_file(files, "/f", "x").ok());
}

}  // namespace
}  // namespace pelorus::io
