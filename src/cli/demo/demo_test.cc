#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "cli/demo/demo_place.h"
#include "cli/demo/demo_state.h"
#include "cli/demo/flights.h"
#include "data/value.h"

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;

class DemoFiles : public testing::Test {
 protected:
  DemoFiles() {
    std::string pattern = (fs::temp_directory_path() / "pelorus-demo-test-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~DemoFiles() override { fs::remove_all(root_); }
  static std::string text_of(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  static void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  fs::path root_;
};

TEST_F(DemoFiles, servers_share_the_program_but_not_the_configuration) {
  const auto package = root_ / "package";
  write(package / "dolphindb", std::string(2 << 20, 'x'));
  write(package / "dolphindb.dos", "start();\n");
  write(package / "clusterDemo/startController.sh", "#!/bin/sh\n");
  write(package / "clusterDemo/config/cluster.cfg", "original=1\n");
  write(package / "clusterDemo/data/old", "never copied\n");
  const DemoPlace place{root_ / "demo", 9900};
  ASSERT_TRUE(make_servers(place, package).ok());
  EXPECT_EQ(text_of(package / "clusterDemo/config/cluster.cfg"), "original=1\n");
  EXPECT_TRUE(fs::equivalent(package / "dolphindb", place.directory / "dolphindb_2/server/dolphindb"));
  EXPECT_FALSE(fs::equivalent(package / "dolphindb.dos", place.directory / "dolphindb_2/server/dolphindb.dos"));
  EXPECT_FALSE(fs::exists(place.cluster(1) / "data/old"));
  EXPECT_EQ(text_of(place.cluster(1) / "config/cluster.nodes"), text_of(place.cluster(3) / "config/cluster.nodes"));
  EXPECT_NE(text_of(place.cluster(3) / "config/controller.cfg").find("localSite=127.0.0.1:9903:controller3\n"),
            std::string::npos);
  EXPECT_NE(text_of(place.cluster(1) / "config/cluster.nodes").find("127.0.0.1:9908:node2,datanode\n"),
            std::string::npos);
  EXPECT_NE(
      text_of(place.cluster(2) / "config/cluster.cfg").find("node3.volumes=" + place.directory.string() + "/ssd1/"),
      std::string::npos);
  EXPECT_EQ(make_servers(place, package).error().code, ErrorCode::kAlreadyExists);
}

TEST(DemoPlace, data_nodes_live_with_the_agent) {
  const DemoPlace place{"/x", 100};
  EXPECT_EQ(place.node_directory("node2"), "/x/dolphindb_1/server/clusterDemo/data/node2");
  EXPECT_EQ(place.node_directory("controller3"), "/x/dolphindb_3/server/clusterDemo/data/controller3");
  EXPECT_TRUE(place.node_directory("../node1").empty());
}

TEST_F(DemoFiles, state_is_read_back_and_is_private) {
  const auto path = root_ / "state.json";
  EXPECT_EQ(read_demo_record(path).error().code, ErrorCode::kUnavailable);
  auto state = DemoState::claim(path);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(read_demo_record(path).error().code, ErrorCode::kUnavailable);  // nothing is said yet
  ASSERT_TRUE(state->write({"/some/where", 9920, true}).ok());
  const auto record = read_demo_record(path);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->place.directory, "/some/where");
  EXPECT_EQ(record->place.base, 9920);
  EXPECT_TRUE(record->place.keeps_files);
  EXPECT_EQ(record->owner, getpid());
  struct stat facts {};
  ASSERT_EQ(stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777u, 0600u);
}

TEST_F(DemoFiles, state_says_whether_its_demo_lives) {
  const auto path = root_ / "state.json";
  {
    auto state = DemoState::claim(path);
    ASSERT_TRUE(state.ok() && state->write({"/some/where", 9920, false}).ok());
    EXPECT_TRUE(read_demo_record(path)->is_owned);
    EXPECT_EQ(DemoState::claim(path).error().code, ErrorCode::kAlreadyExists);
  }
  EXPECT_FALSE(fs::exists(path));
  write(path, R"({"directory": "/left", "base": 9900, "keep": false, "pid": 4242})");
  const auto left = read_demo_record(path);
  ASSERT_TRUE(left.ok());
  EXPECT_FALSE(left->is_owned);
  EXPECT_TRUE(DemoState::claim(path).ok());
  write(path, "[1]");
  EXPECT_EQ(read_demo_record(path).error().code, ErrorCode::kCorrupt);
}

TEST_F(DemoFiles, files_are_removed_unless_kept) {
  write(root_ / "kept/file", "x");
  write(root_ / "dropped/file", "x");
  EXPECT_TRUE(remove_files({root_ / "kept", 0, true}).ok());
  EXPECT_TRUE(remove_files({root_ / "dropped", 0, false}).ok());
  EXPECT_TRUE(fs::exists(root_ / "kept/file"));
  EXPECT_FALSE(fs::exists(root_ / "dropped"));
}

template <class T>
void add(std::string& to, std::initializer_list<T> values) {
  for (const T value : values) to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string block() {
  std::string bytes;
  add<uint32_t>(bytes, {2});
  add<int64_t>(bytes, {978307260000, 978307320000});
  add<int32_t>(bytes, {33, -5});
  add<int32_t>(bytes, {2176, 300});
  add<uint32_t>(bytes, {2});
  bytes.append("LAS\0SFO\0", 8);
  add<int32_t>(bytes, {1, 0});
  add<uint32_t>(bytes, {1});
  bytes.append("PHL\0", 4);
  add<int32_t>(bytes, {0, 0});
  return bytes;
}

/// The first block of a stream of these bytes.
Result<std::optional<data::Table>> read_block(const std::string& bytes) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  EXPECT_EQ(::write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  close(ends[1]);
  StreamedFlights source(ends[0]);
  auto table = source.next();
  close(ends[0]);
  return table;
}

TEST(StreamedFlights, a_block_becomes_a_table) {
  const auto table = read_block(block());
  ASSERT_TRUE(table.ok()) << table.error().message;
  ASSERT_TRUE(table->has_value());
  EXPECT_EQ((*table)->names(), (std::vector<std::string>{"date", "delay", "distance", "origin", "destination"}));
  ASSERT_EQ((*table)->rows(), 2u);
  EXPECT_EQ((*table)->column(0).type(), types::Type::kTimestamp);
  EXPECT_EQ((*table)->column(1).values<int32_t>()[1], -5);
  EXPECT_EQ((*table)->column(3).text_at(0), "SFO");
  EXPECT_EQ((*table)->column(3).text_at(1), "LAS");
  EXPECT_EQ((*table)->column(4).text_at(1), "PHL");
}

TEST(StreamedFlights, an_empty_stream_ends_and_a_cut_one_is_an_error) {
  const auto nothing = read_block("");
  ASSERT_TRUE(nothing.ok());
  EXPECT_FALSE(nothing->has_value());
  const auto whole = block();
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(read_block(whole.substr(0, size)).error().code, ErrorCode::kCorrupt) << size;
  }
}

TEST(StreamedFlights, stated_sizes_and_codes_are_not_believed) {
  std::string large;
  add<uint32_t>(large, {0xFFFFFFFFu});
  EXPECT_EQ(read_block(large).error().code, ErrorCode::kCorrupt);
  std::string wild = block();
  const int32_t code = 2;
  wild.replace(wild.size() - 4, 4, reinterpret_cast<const char*>(&code), 4);
  EXPECT_EQ(read_block(wild).error().code, ErrorCode::kCorrupt);
}

TEST(GeneratedFlights, as_many_as_asked_for_ordered_by_time_and_repeatable) {
  GeneratedFlights source(300'000), again(300'000);
  int64_t rows = 0, last = 0;
  while (true) {
    const auto table = source.next();
    const auto same = again.next();
    ASSERT_TRUE(table.ok() && same.ok());
    if (!table->has_value()) break;
    EXPECT_TRUE(data::equal(data::Value(**table), data::Value(**same)));
    for (const auto date : (*table)->column(0).values<int64_t>()) {
      ASSERT_GE(date, last);
      last = date;
    }
    rows += static_cast<int64_t>((*table)->rows());
  }
  EXPECT_EQ(rows, 300'000);
  EXPECT_LT(last, 993'945'600'000);  // 2001.07.01
}

TEST_F(DemoFiles, a_program_that_fails_tells_the_end_of_its_output) {
  const auto log = root_ / "log";
  EXPECT_TRUE(run_program({{"sh", "-c", "exit 0"}, log, "."}, std::chrono::seconds(10), nullptr).ok());
  const auto failed =
      run_program({{"sh", "-c", "echo the reason; exit 3"}, log, "."}, std::chrono::seconds(10), nullptr);
  EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(failed.error().message.find("the reason"), std::string::npos);
  EXPECT_EQ(run_program({{"sh", "-c", "while :; do :; done"}, log, "."}, std::chrono::seconds(0), nullptr).error().code,
            ErrorCode::kTimeout);
}

}  // namespace
}  // namespace pelorus::cli
