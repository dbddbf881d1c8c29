#include "base/semaphore.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace pelorus {
namespace {

using namespace std::chrono_literals;

TEST(Semaphore, never_more_than_its_places_are_taken_and_everybody_gets_one) {
  constexpr int kPlaces = 2;
  Semaphore places(kPlaces);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> turns{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread)
      threads.emplace_back([&] {
        for (int turn = 0; turn < 500; ++turn) {
          ASSERT_TRUE(places.acquire());
          const int now = ++inside;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          std::this_thread::yield();
          --inside;
          ++turns;
          places.release();
        }
      });
  }
  EXPECT_EQ(turns, 3000);
  EXPECT_LE(most, kPlaces);
}

TEST(Semaphore, places_released_together_wake_as_many) {
  Semaphore places(0);
  std::vector<std::future<bool>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(std::async(std::launch::async, [&] { return places.acquire(); }));
  places.release(3);
  for (auto& one : waiting) EXPECT_TRUE(one.get());
}

TEST(Semaphore, nobody_waits_once_it_is_closed) {
  Semaphore places(0);
  auto waiting = std::async(std::launch::async, [&] { return places.acquire(); });
  EXPECT_EQ(waiting.wait_for(20ms), std::future_status::timeout);
  places.close();
  EXPECT_FALSE(waiting.get());
  places.release();
  EXPECT_FALSE(places.acquire());
}

}  // namespace
}  // namespace pelorus
