#include "datanode/scrub.h"

#include <gtest/gtest.h>

#include <future>

#include "storage/store_fixture.h"

namespace pelorus::datanode {
namespace {

constexpr ChunkId kChunk{7};

/// A node with two chunks in column files.
class ScrubberTest : public testing::Test {
 protected:
  ScrubberTest() {
    for (const uint64_t chunk : {7, 8}) {
      EXPECT_TRUE(node_.prepare(chunk, chunk, storage::test_rows(0, 500)).ok());
      EXPECT_TRUE(node_.commit(chunk, chunk, 1).ok());
      EXPECT_TRUE(node_.store->flush({chunk}).ok());
    }
  }
  /// Of chunk 7.
  std::string file_ending(std::string_view ending) const {
    for (const auto& path : files_.files()) {
      if (path.find("0000000000000007") != std::string::npos && path.ends_with(ending)) return path;
    }
    return {};
  }

  io::MemoryFileSystem files_;
  storage::TestNode node_{files_};
  Scrubber scrubber_{*node_.store, {}};
};

TEST_F(ScrubberTest, whole_files_are_not_told) {
  scrubber_.start([] { FAIL() << "nothing is damaged"; });
  EXPECT_TRUE(scrubber_.verify(kChunk).ok());
  EXPECT_EQ(scrubber_.verify({99}).error().code, ErrorCode::kNotFound);
}

TEST_F(ScrubberTest, a_damaged_column_file_is_told_once_and_named) {
  int told = 0;
  scrubber_.start([&] { ++told; });
  ASSERT_TRUE(files_.flip_bit(file_ending(".col"), 1000).ok());
  const auto found = scrubber_.verify(kChunk);
  ASSERT_EQ(found.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(found.error().message.find(file_ending(".col")), std::string::npos);
  EXPECT_NE(node_.store->info(kChunk)->damage.find(file_ending(".col")), std::string::npos);
  (void)scrubber_.verify(kChunk);
  scrubber_.suspect(kChunk, found.error());
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(scrubber_.verify({8}).ok());
}

TEST_F(ScrubberTest, a_damaged_manifest_is_told_and_the_chunk_not_read_any_more) {
  int told = 0;
  scrubber_.start([&] { ++told; });
  ASSERT_TRUE(files_.flip_bit(file_ending("manifest"), 100).ok());
  EXPECT_EQ(scrubber_.verify(kChunk).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(node_.store->snapshot(kChunk).error().code, ErrorCode::kCorrupt);
}

TEST_F(ScrubberTest, a_copy_mends_a_damaged_manifest_of_a_running_node) {
  ASSERT_TRUE(files_.flip_bit(file_ending("manifest"), 100).ok());
  ASSERT_FALSE(scrubber_.verify(kChunk).ok());
  io::MemoryFileSystem other_files;
  storage::TestNode other(other_files);
  ASSERT_TRUE(other.prepare(7, 7, storage::test_rows(0, 500)).ok());
  ASSERT_TRUE(other.commit(7, 7, 1).ok());
  const auto content = other.store->export_chunk(kChunk, 0).value();
  {
    const auto import = node_.store->import_chunk(kChunk).value();
    for (Bytes message; content->next(message).value(); message.clear()) ASSERT_TRUE(import->add(message).ok());
    ASSERT_EQ(import->finish().value(), 1u);
  }
  EXPECT_TRUE(scrubber_.verify(kChunk).ok());
  EXPECT_EQ(node_.store->content_hash(kChunk).value(), other.store->content_hash(kChunk).value());
  node_.crash();
  EXPECT_EQ(node_.store->content_hash(kChunk).value(), other.store->content_hash(kChunk).value());
}

TEST_F(ScrubberTest, what_a_reader_met_is_told_without_another_read) {
  int told = 0;
  scrubber_.start([&] { ++told; });
  scrubber_.suspect(kChunk, {ErrorCode::kCorrupt, "a request that made no sense"});
  scrubber_.suspect(kChunk, {ErrorCode::kStale, "an old version"});
  EXPECT_EQ(told, 0);
  ASSERT_TRUE(files_.flip_bit(file_ending(".col"), 1000).ok());
  const auto hash = node_.store->content_hash(kChunk);
  ASSERT_FALSE(hash.ok());
  scrubber_.suspect(kChunk, hash.error());
  EXPECT_EQ(told, 1);
}

TEST_F(ScrubberTest, the_round_comes_to_every_chunk_by_itself) {
  std::promise<void> told;
  Scrubber rounds(*node_.store, {.round = std::chrono::milliseconds(2)});
  ASSERT_TRUE(files_.flip_bit(file_ending(".col"), 1000).ok());
  rounds.start([&] { told.set_value(); });
  told.get_future().wait();
  rounds.stop();
  EXPECT_FALSE(node_.store->info(kChunk)->damage.empty());
  EXPECT_TRUE(node_.store->info({8})->damage.empty());
}

}  // namespace
}  // namespace pelorus::datanode
