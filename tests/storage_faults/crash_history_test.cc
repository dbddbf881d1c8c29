// A seeded history of writes, decisions, flushes and compactions is run again and again, each time with the power going
// at another of its disk operations. After recovery the store must equal a replica that had no trouble.

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "io/faulty_file_system.h"
#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

constexpr int kOperations = 45;
constexpr uint64_t kChunks = 3;

StoreOptions small_options() {
  auto options = test_options();
  options.log_segment_bytes = 16384;
  options.block_rows = 32;
  options.segments_max = 2;
  options.segment_rows_max = 400;
  return options;
}

/// The controllers' memory: what was decided, and a replica that never failed.
struct Controllers {
  io::MemoryFileSystem disk;
  ManualClock clock;
  std::unique_ptr<ChunkStore> replica = ChunkStore::open(disk, clock, small_options()).value();
  std::map<uint64_t, std::vector<ChunkVersion>> committed;  // by transaction
  std::map<uint64_t, Version> versions;                     // by chunk
  std::map<uint64_t, int32_t> next_row;                     // so that every row of a chunk is another one
};

class History {
 public:
  History(uint64_t seed, ChunkStore& store, Controllers& controllers, const io::FaultyFileSystem& files)
      : random_(seed), store_(store), controllers_(controllers), files_(files) {}

  /// Ends early when the power goes.
  void run(int operations, uint64_t first_transaction) {
    transaction_ = first_transaction;
    for (int i = 0; i < operations && !files_.crashed(); ++i) step();
  }

 private:
  void step() {
    const auto dice = random_() % 100;
    const ChunkId chunk{1 + random_() % kChunks};
    if (dice < 65) {
      write(dice < 8 ? WriteKind::kReplace : WriteKind::kAppend, dice % 7 == 0);
    } else if (dice < 80) {
      (void)store_.flush(chunk);
    } else if (dice < 88) {
      (void)store_.flush_all();
    } else if (dice < 95) {
      (void)store_.compact(chunk);
    } else {
      drop(chunk);
    }
  }

  std::vector<ChunkWrite> make_writes(WriteKind kind, const std::vector<uint64_t>& chunks, size_t rows) const {
    std::vector<ChunkWrite> writes;
    for (const uint64_t chunk : chunks) {
      const auto first = controllers_.next_row.contains(chunk) ? controllers_.next_row.at(chunk) : 0;
      writes.push_back(TestNode::write(chunk, test_rows(first, rows), kind));
    }
    return writes;
  }

  void write(WriteKind kind, bool abort) {
    std::vector<uint64_t> chunks;
    for (uint64_t chunk = 1; chunk <= kChunks; ++chunk) {
      if (random_() % 2 == 0) chunks.push_back(chunk);
    }
    if (chunks.empty()) chunks.push_back(1);
    const size_t rows = random_() % 90;
    const uint64_t transaction = transaction_++;
    auto writes = make_writes(kind, chunks, rows);
    const bool prepared = store_.prepare({transaction}, writes).ok();
    if (!prepared || abort) {
      (void)store_.abort({transaction});
      return;
    }
    // The commit point: from here on the rows are acknowledged.
    auto& versions = controllers_.committed[transaction];
    auto replica_writes = make_writes(kind, chunks, rows);
    for (const uint64_t chunk : chunks) {
      versions.push_back({{chunk}, ++controllers_.versions[chunk]});
      controllers_.next_row[chunk] += static_cast<int32_t>(rows);
    }
    ASSERT_TRUE(controllers_.replica->prepare({transaction}, replica_writes).ok());
    ASSERT_TRUE(controllers_.replica->commit({transaction}, versions).ok());
    (void)store_.commit({transaction}, versions);
  }

  void drop(ChunkId chunk) {
    if (controllers_.versions[chunk.value] == 0) return;
    // Decided first, then carried out; repeated after a restart if it was cut short.
    controllers_.versions.erase(chunk.value);
    ASSERT_TRUE(controllers_.replica->drop(chunk).ok());
    (void)store_.drop(chunk);
  }

  std::mt19937_64 random_;
  ChunkStore& store_;
  Controllers& controllers_;
  const io::FaultyFileSystem& files_;
  uint64_t transaction_ = 1;
};

void resolve_doubt(ChunkStore& store, const Controllers& controllers) {
  for (const auto& doubt : store.in_doubt()) {
    const auto decision = controllers.committed.find(doubt.transaction.value);
    if (decision == controllers.committed.end()) {
      ASSERT_TRUE(store.abort(doubt.transaction).ok());
    } else {
      (void)store.commit(doubt.transaction, decision->second);  // chunks dropped since are not there
    }
  }
}

void expect_equal(ChunkStore& store, Controllers& controllers, const std::string& place) {
  for (uint64_t chunk = 1; chunk <= kChunks; ++chunk) {
    const auto known = controllers.versions.find(chunk);
    const Version version = known == controllers.versions.end() ? 0 : known->second;
    const auto info = store.info({chunk});
    if (version == 0) {
      // A chunk the controllers dropped may be left over; they tell the node to drop it again.
      if (info.ok()) {
        ASSERT_TRUE(store.drop({chunk}).ok()) << place;
      }
      continue;
    }
    ASSERT_TRUE(info.ok()) << place << ": " << info.error().describe();
    ASSERT_EQ(info->damage, "") << place;
    ASSERT_EQ(info->version, version) << place << ", chunk " << chunk;
    const auto hash = store.content_hash({chunk});
    ASSERT_TRUE(hash.ok()) << place << ": " << hash.error().describe();
    ASSERT_EQ(*hash, controllers.replica->content_hash({chunk}).value()) << place << ", chunk " << chunk;
  }
}

uint64_t steps_of(uint64_t seed) {
  io::MemoryFileSystem disk;
  io::FaultyFileSystem files(disk);
  ManualClock clock;
  Controllers controllers;
  auto store = ChunkStore::open(files, clock, small_options()).value();
  History(seed, *store, controllers, files).run(kOperations, 1);
  expect_equal(*store, controllers, "without a crash");
  return files.steps();
}

void crash_at(uint64_t seed, uint64_t step, io::CrashStyle style) {
  const std::string place = "seed " + std::to_string(seed) + ", crash at step " + std::to_string(step) + ", style " +
                            std::to_string(static_cast<int>(style));
  io::MemoryFileSystem disk;
  ManualClock clock;
  Controllers controllers;
  {
    io::FaultyFileSystem files(disk);
    files.crash_at(step);
    auto opened = ChunkStore::open(files, clock, small_options());
    if (opened.ok()) History(seed, **opened, controllers, files).run(kOperations, 1);
    disk.crash(style, seed * 1000 + step);
  }
  io::FaultyFileSystem second(disk);
  auto store = ChunkStore::open(second, clock, small_options());
  ASSERT_TRUE(store.ok()) << place << ": " << store.error().describe();
  resolve_doubt(**store, controllers);
  expect_equal(**store, controllers, place);
  if (testing::Test::HasFatalFailure()) return;
  // It works on, and a second crash finds it as well.
  History(seed + 1, **store, controllers, second).run(6, 100000);
  expect_equal(**store, controllers, place + ", after more writes");
  if (testing::Test::HasFatalFailure()) return;
  second.crash_at(second.steps() + 1);  // the end of the dead process's objects must not reach the disk
  disk.crash(io::CrashStyle::kDropUnsynced, step);
  store.value().reset();
  store = ChunkStore::open(disk, clock, small_options());
  ASSERT_TRUE(store.ok()) << place << ", second crash: " << store.error().describe();
  resolve_doubt(**store, controllers);
  expect_equal(**store, controllers, place + ", second crash");
}

class CrashHistory : public testing::TestWithParam<uint64_t> {};

TEST_P(CrashHistory, no_acknowledged_row_is_lost_at_any_step) {
  const uint64_t seed = GetParam();
  const uint64_t steps = steps_of(seed);
  ASSERT_GT(steps, 150u) << "the history is too short to mean anything";
  for (uint64_t step = 1; step <= steps; ++step) {
    for (const auto style : {io::CrashStyle::kDropUnsynced, io::CrashStyle::kRandom, io::CrashStyle::kKeepAll}) {
      crash_at(seed, step, style);
      if (HasFatalFailure()) return;
    }
  }
  RecordProperty("steps", static_cast<int>(steps));
}

INSTANTIATE_TEST_SUITE_P(Seeds, CrashHistory, testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace pelorus::storage
