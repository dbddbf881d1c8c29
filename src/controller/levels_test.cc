// The feature level as members see it: who may raise it, who is refused afterwards.

#include "controller/service_fixture.h"
#include "meta/messages/member_messages.h"

namespace pelorus::controller {
namespace {

const meta::Build kOld{"0.1.0", 1, 1};
const meta::Build kNew{"0.2.0", 1, 2};

class Levels : public ServiceFixture {
 protected:
  Levels() : ServiceFixture({}, kNew) {}

  meta::RegisterReply register_with(const std::string& alias, const meta::Build& build, uint8_t boot) {
    auto request = registration(alias, boot);
    request.build = build;
    return ask<meta::RegisterReply>("ctl2", meta::kRegisterNode, request).value();
  }
  Result<meta::MemberAnswer> raise(uint32_t level) {
    return ask<meta::MemberAnswer>(
        "ctl3", meta::kChangeMember,
        meta::MemberRequest{.kind = meta::MemberRequest::Kind::kRaiseLevel, .user = "admin", .level = level});
  }
  uint32_t level() { return ask<meta::MembersReply>("ctl2", meta::kMembers, meta::PerfRequest()).value().level; }
};

TEST_F(Levels, rises_only_when_every_member_knows_it) {
  EXPECT_EQ(level(), 1u);
  ASSERT_TRUE(raise(0).ok());
  EXPECT_EQ(level(), 1u) << "the data nodes run programs that know one level";
  register_with("dn1", kNew, 2);
  register_with("dn2", kNew, 2);
  const auto refused = raise(2);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("dn3 runs"), std::string::npos) << refused.error().message;
  EXPECT_EQ(refused.error().message.find("dn1"), std::string::npos) << refused.error().message;
  register_with("dn3", kNew, 2);
  ASSERT_TRUE(raise(0).ok());
  EXPECT_EQ(level(), 2u);
  EXPECT_FALSE(raise(1).ok());
  ASSERT_TRUE(raise(2).ok());
}

TEST_F(Levels, an_older_program_is_refused_once_it_has_risen_and_not_before) {
  for (const auto* alias : {"dn1", "dn2", "dn3"}) register_with(alias, kNew, 2);
  EXPECT_TRUE(register_with("dn3", kOld, 3).refusal.empty());
  register_with("dn3", kNew, 4);
  ASSERT_TRUE(raise(0).ok());
  const auto refused = register_with("dn3", kOld, 5);
  EXPECT_NE(refused.refusal.find("pelorusd 0.1.0"), std::string::npos) << refused.refusal;
  EXPECT_EQ(refused.level, 2u);
  EXPECT_EQ(refused.epoch, 0u);
  const auto build = machines["ctl1"]->read([](const meta::State& state) { return state.find_node("dn3")->build; });
  EXPECT_EQ(build, kNew) << "nothing was recorded of it";
}

TEST_F(Levels, heartbeats_tell_the_level) {
  EXPECT_EQ(beat("dn1").level, 1u);
  machines["ctl1"]->apply(1, meta::encode_command(meta::RaiseLevel{2}));
  EXPECT_EQ(beat("dn1").level, 2u);
}

TEST_F(Levels, a_state_of_an_unknown_level_is_not_restored) {
  meta::State state;
  state.level = 2;
  MetadataMachine old(kOld);
  const auto refused = old.restore(meta::write_snapshot(state));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("feature level 2"), std::string::npos);
  EXPECT_TRUE(MetadataMachine(kNew).restore(meta::write_snapshot(state)).ok());
}

}  // namespace
}  // namespace pelorus::controller
