#include "controller/membership.h"

#include <gtest/gtest.h>

namespace pelorus::controller {
namespace {

using Verdict = BootstrapDecision::Verdict;

Uuid uuid(uint8_t seed) {
  Uuid id;
  id.bytes.fill(seed);
  return id;
}

const std::vector<std::string> kList = {"h:1:c1", "h:2:c2", "h:3:c3"};

meta::ControllerState empty(const std::string& alias) {
  return {.alias = alias, .node = uuid(static_cast<uint8_t>(alias.back())), .controllers = kList};
}

TEST(Bootstrap, the_first_by_alias_founds_when_all_are_empty_and_agree) {
  const auto first = decide_bootstrap({.self = empty("c1"), .peers = {{"c2", empty("c2")}, {"c3", empty("c3")}}});
  EXPECT_EQ(first.verdict, Verdict::kFound);
  ASSERT_EQ(first.voters.size(), 3u);
  EXPECT_EQ(first.voters[1].alias, "c2");
  EXPECT_EQ(first.voters[1].id, raft::member_id_of(uuid('2').to_string()));
  const auto second = decide_bootstrap({.self = empty("c2"), .peers = {{"c1", empty("c1")}, {"c3", empty("c3")}}});
  EXPECT_EQ(second.verdict, Verdict::kWait);
}

TEST(Bootstrap, the_others_adopt_exactly_the_foundation) {
  auto founder = empty("c1");
  founder.cluster = uuid(7);
  founder.founders = {{"c1", uuid('1')}, {"c2", uuid('2')}, {"c3", uuid('3')}};
  const auto adopted = decide_bootstrap({.self = empty("c2"), .peers = {{"c1", founder}, {"c3", {}}}});
  EXPECT_EQ(adopted.verdict, Verdict::kAdopt);
  EXPECT_EQ(adopted.cluster, uuid(7));
  EXPECT_EQ(adopted.voters.size(), 3u);
}

TEST(Bootstrap, nobody_founds_while_a_listed_controller_is_silent_or_disagrees) {
  const auto silent = decide_bootstrap({.self = empty("c1"), .peers = {{"c2", empty("c2")}, {"c3", {}}}});
  EXPECT_EQ(silent.verdict, Verdict::kWait);
  EXPECT_NE(silent.reason.find("c3"), std::string::npos);
  auto other = empty("c3");
  other.controllers.pop_back();
  EXPECT_EQ(decide_bootstrap({.self = empty("c1"), .peers = {{"c2", empty("c2")}, {"c3", other}}}).verdict,
            Verdict::kWait);
  other = empty("c3");
  other.has_log = true;
  EXPECT_EQ(decide_bootstrap({.self = empty("c1"), .peers = {{"c2", empty("c2")}, {"c3", other}}}).verdict,
            Verdict::kWait);
  EXPECT_EQ(decide_bootstrap({.self = empty("c1"), .peers = {{"c2", {}}, {"c3", {}}}, .forced = true}).verdict,
            Verdict::kFound);
}

TEST(Bootstrap, a_damaged_log_is_given_up_only_where_another_controller_has_the_clusters) {
  using Damage = DamageDecision::Verdict;
  auto self = empty("c1"), member = empty("c2"), stranger = empty("c3");
  self.cluster = member.cluster = uuid(7);
  self.has_log = member.has_log = stranger.has_log = true;
  stranger.cluster = uuid(8);
  const auto rejoins = decide_damage({.self = self, .peers = {{"c2", member}, {"c3", {}}}});
  EXPECT_EQ(rejoins.verdict, Damage::kRejoin);
  EXPECT_NE(rejoins.reason.find("c2"), std::string::npos);
  const auto waits = decide_damage({.self = self, .peers = {{"c2", empty("c2")}, {"c3", {}}}});
  EXPECT_EQ(waits.verdict, Damage::kWait);
  EXPECT_NE(waits.reason.find("c3"), std::string::npos);
  EXPECT_EQ(decide_damage({.self = self, .peers = {{"c2", empty("c2")}, {"c3", stranger}}}).verdict, Damage::kStop);
  EXPECT_EQ(decide_damage({.self = self, .peers = {}}).verdict, Damage::kStop);
}

TEST(Bootstrap, a_new_controller_joins_an_existing_cluster_and_never_founds) {
  auto member = empty("c2");
  member.cluster = uuid(7);
  member.has_log = true;
  member.founders = {{"c2", uuid('2')}, {"c3", uuid('3')}};
  const auto joined =
      decide_bootstrap({.self = empty("c1"), .peers = {{"c2", member}, {"c3", empty("c3")}}, .forced = true});
  EXPECT_EQ(joined.verdict, Verdict::kJoin);
  EXPECT_EQ(joined.cluster, uuid(7));
}

TEST(Bootstrap, a_founder_that_lost_its_disk_joins_as_somebody_new) {
  auto member = empty("c2");
  member.cluster = uuid(7);
  member.founders = {{"c1", uuid(99)}, {"c2", uuid('2')}};
  EXPECT_EQ(decide_bootstrap({.self = empty("c1"), .peers = {{"c2", member}}}).verdict, Verdict::kJoin);
  auto wiped = empty("c1");
  wiped.cluster = uuid(7);
  wiped.had_log = true;
  wiped.founders = {{"c1", uuid('1')}, {"c2", uuid('2')}};
  EXPECT_EQ(decide_bootstrap({.self = wiped, .peers = {{"c2", member}}}).verdict, Verdict::kJoin);
}

TEST(Bootstrap, a_controller_with_a_log_resumes_whatever_its_files_say) {
  auto self = empty("c1");
  self.has_log = true;
  EXPECT_EQ(decide_bootstrap({.self = self, .peers = {{"c2", {}}}}).verdict, Verdict::kResume);
}

class MemberChanges : public ::testing::Test {
 protected:
  void add(const std::string& alias, raft::MemberRole role = raft::MemberRole::kVoter) {
    list(alias);
    members.push_back({raft::member_id_of(uuid(static_cast<uint8_t>(alias.back())).to_string()), alias, role});
  }
  void list(const std::string& alias) {
    meta::Node node{
        .alias = alias, .role = meta::NodeRole::kController, .uuid = uuid(static_cast<uint8_t>(alias.back()))};
    state.nodes[alias] = node;
    live.insert(alias);
  }
  meta::State state;
  std::vector<raft::Member> members;
  std::set<std::string> live;
};

TEST_F(MemberChanges, a_whole_group_needs_none) {
  for (const auto* alias : {"c1", "c2", "c3"}) add(alias);
  EXPECT_FALSE(next_member_change(state, members, live, "c1"));
}

TEST_F(MemberChanges, new_controllers_become_learners_then_voters_one_at_a_time) {
  for (const auto* alias : {"c1", "c2", "c3"}) add(alias);
  list("c4");
  list("c5");
  auto change = next_member_change(state, members, live, "c1");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->kind, MemberChange::Kind::kAddLearner);
  EXPECT_EQ(change->member.alias, "c4");
  members.push_back(change->member);
  change = next_member_change(state, members, live, "c1");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->kind, MemberChange::Kind::kPromote);
  EXPECT_EQ(change->member.alias, "c4");
}

TEST_F(MemberChanges, nothing_is_added_without_a_live_majority) {
  for (const auto* alias : {"c1", "c2", "c3"}) add(alias);
  list("c4");
  live.erase("c2");
  live.erase("c3");
  EXPECT_FALSE(next_member_change(state, members, live, "c1"));
}

TEST_F(MemberChanges, a_controller_with_a_new_identity_is_removed_before_it_is_added) {
  for (const auto* alias : {"c1", "c2", "c3"}) add(alias);
  state.nodes["c3"].uuid = uuid(77);
  auto change = next_member_change(state, members, live, "c1");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->kind, MemberChange::Kind::kRemove);
  EXPECT_EQ(change->member.alias, "c3");
  std::erase_if(members, [](const raft::Member& member) { return member.alias == "c3"; });
  change = next_member_change(state, members, live, "c1");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->kind, MemberChange::Kind::kAddLearner);
}

TEST_F(MemberChanges, a_removal_that_would_leave_no_live_majority_waits) {
  for (const auto* alias : {"c1", "c2", "c3"}) add(alias);
  live.erase("c2");
  state.nodes.erase("c3");
  EXPECT_FALSE(next_member_change(state, members, live, "c1")) << "c1 alone is no majority of c1 and c2";
  live.insert("c2");
  EXPECT_TRUE(next_member_change(state, members, live, "c1"));
}

TEST_F(MemberChanges, a_learner_by_wish_is_not_promoted_and_a_voter_is_demoted) {
  for (const auto* alias : {"c1", "c2", "c3", "c4"}) add(alias);
  members[3].role = raft::MemberRole::kLearner;
  state.nodes["c4"].learner_only = true;
  EXPECT_FALSE(next_member_change(state, members, live, "c1"));
  state.nodes["c3"].learner_only = true;
  const auto change = next_member_change(state, members, live, "c1");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->kind, MemberChange::Kind::kDemote);
  EXPECT_EQ(change->member.alias, "c3");
  live.erase("c2");
  EXPECT_FALSE(next_member_change(state, members, live, "c1")) << "c1 alone is no majority of c1 and c2";
}

TEST_F(MemberChanges, a_leader_that_has_to_go_hands_over_first) {
  for (const auto* alias : {"c1", "c2", "c3"}) add(alias);
  state.nodes["c1"].learner_only = true;
  EXPECT_EQ(next_member_change(state, members, live, "c1")->kind, MemberChange::Kind::kHandOver);
  EXPECT_EQ(next_member_change(state, members, live, "c2")->kind, MemberChange::Kind::kDemote);
  state.nodes.erase("c1");
  EXPECT_EQ(next_member_change(state, members, live, "c1")->kind, MemberChange::Kind::kHandOver);
  EXPECT_EQ(next_member_change(state, members, live, "c2")->kind, MemberChange::Kind::kRemove);
}

TEST_F(MemberChanges, operators_are_refused_with_numbers_and_a_way_out) {
  for (const auto* alias : {"c1", "c2", "c3"}) add(alias);
  const auto ask = [&](VoteChange change, const std::string& alias) {
    const auto answer = check_vote_change(state, members, live, change, alias);
    return answer.ok() ? "" : answer.error().message;
  };
  EXPECT_EQ(ask(VoteChange::kRemove, "c3"), "");
  EXPECT_EQ(ask(VoteChange::kPromote, "c3"), "") << "it votes already";
  EXPECT_EQ(ask(VoteChange::kRemove, "node1"), "node1 is no controller; the controllers are c1, c2, c3.");
  live.erase("c2");
  EXPECT_EQ(ask(VoteChange::kRemove, "c2"), "") << "the dead one may go";
  EXPECT_EQ(ask(VoteChange::kRemove, "c3"),
            "Removing c3 would leave 1 live of 2 voters, which is no majority. Start the silent ones "
            "first (c2) or add a controller (addController).");
  EXPECT_NE(ask(VoteChange::kDemote, "c1").find("Demoting c1 would leave 1 live of 2"), std::string::npos);
  list("c4");
  live.erase("c4");
  EXPECT_NE(ask(VoteChange::kPromote, "c4").find("c4 is not running"), std::string::npos);
  live.insert("c4");
  EXPECT_EQ(ask(VoteChange::kPromote, "c4"), "") << "three live of four";
  members.resize(1);
  EXPECT_NE(ask(VoteChange::kDemote, "c1").find("last voter"), std::string::npos);
}

TEST_F(MemberChanges, only_a_live_voter_takes_over) {
  for (const auto* alias : {"c1", "c2", "c3"}) add(alias);
  members[2].role = raft::MemberRole::kLearner;
  const auto code = [&](const std::string& alias) {
    const auto answer = check_transfer(state, members, live, "c1", alias);
    return answer.ok() ? std::optional<ErrorCode>() : std::optional(answer.error().code);
  };
  EXPECT_FALSE(code("c2"));
  EXPECT_FALSE(code(""));
  EXPECT_EQ(code("c3"), ErrorCode::kInvalid) << "a learner";
  EXPECT_EQ(code("c9"), ErrorCode::kNotFound);
  live.erase("c2");
  EXPECT_EQ(code("c2"), ErrorCode::kConflict);
  EXPECT_EQ(code(""), ErrorCode::kConflict);
}

}  // namespace
}  // namespace pelorus::controller
