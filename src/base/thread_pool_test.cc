#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace pelorus {
namespace {

TEST(ThreadPoolTest, discarded_tasks_never_run_and_those_begun_are_ended) {
  ThreadPool pool({.name = "discard", .threads_max = 1});
  std::promise<void> begun, release;
  std::atomic<int> ran = 0;
  ASSERT_TRUE(pool.submit([&] {
    begun.set_value();
    release.get_future().wait();
    ++ran;
  }));
  begun.get_future().wait();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.submit([&] { ran += 100; }));
  EXPECT_EQ(pool.discard(), 3u);
  EXPECT_EQ(pool.waiting(), 0u);
  release.set_value();
  pool.stop();
  EXPECT_EQ(ran, 1);
}

TEST(ThreadPoolTest, a_stopped_pool_has_run_what_waited) {
  ThreadPool pool({.name = "stop", .threads_max = 1});
  std::atomic<int> ran = 0;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.submit([&] { ++ran; }));
  pool.stop();
  EXPECT_EQ(ran, 3);
  EXPECT_FALSE(pool.submit([&] { ++ran; }));
}

}  // namespace
}  // namespace pelorus
