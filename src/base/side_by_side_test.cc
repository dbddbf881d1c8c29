#include "base/side_by_side.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <numeric>
#include <thread>
#include <vector>

namespace pelorus {
namespace {

TEST(SideBySide, every_item_is_done_once) {
  for (const size_t threads : {0, 1, 3, 64}) {
    std::vector<std::atomic<int>> done(100);
    ASSERT_TRUE(side_by_side(done.size(), threads, [&](size_t i) -> Status {
                  ++done[i];
                  return {};
                }).ok());
    for (const auto& times : done) EXPECT_EQ(times, 1) << threads;
  }
  EXPECT_TRUE(side_by_side(0, 4, [](size_t) -> Status { return Error{ErrorCode::kIo, "called"}; }).ok());
}

TEST(SideBySide, as_many_run_at_once_as_asked) {
  std::latch all(4);  // nobody ends before four have begun
  EXPECT_TRUE(side_by_side(4, 4, [&](size_t) -> Status {
                all.arrive_and_wait();
                return {};
              }).ok());
}

TEST(SideBySide, the_first_failure_is_told_and_nothing_begins_after_it) {
  std::vector<size_t> begun;
  const auto outcome = side_by_side(10, 1, [&](size_t i) -> Status {
    begun.push_back(i);
    if (i == 3) return Error{ErrorCode::kIo, "item 3"};
    return {};
  });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().message, "item 3");
  EXPECT_EQ(begun, (std::vector<size_t>{0, 1, 2, 3}));

  std::latch both(2);  // items 0 and 1 fail together
  const auto two = side_by_side(2, 2, [&](size_t i) -> Status {
    both.arrive_and_wait();
    return Error{ErrorCode::kIo, "item " + std::to_string(i)};
  });
  ASSERT_FALSE(two.ok());
  EXPECT_EQ(two.error().message, "item 0");
}

}  // namespace
}  // namespace pelorus
