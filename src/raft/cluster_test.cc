#include <future>

#include "raft/internal/test_cluster.h"

namespace pelorus::raft {
namespace {

TEST(Cluster, elects_one_leader_and_applies_proposals_everywhere) {
  TestCluster cluster("elect");
  cluster.found({"a", "b", "c"});
  const auto leader = cluster.leader();
  ASSERT_FALSE(leader.empty());
  for (int i = 1; i <= 20; ++i) {
    const auto answer = cluster[leader].log->propose_and_wait("command " + std::to_string(i), 5s);
    ASSERT_TRUE(answer.ok()) << answer.error().describe();
    EXPECT_EQ(answer.value(), std::to_string(i) + ":command " + std::to_string(i));
  }
  EXPECT_TRUE(cluster.agree(20));
  for (const auto& follower : cluster.followers()) {
    EXPECT_TRUE(eventually([&] { return cluster[follower].log->status().leader == leader; }));
    EXPECT_EQ(cluster[follower].log->status().role, LogRole::kFollower);
    EXPECT_EQ(cluster[follower].log->status().members.size(), 3u);
  }
}

TEST(Cluster, answers_many_concurrent_proposals_once_each_in_log_order) {
  TestCluster cluster("many");
  cluster.found({"a", "b", "c"});
  auto& log = *cluster[cluster.leader()].log;
  constexpr int kCount = 2000;
  std::atomic<int> answered{0};
  std::atomic<int> wrong{0};
  for (int i = 1; i <= kCount; ++i) {
    log.propose("p" + std::to_string(i), [&, i](Result<Bytes> answer) {
      if (!answer.ok() || answer.value() != std::to_string(i) + ":p" + std::to_string(i)) ++wrong;
      ++answered;
    });
  }
  EXPECT_TRUE(eventually([&] { return answered == kCount; }));
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(cluster.agree(kCount));
  // Packed: far fewer entries than commands.
  EXPECT_LT(log.status().commit_index, static_cast<uint64_t>(kCount) / 4);
}

TEST(Cluster, follower_refuses_with_the_leaders_alias) {
  TestCluster cluster("refuse");
  cluster.found({"a", "b", "c"});
  const auto leader = cluster.leader();
  const auto follower = cluster.followers().front();
  ASSERT_TRUE(eventually([&] { return cluster[follower].log->status().leader == leader; }));
  const auto answer = cluster[follower].log->propose_and_wait("x", 5s);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kNotLeader);
  EXPECT_EQ(answer.error().message, leader);
  const auto barrier = cluster[follower].log->read_barrier_and_wait(5s);
  ASSERT_FALSE(barrier.ok());
  EXPECT_EQ(barrier.error().code, ErrorCode::kNotLeader);
}

TEST(Cluster, read_barrier_waits_for_everything_committed_before) {
  TestCluster cluster("barrier");
  cluster.found({"a", "b", "c"});
  auto& node = cluster[cluster.leader()];
  for (int i = 0; i < 10; ++i) node.log->propose("c", [](Result<Bytes>) {});
  ASSERT_TRUE(node.log->read_barrier_and_wait(5s).ok());
  EXPECT_EQ(node.machine->commands().size(), 10u);
}

TEST(Cluster, goes_on_without_one_member_and_brings_it_up_to_date) {
  TestCluster cluster("restart");
  cluster.found({"a", "b", "c"});
  ASSERT_TRUE(cluster.propose("1").ok());
  const auto old = cluster.leader();
  cluster.stop(old);
  ASSERT_TRUE(cluster.propose("2").ok());
  ASSERT_TRUE(cluster.propose("3").ok());
  ASSERT_TRUE(cluster.start(old).ok());
  EXPECT_TRUE(cluster.agree(3));
  for (const std::string alias : {"a", "b", "c"}) cluster.stop(alias);
  for (const std::string alias : {"a", "b", "c"}) ASSERT_TRUE(cluster.start(alias).ok());
  ASSERT_TRUE(cluster.propose("4").ok());
  EXPECT_TRUE(cluster.agree(4));
}

TEST(Cluster, majority_lost_stops_the_leader_and_never_answers_ok) {
  TestCluster cluster("minority");
  cluster.found({"a", "b", "c"});
  const auto leader = cluster.leader();
  for (const auto& each : cluster.followers()) cluster.stop(each);
  const auto answer = cluster[leader].log->propose_and_wait("lost?", 5s);
  ASSERT_FALSE(answer.ok());
  EXPECT_TRUE(answer.error().code == ErrorCode::kOutcomeUnknown || answer.error().code == ErrorCode::kNotLeader);
  EXPECT_TRUE(eventually([&] { return !cluster[leader].machine->leads_now; }));
  EXPECT_EQ(cluster[leader].machine->commands().size(), 0u);
}

TEST(Cluster, late_member_catches_up_by_snapshot) {
  TestCluster cluster("snapshot", [](LibraftOptions& options) {
    options.snapshot_after_entries = 20;
    options.snapshot_trailing = 5;
    options.install_snapshot_timeout = 500ms;
  });
  cluster.found({"a", "b", "c"});
  const auto late = cluster.followers().front();
  cluster.stop(late);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(cluster.propose("command " + std::to_string(i)).ok());
  ASSERT_TRUE(cluster.start(late).ok());
  EXPECT_TRUE(cluster.agree(100));
  EXPECT_GE(cluster[late].machine->restores, 1);
  EXPECT_GT(cluster[late].log->status().snapshot_index, 0u);
}

TEST(Cluster, learner_is_added_promoted_and_removed) {
  TestCluster cluster("members");
  cluster.found({"a", "b", "c"});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(cluster.propose("x").ok());
  cluster.make("d");
  ASSERT_TRUE(cluster.start("d").ok());
  auto& log = *cluster[cluster.leader()].log;
  const auto added = log.add_learner_and_wait(cluster["d"].member, 5s);
  ASSERT_TRUE(added.ok()) << added.error().describe();
  EXPECT_TRUE(cluster.agree(10));
  EXPECT_EQ(log.status().members.back().role, MemberRole::kLearner);
  EXPECT_EQ(log.add_learner_and_wait(Member{99, "d"}, 5s).error().code, ErrorCode::kAlreadyExists);
  const auto promoted = log.promote_and_wait("d", 5s);
  ASSERT_TRUE(promoted.ok()) << promoted.error().describe();
  EXPECT_EQ(log.status().members.back().role, MemberRole::kVoter);
  ASSERT_TRUE(log.demote_and_wait("d", 5s).ok());
  ASSERT_TRUE(log.promote_and_wait("d", 5s).ok());
  ASSERT_TRUE(log.remove_and_wait("d", 5s).ok());
  EXPECT_EQ(log.status().members.size(), 3u);
  EXPECT_EQ(log.remove_and_wait("nobody", 5s).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(cluster.propose("after").ok());
}

/// Changes of members that reach a follower together with other entries are committed there as well.
TEST(Cluster, member_that_caught_up_over_a_change_of_members_can_lead_another) {
  TestCluster cluster("caught_up");
  cluster.found({"a", "b", "c"});
  const auto late = cluster.followers().front();
  cluster.stop(late);
  cluster.make("d");
  ASSERT_TRUE(cluster.start("d").ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(cluster.propose("before").ok());
  const auto added = cluster[cluster.leader()].log->add_learner_and_wait(cluster["d"].member, 5s);
  ASSERT_TRUE(added.ok()) << added.error().describe();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(cluster.propose("after").ok());
  ASSERT_TRUE(cluster.start(late).ok());
  ASSERT_TRUE(cluster.agree(6));
  const auto old = cluster.leader();
  EXPECT_TRUE(eventually([&] {
    return cluster[late].machine->leads_now || cluster[old].log->transfer_leadership_and_wait(late, 5s).ok();
  }));
  ASSERT_TRUE(eventually([&] { return cluster[late].machine->leads_now.load(); }));
  const auto removed = cluster[late].log->remove_and_wait("d", 5s);
  EXPECT_TRUE(removed.ok()) << removed.error().describe();
}

TEST(Cluster, change_that_would_leave_no_live_majority_is_refused) {
  TestCluster cluster("majority");
  cluster.found({"a", "b", "c"});
  ASSERT_TRUE(cluster.propose("x").ok());
  const auto others = cluster.followers();
  auto& log = *cluster[cluster.leader()].log;
  cluster.stop(others[0]);
  ASSERT_TRUE(eventually([&] { return log.status().silent == std::vector{others[0]}; }));
  EXPECT_EQ(log.remove_and_wait(others[1], 5s).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(log.demote_and_wait(others[1], 5s).error().code, ErrorCode::kUnavailable);
  const auto dead_removed = log.remove_and_wait(others[0], 5s);
  EXPECT_TRUE(dead_removed.ok()) << dead_removed.error().describe();
}

TEST(Cluster, leadership_is_transferred_to_the_member_named) {
  TestCluster cluster("transfer");
  cluster.found({"a", "b", "c"});
  ASSERT_TRUE(cluster.propose("x").ok());
  const auto target = cluster.followers().front();
  const auto old = cluster.leader();
  // One attempt lasts an election timeout, which a busy machine may miss: whoever wants it asks again.
  EXPECT_TRUE(eventually([&] {
    return cluster[target].machine->leads_now || cluster[old].log->transfer_leadership_and_wait(target, 5s).ok();
  }));
  EXPECT_TRUE(eventually([&] { return cluster[target].machine->leads_now.load(); }));
  EXPECT_FALSE(cluster[old].machine->leads_now);
  EXPECT_TRUE(cluster.propose("y").ok());
  EXPECT_TRUE(cluster.agree(2));
}

TEST(Cluster, member_that_moved_is_found_through_the_address_book) {
  TestCluster cluster("moved");
  cluster.found({"a", "b", "c"});
  const auto mover = cluster.leader();
  ASSERT_TRUE(cluster.propose("x").ok());
  cluster.stop(mover);
  cluster[mover].listener = std::make_unique<TestListener>();
  cluster.book().set(mover, cluster[mover].listener->port());
  ASSERT_TRUE(cluster.start(mover).ok());
  ASSERT_TRUE(cluster.propose("y").ok());
  EXPECT_TRUE(cluster.agree(2));
}

TEST(Cluster, stale_leader_answers_nothing_and_steps_down) {
  TestCluster cluster("stale");
  cluster.found({"a", "b", "c"});
  const auto old = cluster.leader();
  ASSERT_TRUE(cluster.propose("before").ok());
  // Its thread is stuck in apply() while the others elect a new leader.
  cluster[old].machine->hold = true;
  std::promise<Result<Bytes>> held;
  cluster[old].log->propose("stuck", [&](Result<Bytes> answer) { held.set_value(std::move(answer)); });
  std::string fresh;
  ASSERT_TRUE(eventually([&] {
    for (const std::string alias : {"a", "b", "c"}) {
      if (alias != old && cluster[alias].machine->leads_now) fresh = alias;
    }
    return !fresh.empty();
  }));
  ASSERT_TRUE(cluster[fresh].log->propose_and_wait("new", 5s).ok());
  std::promise<Status> read;
  cluster[old].log->read_barrier([&](Status answer) { read.set_value(std::move(answer)); });
  cluster[old].machine->release();
  const auto stuck = held.get_future().get();  // committed in the old term, or unknown: both are honest
  EXPECT_TRUE(stuck.ok() || stuck.error().code == ErrorCode::kOutcomeUnknown);
  EXPECT_FALSE(read.get_future().get().ok());
  const auto refused = cluster[old].log->propose_and_wait("stale", 5s);
  EXPECT_TRUE(!refused.ok() || eventually([&] { return !cluster[old].machine->leads_now; }));
  EXPECT_TRUE(eventually([&] { return cluster[old].log->status().leader == fresh; }));
}

TEST(Cluster, stop_answers_what_waits_and_refuses_what_comes) {
  TestCluster cluster("stop");
  cluster.found({"a", "b", "c"});
  const auto leader = cluster.leader();
  for (const auto& each : cluster.followers()) cluster.stop(each);
  auto& log = *cluster[leader].log;
  std::promise<Result<Bytes>> waiting;
  log.propose("x", [&](Result<Bytes> answer) { waiting.set_value(std::move(answer)); });
  log.stop();
  EXPECT_FALSE(waiting.get_future().get().ok());
  EXPECT_EQ(log.propose_and_wait("y", 5s).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(log.read_barrier_and_wait(5s).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(log.promote_and_wait("a", 5s).error().code, ErrorCode::kUnavailable);
  log.stop();
}

TEST(Cluster, limits_refuse_clearly) {
  TestCluster cluster("limits", [](LibraftOptions& options) {
    options.command_bytes_max = 1000;
    options.queue_commands_max = 10;
  });
  cluster.found({"a"});
  auto& node = cluster[cluster.leader()];
  EXPECT_EQ(node.log->propose_and_wait(Bytes(1001, 'x'), 5s).error().code, ErrorCode::kLimit);
  node.machine->hold = true;
  std::atomic<int> refused{0};
  std::atomic<int> answered{0};
  for (int i = 0; i < 30; ++i) {
    node.log->propose("x", [&](Result<Bytes> answer) {
      if (!answer.ok() && answer.error().code == ErrorCode::kUnavailable) ++refused;
      ++answered;
    });
  }
  EXPECT_EQ(refused, 20);
  node.machine->release();
  EXPECT_TRUE(eventually([&] { return answered == 30; }));
}

TEST(Cluster, watchdog_reports_a_stuck_thread_once) {
  std::atomic<int> reports{0};
  TestCluster cluster("watchdog", [&](LibraftOptions& options) {
    options.stuck_after = 100ms;
    options.stuck = [&](std::chrono::milliseconds silent) {
      EXPECT_GE(silent, 100ms);
      ++reports;
    };
  });
  cluster.found({"a"});
  auto& node = cluster[cluster.leader()];
  node.machine->hold = true;
  node.log->propose("x", [](Result<Bytes>) {});
  EXPECT_TRUE(eventually([&] { return reports == 1; }));
  node.machine->release();
  EXPECT_TRUE(node.log->propose_and_wait("y", 5s).ok());
  EXPECT_EQ(reports, 1);
}

}  // namespace
}  // namespace pelorus::raft
