#include "io/process_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/fault_point.h"

namespace pelorus::io {
namespace {

class ProcessFilesTest : public testing::Test {
 protected:
  ProcessFilesTest() { std::filesystem::create_directories(base_); }
  ~ProcessFilesTest() override {
    order_faults({});
    std::filesystem::remove_all(base_);
  }
  static void fail(const std::string& name) {
    order_faults({{.name = name, .passage = 1, .action = FaultOrder::Action::kError}});
  }
  std::string path(const std::string& name) const { return base_ / name; }

  const std::filesystem::path base_ =
      std::filesystem::temp_directory_path() / ("process_files_" + std::to_string(::getpid()));
  ProcessFiles files_;
};

TEST_F(ProcessFilesTest, names_are_told_and_differ) {
  const auto names = file_fault_names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const auto* name : {"redo_log.sync.before", "manifest.rename.after", "chunk_directory.make.before"})
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
}

TEST_F(ProcessFilesTest, without_an_order_files_are_files) {
  ASSERT_TRUE(replace_file(files_, path("manifest"), "one").ok());
  ASSERT_TRUE(replace_file(files_, path("manifest"), "two").ok());
  EXPECT_EQ(read_file(files_, path("manifest"), 10).value(), "two");
}

TEST_F(ProcessFilesTest, each_operation_fails_where_its_point_says_so) {
  ASSERT_TRUE(replace_file(files_, path("manifest"), "one").ok());
  for (const auto* point : {"manifest.write.before", "manifest.write.after", "manifest.sync.before",
                            "manifest.sync.after", "manifest.rename.before"}) {
    fail(point);
    const auto refused = replace_file(files_, path("manifest"), "two");
    ASSERT_FALSE(refused.ok()) << point;
    EXPECT_NE(refused.error().message.find(point), std::string::npos) << refused.error().message;
    EXPECT_EQ(read_file(files_, path("manifest"), 10).value(), "one") << point;
  }
  fail("manifest.rename.after");
  EXPECT_FALSE(replace_file(files_, path("manifest"), "two").ok());
  EXPECT_EQ(read_file(files_, path("manifest"), 10).value(), "two");
  fail("manifest.remove.before");
  EXPECT_FALSE(files_.remove(path("manifest")).ok());
  EXPECT_TRUE(files_.exists(path("manifest")).value());
}

TEST_F(ProcessFilesTest, files_of_another_kind_go_on) {
  fail("redo_log.write.before");
  EXPECT_TRUE(replace_file(files_, path("log_state"), "x").ok());
  EXPECT_TRUE(replace_file(files_, path("anything"), "x").ok());
  const auto log = files_.open(path("log_0000000000000001.wal"), OpenMode::kCreate);
  ASSERT_TRUE(log.ok());
  EXPECT_EQ((*log)->write_at(0, "x").error().code, ErrorCode::kIo);
}

TEST_F(ProcessFilesTest, directories_of_chunks_are_a_kind) {
  fail("chunk_directory.make.before");
  EXPECT_FALSE(files_.make_directories(path("0123456789abcdef")).ok());
  EXPECT_FALSE(files_.exists(path("0123456789abcdef")).value());
  EXPECT_TRUE(files_.make_directories(path("chunks")).ok());
  fail("chunk_directory.sync.before");
  EXPECT_TRUE(files_.make_directories(path("0123456789abcdef")).ok());
  EXPECT_FALSE(files_.sync_directory(path("0123456789abcdef")).ok());
}

}  // namespace
}  // namespace pelorus::io
