#include "controller/move_replicas.h"

#include "controller/recover_replicas.h"
#include "meta/apply/cluster_fixture.h"

namespace pelorus::controller {
namespace {

using Kind = meta::ReplicaChange::Kind;

class MoveReplicas : public meta::ClusterFixture {
 protected:
  const meta::Chunk& chunk(ChunkId id) { return state.chunks.at(id); }
  void mark(const std::string& alias, bool draining) {
    must(meta::MarkNode{.alias = alias, .draining = draining, .learner_only = {}});
  }
  RecoveryPlan plan() { return plan_recovery(state, {.placement = rules, .live = live, .gone = {}}); }
  /// Carries a plan out as nodes and leader would; true while it had something to do.
  bool step() {
    const auto planned = plan();
    must(meta::ChangeReplicas{planned.changes});
    meta::ChangeReplicas good;
    for (const auto& [node, orders] : planned.orders) {
      for (const auto& order : orders) good.changes.push_back({order.chunk, node, Kind::kGood, order.version});
    }
    must(good);
    return !planned.changes.empty() || !planned.orders.empty();
  }
  std::set<std::string> nodes_of(ChunkId id) {
    std::set<std::string> nodes;
    for (const auto& replica : chunk(id).replicas) nodes.insert(replica.node);
    return nodes;
  }
  std::string drain_refusal(const std::string& alias) {
    const auto answer = check_drain(state, rules, live, alias);
    return answer.ok() ? "" : answer.error().message;
  }

  meta::PlacementRules rules{.replicas = 2};
  std::set<std::string> live{"dn1", "dn2", "dn3"};
};

TEST_F(MoveReplicas, a_drained_node_is_left_only_when_good_ones_are_elsewhere) {
  const auto id = write(1);  // on dn1 and dn2
  EXPECT_EQ(drain_refusal("dn1"), "");
  mark("dn1", true);
  EXPECT_EQ(drain_progress(state).at("dn1").chunks_left, 1u);
  auto planned = plan();
  ASSERT_EQ(planned.changes.size(), 1u);
  EXPECT_EQ(planned.changes[0].kind, Kind::kAdd);
  EXPECT_EQ(planned.changes[0].node, "dn3");
  must(meta::ChangeReplicas{planned.changes});
  planned = plan();
  EXPECT_TRUE(planned.changes.empty()) << "the copy is not good yet, and is not one too many either";
  ASSERT_EQ(planned.orders.at("dn3").size(), 1u);
  EXPECT_EQ(chunk(id).good_replicas(), 2u);
  must(meta::ChangeReplicas{{{id, "dn3", Kind::kGood, chunk(id).version}}});
  while (step()) EXPECT_GE(chunk(id).good_replicas(), 2u);
  EXPECT_EQ(nodes_of(id), (std::set<std::string>{"dn2", "dn3"}));
  EXPECT_EQ(drain_progress(state).at("dn1").chunks_left, 0u);
  EXPECT_EQ(state.find_node("dn1")->replica_count, 0u);
  must(meta::RemoveNode{"dn1"});
}

TEST_F(MoveReplicas, new_chunks_pass_over_a_drained_node) {
  mark("dn1", true);
  const auto& pt = *state.find_table(table);
  EXPECT_EQ(place_chunk(state, rules, live, pt, key(1)), (std::vector<std::string>{"dn2", "dn3"}));
  mark("dn1", false);
  EXPECT_EQ(place_chunk(state, rules, live, pt, key(1)), (std::vector<std::string>{"dn1", "dn2"}));
}

TEST_F(MoveReplicas, a_drain_that_cannot_end_is_refused_with_the_reason) {
  write(1);
  live.erase("dn3");
  EXPECT_EQ(drain_refusal("dn1"),
            "No node can take 1 chunk(s) of dn1: each needs 2 replica(s) (dfsReplicationFactor) and the other running "
            "data nodes are "
            "1: dn2. Start or add a data node first (addNode, startDataNode).");
  EXPECT_EQ(drain_refusal("dn3"), "") << "it holds nothing";
  live.insert("dn3");
  must(meta::PutNode{{.alias = "dn3", .host = "10.0.0.2", .port = 8999}});
  EXPECT_EQ(drain_refusal("dn1"), "");
  rules.reliability = meta::Reliability::kDistinctHosts;
  EXPECT_NE(drain_refusal("dn1").find("on 1 host(s), where two replicas may not share a host"), std::string::npos);
}

TEST_F(MoveReplicas, the_host_of_a_drained_node_takes_its_chunks) {
  write(1);
  must(meta::PutNode{{.alias = "dn3", .host = "10.0.0.1", .port = 8999}});
  rules.reliability = meta::Reliability::kDistinctHosts;
  EXPECT_EQ(drain_refusal("dn1"), "") << "dn1 leaves the host it shares with dn3";
  EXPECT_NE(drain_refusal("dn2"), "");
}

TEST_F(MoveReplicas, writers_go_on_while_a_replica_retires) {
  const auto id = write(1);
  mark("dn1", true);
  step();
  const auto begun = begin({1});  // dn3 is stale or just good; the chunk is locked
  must(meta::ChangeReplicas{{{id, "dn3", Kind::kStale, 0}}});
  must(meta::ChangeReplicas{{{.chunk = id, .node = "dn1", .kind = Kind::kRetire, .keep = 2}}});
  EXPECT_FALSE(chunk(id).find("dn1")->stale) << "the others would be too few";
  commit(begun.transaction);
  while (step()) {
  }
  EXPECT_EQ(nodes_of(id), (std::set<std::string>{"dn2", "dn3"}));
}

TEST_F(MoveReplicas, a_replica_retires_under_a_transaction_without_it) {
  const auto id = write(1);
  mark("dn1", true);
  must(meta::ChangeReplicas{{{id, "dn3", Kind::kAdd, 0}}});
  must(meta::ChangeReplicas{{{id, "dn3", Kind::kGood, chunk(id).version}}});
  const auto begun = begin({1});
  must(meta::ChangeReplicas{{{.chunk = id, .node = "dn1", .kind = Kind::kRetire, .keep = 2}}});
  ASSERT_NE(chunk(id).find("dn1"), nullptr) << "it may have prepared";
  EXPECT_TRUE(chunk(id).find("dn1")->stale);
  const auto decided = commit(begun.transaction);
  EXPECT_EQ(decided.chunks.at(0).replicas, (std::vector<std::string>{"dn2", "dn3"}));
  step();
  EXPECT_EQ(nodes_of(id), (std::set<std::string>{"dn2", "dn3"}));
}

TEST_F(MoveReplicas, a_dead_node_is_drained_from_the_others) {
  const auto id = write(1);
  live.erase("dn1");
  EXPECT_EQ(drain_refusal("dn1"), "");
  mark("dn1", true);
  while (step()) {
  }
  EXPECT_EQ(nodes_of(id), (std::set<std::string>{"dn2", "dn3"}));
}

TEST_F(MoveReplicas, undrained_replicas_stay) {
  const auto id = write(1);
  mark("dn1", true);
  step();
  mark("dn1", false);
  must(meta::ChangeReplicas{{{.chunk = id, .node = "dn1", .kind = Kind::kRetire, .keep = 1}}});
  EXPECT_NE(chunk(id).find("dn1"), nullptr) << "planned before the wish was taken back";
  while (step()) {
  }
  EXPECT_EQ(nodes_of(id).count("dn1"), 1u);
}

TEST_F(MoveReplicas, a_moved_replica_goes_when_the_copy_is_good) {
  const auto id = write(1);
  EXPECT_TRUE(check_move(state, rules, chunk(id), "dn1", "dn3").ok());
  must(meta::ChangeReplicas{{{.chunk = id, .node = "dn1", .kind = Kind::kMove, .target = "dn3"}}});
  EXPECT_EQ(check_move(state, rules, chunk(id), "dn1", "dn3").error().code, ErrorCode::kConflict) << "it moves already";
  EXPECT_EQ(chunk(id).good_replicas(), 2u);
  while (step()) EXPECT_GE(chunk(id).good_replicas(), 2u);
  EXPECT_EQ(nodes_of(id), (std::set<std::string>{"dn2", "dn3"}));
  EXPECT_FALSE(chunk(id).find("dn3")->wanted) << "one like any other now";
}

TEST_F(MoveReplicas, a_move_whose_copy_is_taken_away_is_off) {
  const auto id = write(1);
  must(meta::ChangeReplicas{{{.chunk = id, .node = "dn1", .kind = Kind::kMove, .target = "dn3"}}});
  must(meta::ChangeReplicas{{{id, "dn3", Kind::kRemove, 0}}});
  EXPECT_EQ(chunk(id).find("dn1")->successor, "");
  EXPECT_FALSE(step());
  EXPECT_EQ(nodes_of(id), (std::set<std::string>{"dn1", "dn2"}));
}

TEST_F(MoveReplicas, moves_that_make_no_sense_are_refused) {
  const auto id = write(1);
  const auto code = [&](const char* from, const char* to) {
    return check_move(state, rules, chunk(id), from, to).error().code;
  };
  EXPECT_EQ(code("dn1", "dn9"), ErrorCode::kNotFound);
  EXPECT_EQ(code("dn3", "dn2"), ErrorCode::kNotFound);
  mark("dn3", true);
  EXPECT_EQ(code("dn1", "dn3"), ErrorCode::kConflict);
  must(meta::ChangeReplicas{{{.chunk = id, .node = "dn1", .kind = Kind::kMove, .target = "dn3"}}});
  EXPECT_EQ(nodes_of(id), (std::set<std::string>{"dn1", "dn2"}));
  mark("dn3", false);
  must(meta::PutNode{{.alias = "dn3", .host = "10.0.0.2", .port = 8999}});
  rules.reliability = meta::Reliability::kDistinctHosts;
  EXPECT_EQ(code("dn1", "dn3"), ErrorCode::kInvalid);
}

TEST_F(MoveReplicas, a_wanted_copy_stays_beyond_the_replication_factor) {
  const auto id = write(1);
  must(meta::ChangeReplicas{{{.chunk = id, .node = "dn3", .kind = Kind::kAdd, .wanted = true}}});
  while (step()) {
  }
  EXPECT_EQ(chunk(id).good_replicas(), 3u);
}

TEST_F(MoveReplicas, rebalancing_evens_out_old_whole_chunks_and_nothing_else) {
  for (int value = 1; value <= 6; ++value) write(value);  // all on dn1 and dn2
  const auto moves = plan_rebalance(state, rules, live, INT64_MAX);
  EXPECT_EQ(moves.size(), 4u);
  must(meta::ChangeReplicas{moves});
  while (step()) {
  }
  for (const auto* alias : {"dn1", "dn2", "dn3"}) EXPECT_EQ(state.find_node(alias)->replica_count, 4u) << alias;
  EXPECT_TRUE(plan_rebalance(state, rules, live, INT64_MAX).empty());

  add_node("dn4", 4);
  live.insert("dn4");
  EXPECT_FALSE(plan_rebalance(state, rules, live, INT64_MAX).empty());
  EXPECT_TRUE(plan_rebalance(state, rules, live, 0).empty()) << "all were written since";
  must(meta::PutNode{{.alias = "dn4", .host = "10.0.0.1", .port = 8999}});
  rules.reliability = meta::Reliability::kDistinctHosts;
  for (const auto& move : plan_rebalance(state, rules, live, INT64_MAX)) {
    EXPECT_TRUE(move.node == "dn1" || chunk(move.chunk).find("dn1") == nullptr) << "two replicas on one host";
  }
}

TEST_F(MoveReplicas, copies_of_all_nodes_together_are_bounded) {
  for (int32_t value = 1; value <= 6; ++value) {
    const auto id = write(value);
    const auto lost = value % 2 == 0 ? chunk(id).replicas[0].node : chunk(id).replicas[1].node;
    must(meta::ChangeReplicas{{{id, lost, Kind::kStale, 0}}});
  }
  const auto ordered = [&](size_t copies_max) {
    size_t orders = 0;
    const auto planned = plan_recovery(state, {.placement = rules, .live = live, .gone = {}, .copies_max = copies_max});
    for (const auto& [node, some] : planned.orders) orders += some.size();
    return orders;
  };
  EXPECT_EQ(ordered(0), 6u);
  EXPECT_EQ(ordered(1), 1u);
  EXPECT_EQ(ordered(4), 4u);
  EXPECT_EQ(ordered(100), 6u);
}

}  // namespace
}  // namespace pelorus::controller
