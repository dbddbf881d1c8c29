// Every kind of file is damaged bit by bit, shortened and removed: no wrong row may ever be read.

#include <gtest/gtest.h>

#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

constexpr uint64_t kChunk = 7;
constexpr size_t kRows = 700;

/// A cleanly stopped node with two segments, a manifest and rows that are in the redo log only.
void fill(io::MemoryFileSystem& disk) {
  TestNode node(disk);
  node.options.log_segment_bytes = 32768;
  node.open();
  for (int part = 0; part < 3; ++part) {
    node.append(kChunk, test_rows(part * 200, 200));
    if (part < 2) {
      ASSERT_TRUE(node.store->flush_all().ok());
    }
  }
  node.append(kChunk, test_rows(600, 100));
  ASSERT_TRUE(node.store->stop().ok());
}

enum class Outcome { kNoticed, kHarmless, kSilent };

/// Opens the disk and reads everything.
Outcome outcome_of(io::MemoryFileSystem& disk, std::string& account) {
  ManualClock clock;
  const auto store = ChunkStore::open(disk, clock, test_options());
  if (!store.ok()) {
    account = store.error().describe();
    const auto code = store.error().code;
    return code == ErrorCode::kCorrupt || code == ErrorCode::kInvalid ? Outcome::kNoticed : Outcome::kSilent;
  }
  const auto verified = store.value()->verify({kChunk});
  const auto snapshot = store.value()->snapshot({kChunk});
  if (!snapshot.ok()) {
    account = snapshot.error().describe();
    return snapshot.error().code == ErrorCode::kCorrupt ? Outcome::kNoticed : Outcome::kSilent;
  }
  const auto rows = snapshot.value()->read_table();
  if (!rows.ok()) {
    account = rows.error().describe();
    return rows.error().code == ErrorCode::kCorrupt && !verified.ok() ? Outcome::kNoticed : Outcome::kSilent;
  }
  if (!verified.ok()) {
    account = verified.error().describe();
    return Outcome::kNoticed;
  }
  account = "read " + std::to_string(rows->rows()) + " rows";
  const bool same = data::equal(data::Value(*rows), data::Value(test_rows(0, kRows)));
  return same ? Outcome::kHarmless : Outcome::kSilent;
}

bool has_no_slack(const std::string& path) {
  return path.ends_with(".col") || path.ends_with("/manifest") || path.ends_with("identity") ||
         path.ends_with("log_state");
}

TEST(Damage, the_undamaged_disk_reads_well) {
  io::MemoryFileSystem disk;
  fill(disk);
  std::string account;
  EXPECT_EQ(outcome_of(*disk.copy(), account), Outcome::kHarmless) << account;
}

TEST(Damage, every_flipped_bit_is_noticed) {
  io::MemoryFileSystem disk;
  fill(disk);
  size_t noticed = 0;
  size_t kinds = 0;
  for (const auto& path : disk.files()) {
    const auto bytes = io::read_file(disk, path, 1 << 20).value().size();
    kinds += bytes > 0 ? 1 : 0;
    // Every bit of small files; of larger ones every 41st, which meets each of the eight places in a byte.
    const uint64_t stride = bytes < 600 ? 1 : 41;
    for (uint64_t bit = 0; bit < bytes * 8; bit += stride) {
      auto copy = disk.copy();
      ASSERT_TRUE(copy->flip_bit(path, bit).ok());
      std::string account;
      const auto outcome = outcome_of(*copy, account);
      ASSERT_NE(outcome, Outcome::kSilent) << path << " bit " << bit << ": " << account;
      if (has_no_slack(path)) {
        ASSERT_EQ(outcome, Outcome::kNoticed) << path << " bit " << bit << ": " << account;
      }
      noticed += outcome == Outcome::kNoticed ? 1 : 0;
    }
  }
  EXPECT_GE(kinds, 8u);
  EXPECT_GT(noticed, 10000u);
}

TEST(Damage, shortened_and_missing_files_are_noticed) {
  io::MemoryFileSystem disk;
  fill(disk);
  for (const auto& path : disk.files()) {
    const auto bytes = io::read_file(disk, path, 1 << 20).value().size();
    std::string account;
    for (uint64_t left = 0; left < bytes; left += 1 + bytes / 97) {
      auto copy = disk.copy();
      ASSERT_TRUE(copy->cut(path, left).ok());
      const auto outcome = outcome_of(*copy, account);
      ASSERT_NE(outcome, Outcome::kSilent) << path << " cut to " << left << ": " << account;
      if (has_no_slack(path)) {
        ASSERT_EQ(outcome, Outcome::kNoticed) << path << " cut to " << left << ": " << account;
      }
    }
    auto copy = disk.copy();
    ASSERT_TRUE(copy->remove(path).ok());
    const auto outcome = outcome_of(*copy, account);
    ASSERT_NE(outcome, Outcome::kSilent) << path << " removed: " << account;
    if (path.find("/chunks/") != std::string::npos || path.ends_with(".wal") || path.ends_with("log_state")) {
      ASSERT_EQ(outcome, Outcome::kNoticed) << path << " removed: " << account;
    }
  }
}

TEST(Damage, a_damaged_block_does_not_hide_the_others) {
  io::MemoryFileSystem disk;
  {
    TestNode node(disk);
    node.append(kChunk, test_rows(0, 640));
    ASSERT_TRUE(node.store->flush_all().ok());
  }
  std::string column_file;
  for (const auto& path : disk.files()) {
    if (path.ends_with(".col")) column_file = path;
  }
  ASSERT_TRUE(disk.flip_bit(column_file, 8 * 40).ok());  // in the first block of the first column
  TestNode node(disk);
  const auto snapshot = node.store->snapshot({kChunk}).value();
  const auto damaged = snapshot->read(0, RowRange{0, 10});
  ASSERT_EQ(damaged.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(damaged.error().message.find(column_file), std::string::npos) << damaged.error().message;
  EXPECT_TRUE(snapshot->read(0, RowRange{64, 640}).ok());
  EXPECT_TRUE(snapshot->read(1, RowRange{0, 640}).ok());
  EXPECT_NE(node.info(kChunk).damage, "");
}

}  // namespace
}  // namespace pelorus::storage
