#include "raft/figure_eight_test.h"

#include <gtest/gtest.h>

#include <string>

#include "raft/internal/engine.h"

namespace pelorus::raft {
namespace {

// libraft 0.15 fails this: it commits A by counting replicas, and S5 then overwrites it.
TEST(FigureEight, applied_command_survives_its_leader) {
  figure_eight_result result;
  ASSERT_EQ(play_figure_eight(&result), 0);
  EXPECT_TRUE(result.applied_before_crash);
  EXPECT_FALSE(result.stale_server_won);
  EXPECT_TRUE(result.has_leader_at_the_end);
  EXPECT_STREQ(result.applied[0], "A");
  for (int server = 2; server < 5; ++server) EXPECT_STREQ(result.applied[server], "A") << "S" << server + 1;
}

TEST(VersionGuard, linked_library_is_new_enough) { EXPECT_GE(raft_engine_library_version(), 2201); }

}  // namespace
}  // namespace pelorus::raft
