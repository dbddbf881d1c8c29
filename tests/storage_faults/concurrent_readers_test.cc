// Readers while writers, flushes, compactions and replaces run: every snapshot is one whole version.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

constexpr uint64_t kChunk = 7;
constexpr int32_t kRowsEach = 7;  // a few fit into a block, so that blocks grow together while they are flushed

/// Version v holds rows 0 .. v * kRowsEach.
void check_snapshot(const ChunkSnapshot& snapshot) {
  const size_t rows = snapshot.version() * kRowsEach;
  ASSERT_EQ(snapshot.rows().value(), rows);
  const auto table = snapshot.read_table();
  ASSERT_TRUE(table.ok()) << table.error().describe();
  if (rows == 0) return;  // prepared, nothing committed: not even columns
  ASSERT_TRUE(data::equal(data::Value(*table), data::Value(test_rows(0, rows))));
}

TEST(ConcurrentReaders, see_whole_versions_only) {
  constexpr Version kVersions = 400;
  io::MemoryFileSystem disk;
  TestNode node(disk);
  node.options.background = true;
  node.options.background_period = std::chrono::milliseconds(1);
  node.options.buffer_bytes_max = 60000;
  node.options.flush_share = 0.1;
  node.options.segments_max = 3;
  node.options.buffer_wait = std::chrono::milliseconds(20000);
  node.open();
  std::atomic<bool> done{false};
  std::atomic<int> checked{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&, r] {
      Version wanted = 1;
      while (!done.load() || checked.load() < 10) {
        const auto snapshot = node.store->snapshot({kChunk}, r == 0 ? kLatestVersion : wanted);
        wanted = 1 + (wanted + 7) % kVersions;
        if (!snapshot.ok()) {
          ASSERT_TRUE(snapshot.error().code == ErrorCode::kStale || snapshot.error().code == ErrorCode::kNotFound)
              << snapshot.error().describe();
          continue;
        }
        check_snapshot(*snapshot.value());
        ++checked;
      }
    });
  }
  std::thread upkeep([&] {
    while (!done.load()) {
      (void)node.store->flush_all();
      (void)node.store->compact({kChunk});
      (void)node.store->chunks();
    }
  });
  for (Version version = 1; version <= kVersions; ++version) {
    const auto first = static_cast<int32_t>((version - 1) * kRowsEach);
    ASSERT_TRUE(node.prepare(version, kChunk, test_rows(first, kRowsEach)).ok());
    ASSERT_TRUE(node.commit(version, kChunk, version).ok());
  }
  done.store(true);
  for (auto& reader : readers) reader.join();
  upkeep.join();
  EXPECT_GE(checked.load(), 10);
  check_snapshot(*node.store->snapshot({kChunk}).value());
  node.open();
  check_snapshot(*node.store->snapshot({kChunk}).value());
}

TEST(ConcurrentReaders, writers_of_many_chunks_share_the_log) {
  constexpr uint64_t kThreads = 4;
  constexpr Version kVersions = 40;
  io::MemoryFileSystem disk;
  TestNode node(disk);
  node.options.background = true;
  node.options.background_period = std::chrono::milliseconds(1);
  node.options.log_bytes_max = 200000;
  node.open();
  std::vector<std::thread> writers;
  for (uint64_t t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      for (Version version = 1; version <= kVersions; ++version) {
        const uint64_t transaction = t * 1000 + version;
        const auto first = static_cast<int32_t>((version - 1) * kRowsEach);
        const bool replace = version % 10 == 0;
        auto rows = replace ? test_rows(0, static_cast<size_t>(version * kRowsEach)) : test_rows(first, kRowsEach);
        ASSERT_TRUE(
            node.prepare(transaction, t + 1, std::move(rows), replace ? WriteKind::kReplace : WriteKind::kAppend).ok());
        ASSERT_TRUE(node.commit(transaction, t + 1, version).ok());
        if (version % 13 == 0) {
          ASSERT_TRUE(node.store->flush({t + 1}).ok());
        }
      }
    });
  }
  for (auto& writer : writers) writer.join();
  node.open();
  for (uint64_t t = 0; t < kThreads; ++t) check_snapshot(*node.store->snapshot({t + 1}).value());
}

}  // namespace
}  // namespace pelorus::storage
