// Chunks that move between the volumes of a node, and power cuts on the way.

#include <algorithm>

#include "io/faulty_file_system.h"
#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

std::vector<std::string> files_of(const io::MemoryFileSystem& disk, const std::string& volume) {
  std::vector<std::string> found;
  for (const auto& path : disk.files()) {
    if (path.starts_with(volume + "/chunks/")) found.push_back(path);
  }
  return found;
}

class MoveChunkTest : public ::testing::Test {
 protected:
  MoveChunkTest() {
    node_.append(7, test_rows(0, 100));
    EXPECT_TRUE(node_.store->flush_all().ok());
    node_.append(7, test_rows(100, 50));
  }
  std::string other_than(const std::string& volume) { return volume == "/v1" ? "/v2" : "/v1"; }

  io::MemoryFileSystem disk_;
  TestNode node_{disk_};
};

TEST_F(MoveChunkTest, it_is_on_the_other_volume_and_nowhere_else) {
  const auto from = node_.info(7).volume;
  const auto to = other_than(from);
  ASSERT_TRUE(node_.store->move({7}, to).ok());
  EXPECT_EQ(node_.info(7).volume, to);
  EXPECT_TRUE(files_of(disk_, from).empty());
  node_.expect_rows(7, test_rows(0, 150));
  node_.append(7, test_rows(150, 20));
  ASSERT_TRUE(node_.store->flush_all().ok());
  ASSERT_TRUE(node_.store->verify({7}).ok());
  EXPECT_TRUE(files_of(disk_, from).empty());
  node_.crash();
  EXPECT_EQ(node_.info(7).volume, to);
  node_.expect_rows(7, test_rows(0, 170));
  ASSERT_TRUE(node_.store->move({7}, from).ok()) << "and back";
  EXPECT_TRUE(files_of(disk_, to).empty());
  node_.crash();
  node_.expect_rows(7, test_rows(0, 170));
  ASSERT_TRUE(node_.store->drop({7}).ok());
  node_.crash();
  EXPECT_TRUE(node_.store->chunks().empty());
}

TEST_F(MoveChunkTest, readers_keep_the_old_files) {
  const auto from = node_.info(7).volume;
  const auto snapshot = node_.store->snapshot({7}).value();
  ASSERT_TRUE(node_.store->move({7}, other_than(from)).ok());
  const auto rows = snapshot->read_table();
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_EQ(rows->rows(), 150u);
  node_.crash();
  EXPECT_TRUE(files_of(disk_, from).empty()) << "the next start removes them";
  node_.expect_rows(7, test_rows(0, 150));
}

TEST_F(MoveChunkTest, refusals_name_what_is_wrong_and_change_nothing) {
  const auto from = node_.info(7).volume;
  const auto nowhere = node_.store->move({7}, "/v3");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().message, "/v3 is no volume of this node; it has /v1, /v2");
  EXPECT_EQ(node_.store->move({8}, "/v1").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(node_.store->move({7}, from).ok()) << "it is there";
  const auto import = node_.store->import_chunk({7});
  ASSERT_TRUE(import.ok());
  EXPECT_EQ(node_.store->move({7}, other_than(from)).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(files_of(disk_, other_than(from)).empty());
}

TEST_F(MoveChunkTest, damaged_blocks_are_not_spread) {
  const auto from = node_.info(7).volume;
  const auto files = files_of(disk_, from);
  const auto column = std::find_if(files.begin(), files.end(), [](const auto& path) { return path.ends_with(".col"); });
  ASSERT_NE(column, files.end());
  ASSERT_TRUE(disk_.flip_bit(*column, 8 * 200).ok());
  const auto moved = node_.store->move({7}, other_than(from));
  ASSERT_FALSE(moved.ok());
  EXPECT_EQ(moved.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(node_.info(7).volume, from);
  EXPECT_TRUE(files_of(disk_, other_than(from)).empty());
}

/// A move with everything failing from step `step` on; false when it needs fewer steps.
bool cut_at(const io::MemoryFileSystem& before, const std::string& to, uint64_t step, io::CrashStyle style) {
  const auto disk = before.copy();
  const auto expected = test_rows(0, 150);
  bool crashed = false;
  {
    io::FaultyFileSystem faults(*disk);
    ManualClock clock;
    auto opened = ChunkStore::open(faults, clock, test_options());
    EXPECT_TRUE(opened.ok());
    faults.crash_at(faults.steps() + step);
    (void)(*opened)->move({7}, to);
    crashed = faults.crashed();
    disk->crash(style, step);
  }
  for (int opens = 0; opens < 2; ++opens) {
    TestNode again(*disk);
    if (again.store == nullptr) return false;
    EXPECT_EQ(again.store->chunks().size(), 1u);
    EXPECT_TRUE(again.info(7).damage.empty()) << again.info(7).damage;
    again.expect_rows(7, expected);
    EXPECT_TRUE(again.store->verify({7}).ok());
    EXPECT_EQ(files_of(*disk, again.info(7).volume == "/v1" ? "/v2" : "/v1"), std::vector<std::string>());
    EXPECT_TRUE(again.store->move({7}, opens == 0 ? to : "/v1").ok()) << "it can be moved again";
    again.append(8, test_rows(0, 3));
    EXPECT_TRUE(again.store->flush_all().ok());
    EXPECT_TRUE(again.store->drop({8}).ok());
    again.expect_rows(7, expected);
    disk->crash(io::CrashStyle::kDropUnsynced, step);
  }
  return crashed;
}

TEST_F(MoveChunkTest, a_power_cut_at_any_moment_leaves_exactly_one_whole_chunk) {
  const auto to = other_than(node_.info(7).volume);
  ASSERT_TRUE(node_.store->stop().ok());
  const auto before = disk_.copy();
  for (const auto style : {io::CrashStyle::kDropUnsynced, io::CrashStyle::kKeepAll, io::CrashStyle::kRandom}) {
    uint64_t step = 1;
    for (; cut_at(*before, to, step, style) && !HasFailure(); ++step) SCOPED_TRACE("step " + std::to_string(step));
    ASSERT_FALSE(HasFailure()) << "at step " << step << " style " << static_cast<int>(style);
    EXPECT_GT(step, 15u) << "the move has that many steps";
  }
}

TEST_F(MoveChunkTest, a_disk_that_fails_once_at_any_step_leaves_a_chunk_that_takes_writes_or_says_why) {
  const auto from = node_.info(7).volume;
  const auto to = other_than(from);
  ASSERT_TRUE(node_.store->stop().ok());
  const auto before = disk_.copy();
  using io::Operation;
  for (const auto operation : {Operation::kWrite, Operation::kSync, Operation::kRename, Operation::kRemove,
                               Operation::kSyncDirectory, Operation::kRead}) {
    for (const auto& place : {from + "/chunks", to + "/chunks"}) {
      SCOPED_TRACE(place + " operation " + std::to_string(static_cast<int>(operation)));
      const auto disk = before->copy();
      bool writable = false;
      {
        io::FaultyFileSystem faults(*disk);
        ManualClock clock;
        auto opened = ChunkStore::open(faults, clock, test_options());
        ASSERT_TRUE(opened.ok());
        auto& store = **opened;
        faults.fail(operation, place, 1);
        (void)store.move({7}, to);
        faults.fail(operation, place, 0);
        ChunkWrite write = TestNode::write(7, test_rows(150, 5));
        writable = store.prepare({1000}, {&write, 1}).ok();
        if (writable) {
          const ChunkVersion version{{7}, 3};
          ASSERT_TRUE(store.commit({1000}, {&version, 1}).ok());
          ASSERT_TRUE(store.flush_all().ok());
        } else {
          EXPECT_FALSE(store.info({7})->damage.empty());
        }
        disk->crash(io::CrashStyle::kDropUnsynced, 1);
      }
      TestNode again(*disk);
      ASSERT_NE(again.store, nullptr);
      again.expect_rows(7, test_rows(0, writable ? 155 : 150));
    }
  }
}

}  // namespace
}  // namespace pelorus::storage
