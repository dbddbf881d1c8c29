#include "server/allocation.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/memory_limit.h"
#include "base/yielding.h"
#include "server/data_role.h"
#include "storage/store_fixture.h"

namespace pelorus::server {
namespace {

constexpr size_t kMegabyte = 1u << 20;

class AllocationTest : public testing::Test {
 protected:
  ~AllocationTest() override { memory::set_limit({}); }
  void allow(size_t megabytes) {
    memory::set_limit({.bytes_max = memory::held_bytes() + megabytes * kMegabyte, .holder = "node1", .reclaim = {}});
  }
};

TEST_F(AllocationTest, a_vector_beyond_the_limit_is_refused_and_an_equal_one_fits_after_others_went) {
  allow(200);
  const memory::Refusable statement;
  std::vector<std::vector<char>> held;  // reached from elsewhere: a compiler may leave out what nobody sees
  held.emplace_back(120 * kMegabyte);
  EXPECT_THROW(held.emplace_back(120 * kMegabyte), OutOfMemory);
  held.clear();
  EXPECT_NO_THROW(held.emplace_back(120 * kMegabyte));
}

TEST_F(AllocationTest, memory_not_touched_yet_counts) {
  allow(200);
  const memory::Refusable statement;
  void* untouched = ::operator new(150 * kMegabyte);
  std::vector<std::string> held;
  EXPECT_THROW(held.emplace_back(100 * kMegabyte, 'x'), OutOfMemory);
  ::operator delete(untouched);
}

TEST_F(AllocationTest, every_form_of_new_and_delete_counts_the_same) {
  const auto before = memory::held_bytes();
  for (int i = 0; i < 2000; ++i) {  // an error of one form would add up to gigabytes
    const size_t bytes = kMegabyte + static_cast<size_t>(i);
    ::operator delete(::operator new(bytes));
    ::operator delete(::operator new(bytes), bytes);
    ::operator delete[](::operator new[](bytes, std::nothrow));
    ::operator delete(::operator new(bytes, std::align_val_t(64)), std::align_val_t(64));
    ::operator delete(::operator new(bytes, std::align_val_t(64)), bytes, std::align_val_t(64));
    const size_t edge = memory::kLargeBlockBytes - 100 + static_cast<size_t>(i % 200);
    ::operator delete(::operator new(edge));
    ::operator delete(::operator new(edge), edge);
  }
  EXPECT_LT(memory::held_bytes(), before + 100 * kMegabyte);
  allow(500);
  const memory::Refusable statement;
  EXPECT_EQ(::operator new(600 * kMegabyte, std::nothrow), nullptr);
}

TEST_F(AllocationTest, caches_go_before_a_statement_is_refused) {
  std::vector<std::string> cache{std::string(120 * kMegabyte, 'x')};
  const memory::Yielding yielding([&] { cache = {}; });
  allow(60);
  std::vector<std::vector<char>> held;
  {
    const memory::Refusable statement;
    EXPECT_THROW(held.emplace_back(100 * kMegabyte), OutOfMemory) << "nobody lets go of anything";
  }
  const MemoryWatch watch([] { return 0; });
  std::this_thread::sleep_for(std::chrono::milliseconds(250));  // what was asked for just now is not asked for again
  const memory::Refusable statement;
  EXPECT_NO_THROW(held.emplace_back(100 * kMegabyte));
  EXPECT_TRUE(cache.empty());
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  EXPECT_THROW(held.emplace_back(100 * kMegabyte), OutOfMemory) << "there is nothing left to let go of";
}

TEST_F(AllocationTest, caches_go_by_themselves_when_much_is_held) {
  std::mutex mutex;
  std::vector<std::string> cache{std::string(100 * kMegabyte, 'x')};
  const memory::Yielding yielding([&] {
    const std::lock_guard lock(mutex);
    cache = {};
  });
  const auto is_gone = [&] {
    const std::lock_guard lock(mutex);
    return cache.empty();
  };
  const auto held = memory::held_bytes();
  const MemoryWatch generous([=] { return held + 50 * kMegabyte; }, std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_FALSE(is_gone());
  const MemoryWatch strict([=] { return held - 50 * kMegabyte; }, std::chrono::milliseconds(5));
  for (int i = 0; i < 2000 && !is_gone(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(is_gone());
}

/// What reads learn of sorted files: key directories, 28 bytes a key.
TEST_F(AllocationTest, a_store_lets_go_of_what_it_learnt_of_its_files) {
  io::MemoryFileSystem files;
  storage::TestNode node(files);
  node.options.block_rows = 65536;
  node.options.log_segment_bytes = 64 * kMegabyte;
  node.open();
  node.sort = {{0, 1}, storage::KeepDuplicates::kAll};
  constexpr uint64_t kChunks = 20;
  constexpr int32_t kRows = 100'000;
  for (uint64_t chunk = 1; chunk <= kChunks; ++chunk) {
    data::Buffer<int32_t> keys;
    for (int32_t i = 0; i < kRows; ++i) keys.push_back(i);
    const auto column = data::Vector::adopt<int32_t>(types::Type::kInt, std::move(keys));
    node.append(chunk, data::Table({"key", "time"}, {column, column}));
    ASSERT_TRUE(node.store->flush({chunk}).ok());
  }
  node.open();
  const auto read_all = [&] {
    for (uint64_t chunk = 1; chunk <= kChunks; ++chunk) {
      const auto view = node.store->snapshot({chunk}, storage::kLatestVersion).value();
      const auto key = types::Scalar::of<int32_t>(types::Type::kInt, kRows / 2);
      EXPECT_EQ(view->select({{.column = 0, .low = key, .high = key}}).value().rows->rows(), 1u);
    }
  };
  const auto before = memory::held_bytes();
  read_all();
  EXPECT_GT(memory::held_bytes(), before + 40 * kMegabyte);
  allow(20);
  const MemoryWatch watch([] { return 0; });
  {
    const memory::Refusable statement;
    std::vector<std::string> held;
    EXPECT_NO_THROW(held.emplace_back(50 * kMegabyte, 'x'));
  }
  read_all();
}

size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  size_t pages = 0, resident = 0;
  statm >> pages >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST(UnusedMemoryTest, freed_columns_go_back_to_the_system_when_nobody_asks_for_any) {
  constexpr size_t kBytes = 200 * kMegabyte;
  const auto before = resident_bytes();
  const UnusedMemory unused(std::chrono::milliseconds(50));
  {
    std::vector<std::vector<char>> columns;
    for (int i = 0; i < 20; ++i) columns.emplace_back(kBytes / 20, 'x');
    EXPECT_GT(resident_bytes(), before + kBytes / 2);
  }
  for (int i = 0; i < 600 && resident_bytes() > before + kBytes / 4; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LT(resident_bytes(), before + kBytes / 4);
}

TEST(WriteBufferTest, is_the_operators_cache_within_the_nodes_memory) {
  constexpr uint64_t kGigabyte = 1ull << 30;
  EXPECT_EQ(write_buffer_bytes(kGigabyte / 2, 4 * kGigabyte), kGigabyte / 2);
  EXPECT_EQ(write_buffer_bytes(kGigabyte / 10, 4 * kGigabyte), kGigabyte / 10);
  EXPECT_EQ(write_buffer_bytes(16 * kGigabyte, 232 * kGigabyte), kGigabyte);
  EXPECT_EQ(write_buffer_bytes(16 * kGigabyte, 2 * kGigabyte), kGigabyte / 2);
  EXPECT_EQ(write_buffer_bytes(0, 0), 256ull << 20);
}

}  // namespace
}  // namespace pelorus::server
