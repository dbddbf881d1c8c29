// Many chunks at a time: flushes and opens that work on several, and a stop that does not wait for all of them.

#include <latch>
#include <thread>

#include "io/faulty_file_system.h"
#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

constexpr uint64_t kChunks = 60;

/// A store on a disk that can be made to fail, several chunks at a time.
class ManyChunks : public ::testing::Test {
 protected:
  ManyChunks() {
    node_.options.chunks_at_once = 8;
    open();
    for (uint64_t chunk = 1; chunk <= kChunks; ++chunk)
      node_.append(chunk, test_rows(static_cast<int32_t>(chunk), 20 + chunk));
  }
  void open() {
    node_.store.reset();
    auto opened = ChunkStore::open(files_, node_.clock, node_.options);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    node_.store = std::move(opened).value();
  }
  void expect_all() {
    for (uint64_t chunk = 1; chunk <= kChunks; ++chunk)
      node_.expect_rows(chunk, test_rows(static_cast<int32_t>(chunk), 20 + chunk));
  }
  size_t unflushed() const {
    size_t count = 0;
    for (const auto& info : node_.store->chunks()) count += info.bytes_on_disk == 0 ? 1 : 0;
    return count;
  }

  io::MemoryFileSystem disk_;
  io::FaultyFileSystem files_{disk_};
  TestNode node_{disk_};
};

TEST_F(ManyChunks, are_flushed_and_opened_whole) {
  ASSERT_TRUE(node_.store->flush_all().ok());
  EXPECT_EQ(unflushed(), 0u);
  size_t on_first = 0;
  for (const auto& info : node_.store->chunks()) on_first += info.volume == "/v1" ? 1 : 0;
  EXPECT_EQ(on_first, kChunks / 2) << "volumes are filled alike";
  expect_all();
  open();
  EXPECT_EQ(node_.store->chunks().size(), kChunks);
  expect_all();
  for (uint64_t chunk = 1; chunk <= kChunks; ++chunk) EXPECT_TRUE(node_.store->verify({chunk}).ok()) << chunk;
}

TEST_F(ManyChunks, one_that_cannot_be_flushed_keeps_none_of_the_others) {
  files_.fail(io::Operation::kSync, "/chunks/");
  const auto flushed = node_.store->flush_all();
  ASSERT_FALSE(flushed.ok());
  EXPECT_EQ(flushed.error().code, ErrorCode::kIo);
  EXPECT_LE(unflushed(), 1u);
  expect_all();
  ASSERT_TRUE(node_.store->flush_all().ok());
  EXPECT_EQ(unflushed(), 0u);
  open();
  expect_all();
}

TEST_F(ManyChunks, a_stop_does_not_wait_for_all_of_them) {
  std::latch first_begun(1);
  std::latch may_go_on(1);
  files_.before(io::Operation::kSyncDirectory, "/chunks/", [&] {
    first_begun.count_down();
    may_go_on.wait();
  });
  node_.options.chunks_at_once = 1;
  open();
  Status flushed;
  std::thread flushing([&] { flushed = node_.store->flush_all(); });
  first_begun.wait();
  node_.store->begin_stop();
  may_go_on.count_down();
  flushing.join();
  ASSERT_FALSE(flushed.ok());
  EXPECT_EQ(flushed.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(unflushed(), kChunks - 1);
  ASSERT_TRUE(node_.store->stop().ok());
  open();
  expect_all();
}

TEST_F(ManyChunks, volumes_may_be_added) {
  ASSERT_TRUE(node_.store->flush_all().ok());
  const auto added = node_.store->add_volume("/v3");
  ASSERT_TRUE(added.ok()) << added.error().describe();
  EXPECT_EQ(node_.store->volumes(), (std::vector<std::string>{"/v1", "/v2", "/v3"}));
  EXPECT_EQ(node_.store->add_volume("/v3").error().code, ErrorCode::kAlreadyExists);
  node_.append(kChunks + 1, test_rows(0, 10));
  ASSERT_TRUE(node_.store->flush_all().ok());
  EXPECT_EQ(node_.info(kChunks + 1).volume, "/v3") << "the one with the fewest chunks";
  ASSERT_TRUE(node_.store->move({1}, "/v3").ok());
  node_.store.reset();
  const auto without = ChunkStore::open(files_, node_.clock, node_.options);
  ASSERT_FALSE(without.ok()) << "its chunks are missing";
  EXPECT_EQ(without.error().code, ErrorCode::kInvalid);
  node_.options.directories.volumes.push_back("/v3");
  open();
  expect_all();
  node_.expect_rows(kChunks + 1, test_rows(0, 10));
}

TEST_F(ManyChunks, volumes_of_others_or_with_chunks_are_not_added) {
  ASSERT_TRUE(disk_.make_directories("/old/chunks/0000000000000001").ok());
  EXPECT_EQ(node_.store->add_volume("/old").error().code, ErrorCode::kInvalid);
  auto theirs = node_.options;
  theirs.identity.alias = "node2";
  theirs.directories = {"/redo2", "/meta2", {"/theirs"}};
  ASSERT_TRUE(ChunkStore::open(disk_, node_.clock, theirs).ok());
  const auto refused = node_.store->add_volume("/theirs");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("belongs to another node"), std::string::npos) << refused.error().message;
  EXPECT_EQ(node_.store->volumes(), (std::vector<std::string>{"/v1", "/v2"}));
}

TEST_F(ManyChunks, damaged_ones_do_not_keep_the_others_from_opening) {
  ASSERT_TRUE(node_.store->flush_all().ok());
  const auto victim = node_.info(7).volume + "/chunks/0000000000000007/manifest";
  node_.store.reset();
  ASSERT_TRUE(disk_.open(victim, io::OpenMode::kWrite).value()->write_at(20, "broken").ok());
  open();
  EXPECT_FALSE(node_.info(7).damage.empty());
  EXPECT_EQ(node_.store->chunks().size(), kChunks);
  node_.expect_rows(8, test_rows(8, 28));
}

}  // namespace
}  // namespace pelorus::storage
