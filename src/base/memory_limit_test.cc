#include "base/memory_limit.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

namespace pelorus::memory {
namespace {

constexpr uint64_t kGigabyte = 1ull << 30;

/// Counted bytes alone decide here: the resident ones of a test program are far below a gigabyte.
class MemoryLimitTest : public testing::Test {
 protected:
  ~MemoryLimitTest() override { set_limit({}); }
};

TEST_F(MemoryLimitTest, refuses_what_would_pass_the_limit_and_says_who_holds_how_much) {
  set_limit({.bytes_max = 4 * kGigabyte, .holder = "node1", .reclaim = {}});
  note_allocated(3 * kGigabyte);
  EXPECT_NO_THROW(require(kGigabyte / 2));
  try {
    require(2 * kGigabyte);
    ADD_FAILURE();
  } catch (const OutOfMemory& refused) {
    const std::string text = refused.what();
    EXPECT_TRUE(text.starts_with("Out of memory: 2048 MB more were asked for, node1 holds 3")) << text;
    EXPECT_NE(text.find("of maxMemSize 4096 MB"), std::string::npos) << text;
  }
  note_freed(3 * kGigabyte);
  EXPECT_NO_THROW(require(2 * kGigabyte));
}

TEST_F(MemoryLimitTest, without_a_limit_nothing_is_refused) {
  set_limit({});
  EXPECT_NO_THROW(require(UINT64_MAX));
}

TEST_F(MemoryLimitTest, a_size_beyond_every_number_is_refused) {
  set_limit({.bytes_max = kGigabyte, .holder = "node1", .reclaim = {}});
  EXPECT_THROW(require(UINT64_MAX), OutOfMemory);
}

TEST_F(MemoryLimitTest, only_refusable_work_is_refused) {
  set_limit({.bytes_max = kGigabyte, .holder = "node1", .reclaim = {}});
  EXPECT_NO_THROW(require_if_refusable(2 * kGigabyte));
  {
    const Refusable statement;
    EXPECT_THROW(require_if_refusable(2 * kGigabyte), OutOfMemory);
    {
      const NeverRefused commit;
      EXPECT_NO_THROW(require_if_refusable(2 * kGigabyte));
    }
    EXPECT_THROW(require_if_refusable(2 * kGigabyte), OutOfMemory);
    std::thread([] { EXPECT_NO_THROW(require_if_refusable(2 * kGigabyte)); }).join();
  }
  EXPECT_NO_THROW(require_if_refusable(2 * kGigabyte));
}

TEST_F(MemoryLimitTest, what_the_allocator_keeps_is_a_share_of_the_limit) {
  constexpr uint64_t kMegabyte = 1ull << 20;
  const std::vector<char> kept(100 * kMegabyte, 'x');  // resident, and no large block
  int given_back = 0;
  const auto frees_a_twentieth_four_times = [&](uint64_t bytes_max) {
    set_limit({.bytes_max = bytes_max, .holder = "node1", .reclaim = [&] { ++given_back; }});
    for (int i = 0; i < 4; ++i) {
      note_allocated(bytes_max / 20);
      note_freed(bytes_max / 20);
    }
    return std::exchange(given_back, 0);
  };
  EXPECT_EQ(frees_a_twentieth_four_times(256 * kMegabyte), 2);
  EXPECT_EQ(frees_a_twentieth_four_times(8 * kGigabyte), 0);
}

TEST_F(MemoryLimitTest, unused_memory_is_given_back_before_anything_is_refused) {
  int reclaims = 0;
  set_limit({.bytes_max = kGigabyte, .holder = "node1", .reclaim = [&] {
               ++reclaims;
               note_freed(kGigabyte);
             }});
  note_allocated(kGigabyte);
  EXPECT_NO_THROW(require(kGigabyte / 2));
  EXPECT_EQ(reclaims, 1);
}

TEST_F(MemoryLimitTest, a_refusal_becomes_an_error) {
  set_limit({.bytes_max = kGigabyte, .holder = "node1", .reclaim = {}});
  const auto refused = refused_as_error([]() -> Result<int> {
    require_if_refusable(2 * kGigabyte);
    return 1;
  });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kOutOfMemory);
  EXPECT_EQ(refused_as_error([]() -> Result<int> { return 1; }).value(), 1);
}

}  // namespace
}  // namespace pelorus::memory
