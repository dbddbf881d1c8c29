#include "base/fault_point.h"

#include <gtest/gtest.h>

#include <set>

namespace pelorus {
namespace {

class FaultPointTest : public testing::Test {
 protected:
  ~FaultPointTest() override { order_faults({}); }
};

TEST_F(FaultPointTest, every_step_has_a_name_of_its_own) {
  const auto names = fault_point_names();
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), kFaultPointCount);
  EXPECT_EQ(names[static_cast<size_t>(FaultPoint::kTermOpened)], "raft.term.opened");
}

TEST_F(FaultPointTest, orders_are_read_or_refused_with_a_reason) {
  const auto death = parse_fault_order("a.b:3").value();
  EXPECT_EQ(death.name, "a.b");
  EXPECT_EQ(death.passage, 3u);
  EXPECT_EQ(death.action, FaultOrder::Action::kDie);
  EXPECT_EQ(parse_fault_order("a:1:error")->action, FaultOrder::Action::kError);
  EXPECT_EQ(parse_fault_order("a:1:delay=20")->delay.count(), 20);
  for (const auto* wrong : {"", "a", "a:", "a:0", "a:x", ":1", "a:1:explode", "a:1:delay=", "a:1:delay=5s"}) {
    const auto refused = parse_fault_order(wrong);
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_NE(refused.error().message.find("name:passage"), std::string::npos);
  }
}

TEST_F(FaultPointTest, several_orders_stand_side_by_side) {
  const auto orders = parse_fault_orders("a:1,b:2:error,c:3").value();
  ASSERT_EQ(orders.size(), 3u);
  EXPECT_EQ(orders[1].name, "b");
  EXPECT_EQ(orders[1].action, FaultOrder::Action::kError);
  EXPECT_EQ(orders[2].passage, 3u);
  for (const auto* wrong : {"", "a:1,", ",a:1", "a:1,b"}) EXPECT_FALSE(parse_fault_orders(wrong).ok()) << wrong;
  const auto twice = parse_fault_orders("a:1,a:2");
  ASSERT_FALSE(twice.ok());
  EXPECT_NE(twice.error().message.find("a is ordered twice"), std::string::npos);
  order_faults({{.name = "here", .passage = 1, .action = FaultOrder::Action::kError},
                {.name = "there", .passage = 2, .action = FaultOrder::Action::kError}});
  EXPECT_FALSE(pass_fault("here").ok());
  EXPECT_TRUE(pass_fault("there").ok());
  EXPECT_FALSE(pass_fault("there").ok());
}

TEST_F(FaultPointTest, an_error_begins_at_its_passage_and_at_its_name_only) {
  order_faults({{.name = "here", .passage = 2, .action = FaultOrder::Action::kError}});
  EXPECT_TRUE(pass_fault("there").ok());
  EXPECT_TRUE(pass_fault("here").ok());
  EXPECT_EQ(pass_fault("here").error().code, ErrorCode::kIo);
  EXPECT_FALSE(pass_fault("here").ok());
  order_faults({});
  EXPECT_FALSE(faults_are_ordered());
  EXPECT_TRUE(pass_fault("here").ok());
}

TEST_F(FaultPointTest, a_process_dies_of_sigkill) {
  const auto come_past = [] {
    order_faults(
        {{.name = "participant.prepare.received", .passage = 2}, {.name = "participant.prepare.stored", .passage = 2}});
    reach(FaultPoint::kPrepareStored);
    reach(FaultPoint::kPrepareReceived);
    reach(FaultPoint::kPrepareStored);
  };
  EXPECT_EXIT(come_past(), testing::KilledBySignal(SIGKILL),
              "PELORUS_FAULT: dies at participant.prepare.stored, passage 2\n");
}

}  // namespace
}  // namespace pelorus
