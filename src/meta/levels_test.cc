#include "meta/levels.h"

#include <gtest/gtest.h>

#include "meta/apply/apply.h"

namespace pelorus::meta {
namespace {

const Build kOld{"0.1.0", 1, 1};
const Build kNew{"0.2.0", 1, 2};
const Build kLater{"0.4.0", 3, 4};

TEST(Levels, a_program_runs_at_the_levels_it_knows) {
  EXPECT_TRUE(check_runs_at(kOld, 1).ok());
  EXPECT_TRUE(check_runs_at(kNew, 1).ok());
  EXPECT_TRUE(check_runs_at(kNew, 2).ok());
  const auto too_old = check_runs_at(kOld, 2);
  ASSERT_FALSE(too_old.ok());
  EXPECT_NE(too_old.error().message.find("pelorusd 0.1.0, feature levels 1 to 1"), std::string::npos);
  EXPECT_NE(too_old.error().message.find("An upgrade was finalized"), std::string::npos);
  const auto too_new = check_runs_at(kLater, 1);
  ASSERT_FALSE(too_new.ok());
  EXPECT_NE(too_new.error().message.find("a version in between"), std::string::npos);
}

TEST(Levels, nothing_above_the_level_of_the_cluster_is_written) {
  EXPECT_TRUE(check_level("RaiseLevel", 1, 1).ok());
  EXPECT_TRUE(check_level("Wish", 2, 3).ok());
  const auto refused = check_level("Wish", 2, 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("Wish needs feature level 2"), std::string::npos);
  // A new command states its level beside its tag.
  EXPECT_EQ(level_of(AlterDatabase{}), 3u);
  EXPECT_EQ(level_of(RaiseLevel{}), 1u);
  EXPECT_EQ(level_of(PutNode{}), 1u);
}

TEST(Levels, the_level_of_the_cluster_rises_and_never_falls) {
  State state;
  EXPECT_EQ(state.level, 1u);
  EXPECT_TRUE(apply(state, RaiseLevel{3}).ok());
  EXPECT_EQ(state.level, 3u);
  EXPECT_TRUE(apply(state, RaiseLevel{2}).ok());
  EXPECT_EQ(state.level, 3u);
  EXPECT_EQ(read_snapshot(write_snapshot(state)).value().level, 3u);
}

TEST(Levels, a_registration_tells_the_program_and_one_without_is_of_the_first_level) {
  State state;
  ASSERT_TRUE(apply(state, PutNode{{.alias = "n", .host = "h", .port = 1}}).ok());
  Uuid id;
  id.bytes.fill(7);
  ASSERT_TRUE(
      apply(state, RegisterNode{.alias = "n", .uuid = id, .boot = id, .host = "h", .port = 1, .build = kNew}).ok());
  EXPECT_EQ(state.find_node("n")->build, kNew);
  ASSERT_TRUE(apply(state, RegisterNode{.alias = "n", .uuid = id, .boot = id, .host = "h", .port = 1}).ok());
  EXPECT_EQ(state.find_node("n")->build.newest_level, 1u);
}

}  // namespace
}  // namespace pelorus::meta
