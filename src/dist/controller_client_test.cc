#include "dist/controller_client.h"

#include <gtest/gtest.h>

#include <future>

#include "base/cancellation_scope.h"
#include "base/semaphore.h"

namespace pelorus::dist {
namespace {

using namespace std::chrono_literals;

/// Controllers of which none answers: some refuse at once, the others say nothing until the caller gives up.
class AbsentControllers final : public rpc::Caller {
 public:
  explicit AbsentControllers(bool refuse) : refuse_(refuse) {}
  void call_async(const std::string&, std::string_view, Bytes, rpc::CallOptions options, rpc::Done done) override {
    asked.release();
    if (refuse_) return done(Error{ErrorCode::kUnavailable, "no connection"});
    silent_.push_back(std::async(std::launch::async, [options, done] {
      const auto until = std::chrono::steady_clock::now() + options.timeout;
      while (std::chrono::steady_clock::now() < until) {
        if (options.cancellation && options.cancellation->cancelled())
          return done(Error{ErrorCode::kCancelled, "cancelled"});
        std::this_thread::sleep_for(1ms);
      }
      done(Error{ErrorCode::kOutcomeUnknown, "no answer"});
    }));
  }
  Semaphore asked{0};

 private:
  const bool refuse_;
  std::vector<std::future<void>> silent_;  // one call at a time makes them
};

class ControllerClientTest : public ::testing::TestWithParam<bool> {
 protected:
  AbsentControllers absent_{GetParam()};
  ControllerClient controllers_{absent_, {"ctl1", "ctl2"}};
};

TEST_P(ControllerClientTest, a_call_is_given_up_when_its_thread_is_told_to) {
  const CancellationToken token;
  auto call = std::async(std::launch::async, [&] {
    const CancellationScope scope(token);
    return controllers_.call("ctl.anything", "", {.repeat = Repeat::kSafe, .timeout = 10min});
  });
  ASSERT_TRUE(absent_.asked.acquire());
  EXPECT_EQ(call.wait_for(20ms), std::future_status::timeout);
  token.cancel();
  ASSERT_EQ(call.wait_for(1min), std::future_status::ready);
  EXPECT_EQ(call.get().error().code, ErrorCode::kCancelled);
}

TEST_P(ControllerClientTest, nothing_is_asked_by_a_thread_that_is_to_give_up) {
  const CancellationToken token;
  token.cancel();
  const CancellationScope scope(token);
  const auto answer = controllers_.call("ctl.anything", "");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kCancelled);
  absent_.asked.close();
  EXPECT_FALSE(absent_.asked.acquire());
}

TEST_P(ControllerClientTest, other_threads_go_on_asking) {
  const CancellationToken token;
  token.cancel();
  const CancellationScope scope(token);
  auto call = std::async(std::launch::async, [&] {
    return controllers_.call("ctl.anything", "", {.repeat = Repeat::kSafe, .timeout = 50ms});
  });
  EXPECT_EQ(call.get().error().code, GetParam() ? ErrorCode::kUnavailable : ErrorCode::kOutcomeUnknown);
}

INSTANTIATE_TEST_SUITE_P(Absent, ControllerClientTest, ::testing::Bool(),
                         [](const auto& row) { return std::string(row.param ? "refusing" : "silent"); });

}  // namespace
}  // namespace pelorus::dist
