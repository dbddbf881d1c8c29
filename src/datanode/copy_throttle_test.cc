#include "datanode/copy_throttle.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

namespace pelorus::datanode {
namespace {

using namespace std::chrono_literals;

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(CopyThrottle, bytes_take_their_time_for_all_copies_together) {
  CopyThrottle throttle;
  EXPECT_LT(seconds_of([&] { throttle.pay(1 << 30); }), 0.1) << "none is set";
  throttle.set(1000000);
  EXPECT_GE(seconds_of([&] {
              std::thread other([&] { throttle.pay(100000); });
              throttle.pay(100000);
              other.join();
            }),
            0.19);
}

TEST(CopyThrottle, a_new_rate_and_the_end_hold_for_those_that_wait) {
  CopyThrottle throttle;
  throttle.set(1);
  EXPECT_LT(seconds_of([&] {
              std::thread waiting([&] { throttle.pay(1000000); });
              throttle.set(0);
              waiting.join();
            }),
            60.0);
  throttle.set(1);
  std::thread waiting([&] { throttle.pay(1000000); });
  throttle.stop();
  waiting.join();
}

}  // namespace
}  // namespace pelorus::datanode
