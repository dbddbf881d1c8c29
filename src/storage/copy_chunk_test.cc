#include <gtest/gtest.h>

#include "io/checksum.h"
#include "storage/chunk/segment_format.h"
#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

/// Every test with both forms of a whole copy.
class CopyChunkTest : public testing::TestWithParam<CopyForm> {
 protected:
  std::vector<std::string> messages(Version from) {
    auto reader = source_.store->export_chunk({7}, from, GetParam());
    EXPECT_TRUE(reader.ok());
    std::vector<std::string> all;
    while (true) {
      std::string message;
      const auto read = reader.value()->next(message);
      EXPECT_TRUE(read.ok());
      if (!read.ok() || !*read) return all;
      all.push_back(std::move(message));
    }
  }
  Result<Version> copy(Version from) {
    TRY(auto writer, target_.store->import_chunk({7}));
    for (const auto& message : messages(from)) TRY_DONE(writer->add(message));
    return writer->finish();
  }
  void expect_equal() {
    EXPECT_EQ(source_.store->content_hash({7}).value(), target_.store->content_hash({7}).value());
    EXPECT_EQ(source_.info(7).version, target_.info(7).version);
  }

  static std::string segment_of(const io::MemoryFileSystem& disk) {
    for (const auto& path : disk.files()) {
      if (path.ends_with(".col")) return path;
    }
    return {};
  }

  io::MemoryFileSystem source_disk_;
  io::MemoryFileSystem target_disk_;
  TestNode source_{source_disk_};
  TestNode target_{target_disk_};
};

TEST_P(CopyChunkTest, whole_chunk_goes_to_an_empty_node_and_survives) {
  for (int i = 0; i < 5; ++i) source_.append(7, test_rows(i * 3000, 3000));
  ASSERT_TRUE(source_.store->flush({7}).ok());
  source_.append(7, test_rows(15000, 100));
  EXPECT_EQ(copy(0).value(), 6u);
  expect_equal();
  target_.crash();
  expect_equal();
  target_.append(7, test_rows(15100, 10));
  source_.append(7, test_rows(15100, 10));
  target_.crash();
  for (const auto& doubt : target_.store->in_doubt()) {
    ASSERT_TRUE(target_.store->commit(doubt.transaction, std::vector<ChunkVersion>{{{7}, 7}}).ok());
  }
  expect_equal();
}

TEST_P(CopyChunkTest, only_new_rows_go_when_the_base_is_there) {
  source_.append(7, test_rows(0, 5000));
  ASSERT_TRUE(copy(0).ok());
  source_.append(7, test_rows(5000, 100));
  source_.append(7, test_rows(5100, 100));
  size_t bytes = 0;
  for (const auto& message : messages(1)) bytes += message.size();
  EXPECT_LT(bytes, 20000u);
  EXPECT_EQ(copy(1).value(), 3u);
  expect_equal();
  target_.expect_rows(7, test_rows(0, 5000), 1);
  target_.crash();
  expect_equal();
}

TEST_P(CopyChunkTest, after_a_replace_the_whole_chunk_goes) {
  source_.append(7, test_rows(0, 500));
  ASSERT_TRUE(copy(0).ok());
  source_.append(7, test_rows(0, 400), WriteKind::kReplace);
  EXPECT_EQ(source_.store->export_chunk({7}, 1).value()->from_version(), 0u);
  ASSERT_TRUE(copy(1).ok());
  expect_equal();
  target_.open();
  expect_equal();
}

TEST_P(CopyChunkTest, writes_that_waited_follow_the_copy) {
  source_.append(7, test_rows(0, 100));
  source_.append(7, test_rows(100, 100));
  // The target took part in the third write only.
  ASSERT_TRUE(target_.prepare(90, 7, test_rows(200, 50)).ok());
  ASSERT_TRUE(target_.commit(90, 7, 3).ok());
  EXPECT_EQ(target_.info(7).versions_waiting, 1u);
  EXPECT_EQ(copy(0).value(), 3u);
  source_.append(7, test_rows(200, 50));
  expect_equal();
  target_.crash();
  expect_equal();
}

TEST_P(CopyChunkTest, a_newer_replica_is_rolled_back_for_good) {
  source_.append(7, test_rows(0, 100));
  target_.append(7, test_rows(0, 100));
  target_.append(7, test_rows(900, 100));  // never decided by the controllers
  EXPECT_EQ(copy(0).value(), 1u);
  expect_equal();
  target_.open();  // the old commit is still in the redo log and must not come back
  expect_equal();
  target_.crash();
  expect_equal();
}

TEST_P(CopyChunkTest, damaged_missing_and_reordered_messages_are_refused) {
  for (int i = 0; i < 3; ++i) source_.append(7, test_rows(i * 5000, 5000));
  ASSERT_TRUE(source_.store->flush({7}).ok());
  source_.append(7, test_rows(15000, 10));
  const auto all = messages(0);
  ASSERT_GE(all.size(), 4u);
  for (size_t m = 0; m < all.size(); ++m) {
    auto writer = target_.store->import_chunk({7}).value();
    Status outcome;
    for (size_t i = 0; i < all.size() && outcome.ok(); ++i) {
      std::string message = all[i];
      if (i == m) message[message.size() / 2] = static_cast<char>(message[message.size() / 2] ^ 4);
      outcome = writer->add(message);
    }
    EXPECT_EQ(outcome.error().code, ErrorCode::kCorrupt) << m;
    EXPECT_FALSE(writer->finish().ok());
    writer.reset();
    writer = target_.store->import_chunk({7}).value();
    outcome = {};
    for (size_t i = 0; i < all.size() && outcome.ok(); ++i) {
      if (i != m) outcome = writer->add(all[i]);
    }
    EXPECT_FALSE(outcome.ok() && writer->finish().ok()) << m;
  }
  EXPECT_EQ(target_.info(7).version, 0u);
}

TEST_P(CopyChunkTest, a_copy_that_continues_another_version_is_stale) {
  source_.append(7, test_rows(0, 100));
  source_.append(7, test_rows(100, 100));
  EXPECT_EQ(copy(1).error().code, ErrorCode::kStale);
  EXPECT_EQ(source_.store->export_chunk({7}, 5).error().code, ErrorCode::kStale);
  ASSERT_TRUE(copy(0).ok());
  EXPECT_EQ(copy(2).value(), 2u) << "nothing to add";
}

TEST_P(CopyChunkTest, only_one_copy_at_a_time_and_no_flush_during_it) {
  target_.append(7, test_rows(0, 10));
  auto writer = target_.store->import_chunk({7}).value();
  EXPECT_EQ(target_.store->import_chunk({7}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(target_.store->flush({7}).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(target_.store->flush_all().ok());
  writer.reset();
  EXPECT_TRUE(target_.store->flush({7}).ok());
}

TEST_P(CopyChunkTest, a_copy_repairs_a_damaged_chunk) {
  source_.append(7, test_rows(0, 300));
  target_.append(7, test_rows(0, 300));
  ASSERT_TRUE(target_.store->flush_all().ok());
  target_.store.reset();
  for (const auto& path : target_disk_.files()) {
    if (path.ends_with("/manifest")) {
      ASSERT_TRUE(target_disk_.flip_bit(path, 100).ok());
    }
  }
  target_.open();
  EXPECT_NE(target_.info(7).damage.find("manifest"), std::string::npos);
  EXPECT_EQ(target_.store->snapshot({7}).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(target_.prepare(77, 7, test_rows(0, 1)).error().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(copy(0).ok());
  expect_equal();
  target_.open();
  expect_equal();
  EXPECT_TRUE(target_.store->verify({7}).ok());
}

TEST_P(CopyChunkTest, files_and_the_rows_behind_them_go_to_a_chunk_with_rows_of_its_own) {
  for (int i = 0; i < 3; ++i) {
    source_.append(7, test_rows(i * 1000, 1000));
    ASSERT_TRUE(source_.store->flush({7}).ok());
  }
  source_.append(7, test_rows(40, 7000));  // texts that are in no file yet, and some that are
  target_.append(7, test_rows(500, 50), WriteKind::kReplace);
  ASSERT_TRUE(target_.store->flush({7}).ok());
  EXPECT_EQ(copy(0).value(), 4u);
  expect_equal();
  target_.append(7, test_rows(90, 300));
  source_.append(7, test_rows(90, 300));
  expect_equal();
  ASSERT_TRUE(target_.store->flush({7}).ok());
  ASSERT_TRUE(target_.store->compact({7}).ok());
  target_.open();
  expect_equal();
  EXPECT_TRUE(target_.store->verify({7}).ok());
}

TEST_P(CopyChunkTest, a_damaged_file_is_not_copied) {
  source_.append(7, test_rows(0, 3000));
  ASSERT_TRUE(source_.store->flush({7}).ok());
  const auto path = segment_of(source_disk_);
  const auto size = source_disk_.open(path, io::OpenMode::kRead).value()->size().value();
  for (uint64_t byte = 0; byte < size; byte += 97) {
    ASSERT_TRUE(source_disk_.flip_bit(path, byte * 8 + byte % 8).ok());
    source_.open();
    const auto reader = source_.store->export_chunk({7}, 0, GetParam());
    ASSERT_TRUE(reader.ok());
    Bytes read;
    auto message = reader.value()->next(read);
    while (message.ok() && *message) message = reader.value()->next(read);
    EXPECT_EQ(message.ok() ? ErrorCode::kInvalid : message.error().code, ErrorCode::kCorrupt) << "byte " << byte;
    EXPECT_NE(message.ok() ? std::string::npos : message.error().message.find(path), std::string::npos);
    ASSERT_TRUE(source_disk_.flip_bit(path, byte * 8 + byte % 8).ok());
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, CopyChunkTest, testing::Values(CopyForm::kRows, CopyForm::kFiles));

class CopyFilesTest : public CopyChunkTest {};

TEST_P(CopyFilesTest, stored_bytes_stay_as_they_are) {
  source_.append(7, test_rows(0, 3000));
  ASSERT_TRUE(source_.store->flush({7}).ok());
  ASSERT_TRUE(copy(0).ok());
  const auto content = [](io::MemoryFileSystem& disk) {
    return io::read_file(disk, segment_of(disk), 1 << 20).value().substr(kColumnHeaderBytes);
  };
  EXPECT_EQ(content(source_disk_), content(target_disk_));
}

TEST_P(CopyFilesTest, a_file_that_does_not_fit_in_is_refused_and_nothing_of_it_stays) {
  source_.append(7, test_rows(0, 3000));
  ASSERT_TRUE(source_.store->flush({7}).ok());
  const auto all = messages(0);
  const auto outcome_of = [&](const std::vector<std::string>& some) {
    const auto writer = target_.store->import_chunk({7}).value();
    Status outcome;
    for (const auto& message : some) {
      if (outcome.ok()) outcome = writer->add(message);
    }
    const auto finished = outcome.ok() ? writer->finish().ok() : false;
    return finished ? ErrorCode::kInternal : outcome.ok() ? ErrorCode::kCorrupt : outcome.error().code;
  };
  const auto numbered = [](std::string body, uint64_t number) {
    std::memcpy(body.data() + 9, &number, 8);
    const uint32_t crc = io::crc32c(std::string_view(body).substr(8));
    std::memcpy(body.data() + 4, &crc, 4);
    return body;
  };
  const auto& head = all[0];
  EXPECT_EQ(outcome_of({head, numbered(all[2], 1)}), ErrorCode::kCorrupt) << "bytes of no file";
  EXPECT_EQ(outcome_of({head, all[1], numbered(all[1], 2)}), ErrorCode::kCorrupt) << "a file within a file";
  EXPECT_EQ(outcome_of({head, all[1], numbered(all.back(), 2)}), ErrorCode::kCorrupt) << "half a file";
  EXPECT_EQ(outcome_of({head, all[1], all[2], numbered(all[2], 3)}), ErrorCode::kCorrupt) << "too many bytes";
  auto other = all[2];
  other[other.size() - 40] = static_cast<char>(other[other.size() - 40] ^ 1);  // of the footer
  EXPECT_EQ(outcome_of({head, all[1], numbered(other, 2), all.back()}), ErrorCode::kCorrupt);
  for (const auto& path : target_disk_.files()) EXPECT_FALSE(path.ends_with(".col")) << path;
}

INSTANTIATE_TEST_SUITE_P(Files, CopyFilesTest, testing::Values(CopyForm::kFiles));

}  // namespace
}  // namespace pelorus::storage
