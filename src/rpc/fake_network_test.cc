#include "rpc/fake_network.h"

#include <gtest/gtest.h>

#include <atomic>

namespace pelorus::rpc {
namespace {

class TwoNodes : public ::testing::Test {
 protected:
  TwoNodes() {
    network_.add("a");
    network_.add("b").on("add", [this](const Peer& peer, std::string_view, const CallInfo&) {
      ++handled_;
      return Bytes(peer.identity.alias);
    });
  }
  Result<Bytes> call() { return network_.caller("a").call("b", "add", ""); }

  std::atomic<int> handled_{0};
  FakeNetwork network_;
};

TEST_F(TwoNodes, calls_arrive) {
  EXPECT_EQ(*call(), "a");
  EXPECT_EQ(network_.caller("a").call("b", "none", "").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(network_.caller("a").call("c", "add", "").error().code, ErrorCode::kUnavailable);
}

TEST_F(TwoNodes, a_cut_has_no_effect_and_heals) {
  network_.cut("b", "a");
  EXPECT_EQ(call().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(handled_, 0);
  network_.heal();
  EXPECT_TRUE(call().ok());
}

TEST_F(TwoNodes, lost_requests_and_lost_answers_look_the_same_to_the_caller) {
  network_.drop_requests("a", "b", 1);
  EXPECT_EQ(call().error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(handled_, 0);
  network_.drop_answers("b", "a", 1);
  EXPECT_EQ(call().error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(handled_, 1);
  EXPECT_TRUE(call().ok());
}

TEST_F(TwoNodes, a_crashed_node_is_gone_until_it_starts) {
  network_.crash("b");
  EXPECT_EQ(call().error().code, ErrorCode::kUnavailable);
  network_.start("b");
  EXPECT_TRUE(call().ok());
}

TEST_F(TwoNodes, a_delayed_request_misses_its_deadline) {
  network_.delay("a", "b", std::chrono::milliseconds(60));
  const auto late = network_.caller("a").call("b", "add", "", {.timeout = std::chrono::milliseconds(5)});
  EXPECT_EQ(late.error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(*call(), "a");
}

TEST_F(TwoNodes, stopping_ends_calls_under_way) {
  network_.delay("a", "b", std::chrono::hours(1));
  std::atomic<bool> ended{false};
  network_.caller("a").call_async("b", "add", "", {}, [&](Result<Bytes> result) { ended = !result.ok(); });
  network_.stop();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace pelorus::rpc
