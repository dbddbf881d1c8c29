#include "dist/loose_ends.h"

#include <gtest/gtest.h>

#include "meta/messages.h"

namespace pelorus::dist {
namespace {

/// A leader whose first answer to each method is lost.
class ForgetfulLeader final : public rpc::Caller {
 public:
  void call_async(const std::string&, std::string_view method, Bytes payload, rpc::CallOptions,
                  rpc::Done done) override {
    if (asked_[std::string(method)]++ < lost_) return done(Error{ErrorCode::kOutcomeUnknown, "the answer was lost"});
    if (method == meta::kBeginTransaction) {
      if (refuses) return done(Error{ErrorCode::kStale, "older than the last one"});
      meta::BeginReply reply;
      reply.begun.transaction = TransactionId{7};
      return done(meta::encode(reply));
    }
    const auto decision = meta::decode<meta::Decide>(payload, method);
    ASSERT_TRUE(decision.ok());
    EXPECT_FALSE(decision->commit);
    decided.push_back(decision->transaction);
    done(meta::encode(meta::Decided{}));
  }
  std::vector<TransactionId> decided;  // by one thread, read when that has ended
  bool refuses = false;

 private:
  const int lost_ = 1;
  std::map<std::string, int> asked_;
};

class LooseEndsTest : public ::testing::Test {
 protected:
  void wait() {
    while (ends_->count() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ends_.reset();  // its thread has ended
  }
  ForgetfulLeader leader_;
  ControllerClient controllers_{leader_, {"ctl1"}};
  std::unique_ptr<LooseEnds> ends_ = std::make_unique<LooseEnds>(controllers_);
};

TEST_F(LooseEndsTest, a_begin_whose_answer_was_lost_is_found_again_and_aborted) {
  ends_->add(meta::BeginTransaction{.client = "node/1", .sequence = 3, .coordinator = "dn1"});
  wait();
  EXPECT_EQ(leader_.decided, std::vector{TransactionId{7}});
}

TEST_F(LooseEndsTest, a_transaction_whose_decision_was_lost_is_aborted) {
  ends_->add(TransactionId{9});
  wait();
  EXPECT_EQ(leader_.decided, std::vector{TransactionId{9}});
}

TEST_F(LooseEndsTest, a_begin_that_is_refused_has_left_nothing) {
  leader_.refuses = true;
  ends_->add(meta::BeginTransaction{.client = "node/1", .sequence = 3, .coordinator = "dn1"});
  wait();
  EXPECT_TRUE(leader_.decided.empty());
}

TEST(LooseEnds, only_errors_that_say_nothing_leave_anything_open) {
  EXPECT_TRUE(LooseEnds::leaves_open({ErrorCode::kOutcomeUnknown, ""}));
  EXPECT_TRUE(LooseEnds::leaves_open({ErrorCode::kUnavailable, ""}));
  EXPECT_TRUE(LooseEnds::leaves_open({ErrorCode::kTimeout, ""}));
  EXPECT_TRUE(LooseEnds::leaves_open({ErrorCode::kCancelled, ""}));
  EXPECT_FALSE(LooseEnds::leaves_open({ErrorCode::kConflict, ""}));
  EXPECT_FALSE(LooseEnds::leaves_open({ErrorCode::kStale, ""}));
}

}  // namespace
}  // namespace pelorus::dist
