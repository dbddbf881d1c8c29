// A store that is short of memory: what it learnt of its files goes, what readers see stays.

#include <thread>

#include "base/yielding.h"
#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

class LetGo : public ::testing::Test {
 protected:
  LetGo() : node_(files_) {
    node_.sort = {{1, 0}, KeepDuplicates::kAll};  // by symbol, then number
    for (int run = 0; run < 3; ++run) {
      node_.append(7, test_rows(run * 400, 400));
      EXPECT_TRUE(node_.store->flush({7}).ok());
    }
    node_.append(7, test_rows(1200, 100));
  }
  data::Table all_of(const ChunkSnapshot& snapshot) { return snapshot.read_table().value(); }
  size_t found(const ChunkSnapshot& snapshot) {
    const auto symbol = types::Scalar::of_text(types::Type::kString, "s4");
    return snapshot.select({{.column = 1, .low = symbol, .high = symbol}}).value().rows->rows();
  }

  io::MemoryFileSystem files_;
  TestNode node_;
};

TEST_F(LetGo, readers_see_the_same_before_and_after) {
  const auto before = node_.store->snapshot({7}, kLatestVersion).value();
  const auto rows = all_of(*before);
  const auto matching = found(*before);
  EXPECT_EQ(rows.rows(), 1300u);
  node_.store->let_go();
  EXPECT_TRUE(data::equal(data::Value(all_of(*before)), data::Value(rows)));
  EXPECT_EQ(found(*before), matching);
  node_.expect_rows(7, rows);
  memory::let_go_of_caches();  // as a process does
  node_.expect_rows(7, rows);
  node_.append(7, test_rows(5000, 20));
  node_.store->let_go();
  EXPECT_EQ(node_.store->snapshot({7}, kLatestVersion).value()->rows().value(), 1320u);
}

TEST_F(LetGo, symbols_of_one_snapshot_share_one_dictionary_all_the_same) {
  const auto snapshot = node_.store->snapshot({7}, kLatestVersion).value();
  const auto some = snapshot->read(1, RowRange{0, 10}).value();
  node_.store->let_go();
  const auto others = snapshot->read(1, RowRange{10, 20}).value();
  EXPECT_EQ(&some.symbols(), &others.symbols());
}

TEST_F(LetGo, rows_in_memory_are_written_soon) {
  node_.options.background = true;
  node_.options.background_period = std::chrono::milliseconds(5);
  node_.open();
  const auto bytes = node_.store->status().buffer_bytes;
  ASSERT_GT(bytes, 0u);
  node_.store->let_go();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(node_.store->status().buffer_bytes, bytes) << "so few of them are not worth a file";
  node_.store->set_buffer_bytes_max(8 * bytes);
  node_.store->let_go();
  for (int i = 0; i < 2000 && node_.store->status().buffer_bytes > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(node_.store->status().buffer_bytes, 0u);
  EXPECT_EQ(node_.store->snapshot({7}, kLatestVersion).value()->rows().value(), 1300u);
}

TEST_F(LetGo, what_was_read_longest_ago_goes_when_there_is_too_much) {
  for (uint64_t chunk = 1; chunk <= 6; ++chunk) {
    node_.append(chunk, test_rows(0, 600));
    EXPECT_TRUE(node_.store->flush({chunk}).ok());
  }
  const auto read = [&](uint64_t chunk) {
    EXPECT_GT(found(*node_.store->snapshot({chunk}, kLatestVersion).value()), 0u);
  };
  const auto look = [&](const std::function<bool(uint64_t)>& wanted) {
    for (int i = 0; i < 2000 && !wanted(node_.store->status().index_bytes); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return node_.store->status().index_bytes;
  };
  node_.options.background = true;
  node_.options.background_period = std::chrono::milliseconds(1);
  node_.open();
  for (uint64_t chunk = 1; chunk <= 6; ++chunk) read(chunk);
  const auto all = look([](uint64_t bytes) { return bytes > 0; });
  ASSERT_GT(all, 0u);
  node_.options.index_bytes_max = all / 2;
  node_.open();
  for (uint64_t chunk = 1; chunk <= 6; ++chunk) read(chunk);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto left = look([&](uint64_t bytes) { return bytes > 0 && bytes <= all / 2; });
  EXPECT_LE(left, all / 2);
  EXPECT_GT(left, 0u) << "what was read last stays";
}

TEST_F(LetGo, readers_and_writers_go_on_meanwhile) {
  const auto rows = all_of(*node_.store->snapshot({7}, kLatestVersion).value());
  std::atomic<bool> done = false;
  std::thread letting([&] {
    while (!done) node_.store->let_go();
  });
  for (int round = 0; round < 100; ++round) {
    const auto snapshot = node_.store->snapshot({7}, 4).value();
    EXPECT_TRUE(data::equal(data::Value(all_of(*snapshot)), data::Value(rows)));
    EXPECT_GT(found(*snapshot), 0u);
    if (round % 20 == 0) node_.append(7, test_rows(10'000 + round, 5));
  }
  done = true;
  letting.join();
}

}  // namespace
}  // namespace pelorus::storage
