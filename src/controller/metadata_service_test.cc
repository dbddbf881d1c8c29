#include "controller/metadata_service.h"

#include <algorithm>
#include <future>

#include "controller/recover_replicas.h"
#include "controller/service_fixture.h"
#include "meta/chunk_locks.h"

namespace pelorus::controller {
namespace {

class MetadataServiceTest : public ServiceFixture {};
class WaitingServiceTest : public ServiceFixture {
 protected:
  WaitingServiceTest() : ServiceFixture({}, {}, milliseconds(60000)) {}
};

TEST_F(MetadataServiceTest, the_first_leader_founds_the_cluster) {
  for (const auto& [alias, machine] : machines) {
    machine->read([&, &alias = alias](const meta::State& state) {
      EXPECT_EQ(state.cluster, uuid(9)) << alias;
      EXPECT_EQ(state.nodes.size(), 7u);
      EXPECT_EQ(state.configuration.texts.at("cluster.cfg"), "maxMemSize=4\n");
      EXPECT_TRUE(verify_password(state.users.at("admin").verifier, "123456"));
    });
  }
}

TEST_F(MetadataServiceTest, a_write_goes_through_any_controller) {
  make_table();
  const auto reply = begin({1, 2});
  ASSERT_EQ(reply.begun.chunks.size(), 2u);
  EXPECT_EQ(reply.begun.chunks[0].replicas.size(), 2u);
  EXPECT_NE(reply.begun.chunks[0].replicas, reply.begun.chunks[1].replicas) << "load is spread inside one transaction";
  EXPECT_TRUE(reply.down.empty());
  EXPECT_EQ(commit(reply.begun.transaction).chunks[0].version, 1u);
  const auto facts = ask<meta::TableFacts>("ctl3", meta::kTableFacts, meta::TableFactsRequest{"dfs://db", "pt", true});
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->chunks.size(), 2u);
  EXPECT_EQ(facts->chunks.begin()->second.version, 1u);
  EXPECT_EQ(facts->nodes.size(), 3u);
  EXPECT_TRUE(facts->nodes[0].alive);
}

TEST_F(MetadataServiceTest, facts_show_committed_partitions_only) {
  make_table();
  begin({1});
  EXPECT_TRUE(
      ask<meta::TableFacts>("ctl1", meta::kTableFacts, meta::TableFactsRequest{"dfs://db", "pt"})->chunks.empty());
  EXPECT_EQ(ask<meta::TableFacts>("ctl1", meta::kTableFacts, meta::TableFactsRequest{"dfs://db", "no"}).error().code,
            ErrorCode::kNotFound);
}

TEST_F(MetadataServiceTest, facts_tell_what_has_changed_to_whoever_knows_the_rest) {
  make_table();
  commit(begin({1, 2, 3}).begun.transaction);
  const auto facts_since = [&](const meta::TableFacts& known) {
    return *ask<meta::TableFacts>("ctl2", meta::kTableFacts,
                                  meta::TableFactsRequest{"dfs://db", "pt", false, known.source, known.number});
  };
  const auto whole = facts_since({});
  EXPECT_FALSE(whole.is_change);
  EXPECT_EQ(whole.chunks.size(), 3u);
  const auto nothing = facts_since(whole);
  EXPECT_TRUE(nothing.is_change);
  EXPECT_TRUE(nothing.chunks.empty() && nothing.gone.empty());
  EXPECT_LT(encode(nothing).size(), 200u);
  const auto begun = begin({2}).begun;
  const auto locked = facts_since(whole);
  EXPECT_TRUE(locked.is_change);
  EXPECT_EQ(locked.chunks.size(), 1u);
  commit(begun.transaction);
  const auto written = facts_since(locked);
  ASSERT_EQ(written.chunks.size(), 1u);
  EXPECT_EQ(written.chunks.at(begun.chunks[0].chunk).version, 2u);
  EXPECT_EQ(facts_since(whole).chunks.size(), 1u);
  commit(begin({4}).begun.transaction);
  EXPECT_FALSE(facts_since(written).is_change) << "the scheme has another value";
  EXPECT_EQ(facts_since(written).chunks.size(), 4u);
  must_change(meta::DropPartitions{.database = "dfs://db", .keys = {{{types::Scalar::of_int(1)}}}});
  EXPECT_EQ(facts_since(written).chunks.size(), 3u);
  // Another leader counts for itself.
  group.lead("ctl3");
  const auto of_another = facts_since(written);
  EXPECT_FALSE(of_another.is_change);
  EXPECT_NE(of_another.source, whole.source);
}

TEST_F(MetadataServiceTest, conflicts_and_refusals_reach_the_writer_in_clients_words) {
  make_table();
  begin({1});
  const auto second = ask<meta::BeginReply>("ctl2", meta::kBeginTransaction, begin_of({1}));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(second.error().message.starts_with("<ChunkInTransaction>")) << second.error().message;
}

TEST_F(MetadataServiceTest, a_hold_of_a_silent_writer_is_no_conflict_of_writers) {
  make_table();
  begin({1});
  EXPECT_TRUE(meta::is_write_conflict(ask<meta::BeginReply>("ctl2", meta::kBeginTransaction, begin_of({1})).error()));
  clock.advance(milliseconds(60000));  // the writer is silent
  const auto second = ask<meta::BeginReply>("ctl2", meta::kBeginTransaction, begin_of({1}));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_FALSE(meta::is_write_conflict(second.error())) << second.error().message;
  EXPECT_NE(second.error().message.find("does not answer any more"), std::string::npos) << second.error().message;
}

TEST_F(MetadataServiceTest, a_refusal_for_want_of_nodes_is_not_waited_out) {
  make_table();
  clock.advance(milliseconds(60000));  // everybody is silent
  const auto reply = ask<meta::BeginReply>("ctl2", meta::kBeginTransaction, begin_of({1}));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(reply.error().message.find("No data node"), std::string::npos) << reply.error().message;
}

TEST_F(MetadataServiceTest, a_lost_answer_to_a_decision_is_asked_for_again) {
  make_table();
  const auto reply = begin({1});
  group.lose_next_answer();
  EXPECT_EQ(commit(reply.begun.transaction).chunks[0].version, 1u);
}

TEST_F(MetadataServiceTest, the_next_write_to_a_partition_begins_with_the_decision_of_the_one_before) {
  make_table();
  const auto first = begin({1, 2}).begun;
  auto next = begin_of({2, 3});
  next.client = "writer";
  next.sequence = 1;
  const meta::DecideAndBegin both{{.transaction = first.transaction, .commit = true}, next};
  const auto reply = ask<meta::DecidedAndBegun>("ctl2", meta::kDecide, both);
  ASSERT_TRUE(reply.ok()) << reply.error().describe();
  EXPECT_EQ(reply->state, meta::TransactionState::kCommitted);
  ASSERT_TRUE(reply->next.has_value());
  const auto& begun = reply->next->begun;
  ASSERT_EQ(begun.chunks.size(), 2u);
  EXPECT_EQ(begun.chunks[0].version, 1u);  // as the decision left it
  EXPECT_EQ(begun.chunks[1].version, 0u);
  // Asked again, because the answer was lost.
  const auto again = ask<meta::DecidedAndBegun>("ctl1", meta::kDecide, both);
  ASSERT_TRUE(again.ok() && again->next.has_value());
  EXPECT_EQ(again->state, meta::TransactionState::kCommitted);
  EXPECT_EQ(again->next->begun.transaction, begun.transaction);
  // The begin is refused, which does not concern the decision.
  commit(begun.transaction);
  const auto held = begin({1}).begun;
  const auto other = begin({2}).begun;
  const auto refused = ask<meta::DecidedAndBegun>(
      "ctl2", meta::kDecide,
      meta::DecideAndBegin{{.transaction = other.transaction, .commit = true}, begin_of({1, 2})});
  ASSERT_TRUE(refused.ok()) << refused.error().describe();
  EXPECT_EQ(refused->state, meta::TransactionState::kCommitted);
  EXPECT_FALSE(refused->next.has_value());
  EXPECT_NE(begin({2}).begun.transaction, held.transaction);
}

TEST_F(MetadataServiceTest, a_node_that_waits_for_a_partition_finds_it_free_after_the_next_decision) {
  make_table();
  const auto decide_with_next = [&](TransactionId transaction) {
    auto next = begin_of({1});
    next.client = "writer";
    next.sequence = transaction.value;
    return ask<meta::DecidedAndBegun>("ctl2", meta::kDecide,
                                      meta::DecideAndBegin{{.transaction = transaction, .commit = true}, next})
        .value();
  };
  const auto ask_for = [&](meta::BeginTransaction request, const std::string& node) {
    request.coordinator = node;
    request.epoch = epochs[node];
    return ask<meta::BeginReply>("ctl3", meta::kBeginTransaction, request);
  };
  auto held = begin({1}).begun.transaction;
  EXPECT_FALSE(ask_for(begin_of({1}), "dn1").ok());  // the same node's writers take turns by themselves
  auto reply = decide_with_next(held);
  ASSERT_TRUE(reply.next.has_value());
  const auto chunk = reply.next->begun.chunks[0];

  EXPECT_FALSE(ask_for(begin_of({2, 1}), "dn2").ok());
  EXPECT_EQ(decide_with_next(held).next->begun.transaction, reply.next->begun.transaction) << "the answer was lost";
  reply = decide_with_next(reply.next->begun.transaction);
  EXPECT_EQ(reply.state, meta::TransactionState::kCommitted);
  EXPECT_FALSE(reply.next.has_value());
  EXPECT_TRUE(reply.others_wait);
  const auto others = ask_for(begin_of({2, 1}), "dn2");
  ASSERT_TRUE(others.ok()) << others.error().describe();
  commit(others->begun.transaction);
  clock.advance(AwaitedChunks::kAsksAgain);
  reply = decide_with_next(begin({1}).begun.transaction);
  ASSERT_TRUE(reply.next.has_value()) << "nobody waits any more";

  EXPECT_FALSE(ask_for({.type = meta::TransactionType::kRecover, .recover = chunk.chunk}, "dn3").ok());
  EXPECT_FALSE(decide_with_next(reply.next->begun.transaction).next.has_value()) << "a recovery waits";
  clock.advance(AwaitedChunks::kAsksAgain);

  const meta::DropPartitions drop{.database = "dfs://db", .table = "pt", .keys = {{{types::Scalar::of_int(1)}}}};
  held = begin({1}).begun.transaction;
  EXPECT_FALSE(services["ctl1"]->change("admin", drop).ok());
  EXPECT_FALSE(decide_with_next(held).next.has_value()) << "a change of the catalogue waits";
  EXPECT_TRUE(services["ctl1"]->change("admin", drop).ok());
}

TEST_F(MetadataServiceTest, decisions_are_told_and_unknown_ones_are_aborted) {
  make_table();
  const auto committed = begin({1}).begun.transaction;
  commit(committed);
  const auto running = begin({2}).begun.transaction;
  const auto reply =
      ask<meta::DecisionsReply>("ctl2", meta::kGetDecisions, meta::DecisionsRequest{{committed, running, {777}}});
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->decisions[0].state, meta::TransactionState::kCommitted);
  EXPECT_EQ(reply->decisions[0].chunks[0].version, 1u);
  EXPECT_EQ(reply->decisions[1].state, meta::TransactionState::kRunning);
  EXPECT_TRUE(reply->decisions[1].chunks.empty());
  EXPECT_EQ(reply->decisions[2].state, meta::TransactionState::kAborted);
}

TEST_F(MetadataServiceTest, requests_wait_out_an_election) {
  make_table();
  group.lead("");
  std::thread election([&] {
    std::this_thread::sleep_for(milliseconds(150));
    group.lead("ctl3");
  });
  const auto reply = ask<meta::DatabaseReply>("ctl2", meta::kDatabaseFacts, meta::DatabaseRequest{"dfs://db"});
  election.join();
  ASSERT_TRUE(reply.ok()) << reply.error().describe();
  EXPECT_TRUE(reply->database);
}

TEST_F(MetadataServiceTest, a_dead_nodes_replicas_are_named_in_the_answer) {
  make_table();
  const auto first = begin({1}).begun;
  commit(first.transaction);
  const auto dead = first.chunks[0].replicas[0] == "dn1" ? first.chunks[0].replicas[1] : first.chunks[0].replicas[0];
  for (int i = 0; i < 4; ++i) {
    clock.advance(milliseconds(1000));
    for (const auto* alias : {"dn1", "dn2", "dn3"}) {
      if (alias != dead) beat(alias);
    }
  }
  EXPECT_EQ(begin({1}).down, std::set<std::string>{dead});
}

TEST_F(MetadataServiceTest, a_stale_replica_is_ordered_to_recover_and_becomes_good) {
  make_table();
  const auto begun = begin({1}).begun;
  const auto id = begun.chunks[0].chunk;
  const auto stale = begun.chunks[0].replicas[1];
  commit(begun.transaction, {{id, stale}});
  pass(milliseconds(1000));
  const auto reply = beat(stale);
  ASSERT_EQ(reply.orders.size(), 1u);
  EXPECT_EQ(reply.orders[0].kind, meta::Order::Kind::kRecover);
  EXPECT_EQ(reply.orders[0].chunk, id);
  EXPECT_EQ(reply.orders[0].version, 1u);
  EXPECT_EQ(reply.orders[0].nodes, std::vector<std::string>{begun.chunks[0].replicas[0]});
  beat(stale, {.recovered = {{id, 1}}});
  pass(milliseconds(1000));
  EXPECT_EQ(chunk(id).good_replicas(), 2u);
  EXPECT_TRUE(beat(stale).orders.empty());
}

TEST_F(MetadataServiceTest, suspended_recovery_waits_until_it_is_resumed) {
  make_table();
  const auto begun = begin({1}).begun;
  const auto stale = begun.chunks[0].replicas[1];
  must_change(meta::PutRecord{.area = meta::kSettingsArea, .name = kRecoverySuspended, .value = "true"});
  commit(begun.transaction, {{begun.chunks[0].chunk, stale}});
  pass(milliseconds(3000));
  EXPECT_TRUE(beat(stale).orders.empty());
  must_change(meta::PutRecord{.area = meta::kSettingsArea, .name = kRecoverySuspended, .value = {}});
  pass(milliseconds(1000));
  EXPECT_EQ(beat(stale).orders.size(), 1u);
}

TEST_F(MetadataServiceTest, replicas_that_recovered_make_room_for_the_next_at_once) {
  make_table();
  std::vector<int32_t> values;
  for (int32_t i = 0; i < 3 * static_cast<int32_t>(kCopyOrdersMax); ++i) values.push_back(i);
  const auto begun = begin(values).begun;
  std::vector<meta::FailedReplica> failed;
  for (const auto& chunk : begun.chunks) {
    if (std::find(chunk.replicas.begin(), chunk.replicas.end(), "dn2") != chunk.replicas.end())
      failed.push_back({chunk.chunk, "dn2"});
  }
  ASSERT_GT(failed.size(), kCopyOrdersMax + 5);
  commit(begun.transaction, failed);
  pass(milliseconds(1000));
  std::set<ChunkId> ordered;
  for (int turn = 0; ordered.size() < failed.size(); ++turn) {  // no time passes
    const auto reply = beat("dn2");
    ASSERT_FALSE(reply.orders.empty()) << "after " << ordered.size();
    EXPECT_LE(reply.orders.size(), kCopyOrdersMax);
    meta::Heartbeat done;
    for (const auto& order : reply.orders) {
      EXPECT_TRUE(ordered.insert(order.chunk).second) << "again, though it has recovered: " << order.chunk.value;
      done.recovered.emplace_back(order.chunk, order.version);
    }
    EXPECT_TRUE(beat("dn2", done).orders.empty());
    services["ctl1"]->tick();
  }
  EXPECT_TRUE(beat("dn2").orders.empty());
}

TEST_F(MetadataServiceTest, published_commits_become_complete) {
  make_table();
  const auto begun = publish();
  services["ctl1"]->tick();
  const auto list = ask<meta::TransactionsReply>("ctl1", meta::kListTransactions, meta::DecisionsRequest{});
  EXPECT_EQ(list->transactions.at(0).state, meta::TransactionState::kComplete);
}

TEST_F(MetadataServiceTest, a_replica_that_is_lost_is_found_missing_also_where_nothing_else_happens) {
  make_table();
  const auto begun = publish();
  services["ctl1"]->tick();
  const auto id = begun.chunks[0].chunk;
  const auto& lost = begun.chunks[0].replicas[0];
  const auto is_stale = [&] {
    return machines["ctl1"]->read([&](const meta::State& state) { return state.chunks.at(id).find(lost)->stale; });
  };
  // Of what has just changed a report may know nothing yet.
  auto reply = beat(lost, {.chunks = std::vector<meta::ReportedChunk>{}});
  ASSERT_EQ(reply.orders.size(), 1u);
  EXPECT_EQ(reply.orders[0].kind, meta::Order::Kind::kReport);
  services["ctl1"]->tick();
  EXPECT_FALSE(is_stale());
  pass(milliseconds(31000));
  beat(lost, {.chunks = std::vector<meta::ReportedChunk>{}});
  services["ctl1"]->tick();
  EXPECT_TRUE(is_stale());
}

TEST_F(MetadataServiceTest, a_new_process_without_its_replicas_is_believed_at_once) {
  make_table();
  const auto begun = begin({1}).begun;
  commit(begun.transaction);
  const auto id = begun.chunks[0].chunk;
  const auto &publishes = begun.chunks[0].replicas[0], &dies = begun.chunks[0].replicas[1];
  const auto is_stale = [&](const std::string& node) {
    return machines["ctl1"]->read([&](const meta::State& state) { return state.chunks.at(id).find(node)->stale; });
  };
  beat(publishes, {.published = {begun.transaction}});
  services["ctl1"]->tick();
  must_register(publishes, {}, 2);
  const auto registered = must_register(dies, {}, 2);
  ASSERT_EQ(registered.orders.size(), 2u);
  EXPECT_EQ(registered.orders[0].kind, meta::Order::Kind::kResolve) << "what it had prepared may be in its log";
  EXPECT_EQ(registered.orders[1].kind, meta::Order::Kind::kReport) << "or not: then only its chunk shows it";
  services["ctl1"]->tick();
  EXPECT_TRUE(is_stale(publishes));
  EXPECT_FALSE(is_stale(dies));
}

TEST_F(MetadataServiceTest, a_node_that_lost_what_it_had_prepared_is_asked_about_its_chunk_until_it_can_be_judged) {
  make_table();
  const auto begun = begin({1}).begun;
  commit(begun.transaction);
  const auto id = begun.chunks[0].chunk;
  const auto node = begun.chunks[0].replicas[0];
  const std::vector<meta::ReportedChunk> lost = {{.chunk = id}};
  const auto is_asked = [&](const std::vector<meta::Order>& orders) {
    return std::ranges::any_of(orders, [&](const meta::Order& order) {
      return order.kind == meta::Order::Kind::kReport && order.chunk == id;
    });
  };
  EXPECT_TRUE(is_asked(must_register(node, {}, 2).orders));
  // It asks how the transaction ended, finds nothing to publish, and says that it is over.
  EXPECT_TRUE(is_asked(beat(node, {.published = {begun.transaction}, .asked_for = lost}).orders)) << "not recorded yet";
  services["ctl1"]->tick();
  EXPECT_TRUE(is_asked(beat(node, {.asked_for = lost}).orders)) << "it may have said so before it published";
  EXPECT_EQ(chunk(id).good_replicas(), 2u);
  pass(milliseconds(31000));
  EXPECT_FALSE(is_asked(beat(node, {.asked_for = lost}).orders));
  services["ctl1"]->tick();
  EXPECT_TRUE(chunk(id).find(node)->stale);
  const auto orders = beat(node).orders;
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders[0].kind, meta::Order::Kind::kRecover);
}

TEST_F(MetadataServiceTest, an_answer_about_one_chunk_says_nothing_of_others) {
  make_table();
  const auto begun = begin({1, 2, 3}).begun;
  commit(begun.transaction);
  for (const auto* node : {"dn1", "dn2", "dn3"}) beat(node, {.published = {begun.transaction}});
  services["ctl1"]->tick();
  pass(milliseconds(31000));
  const auto& answers = begun.chunks[0];
  beat(answers.replicas[0], {.asked_for = {{.chunk = answers.chunk, .version = 1}, {.chunk = {777}}}});
  services["ctl1"]->tick();
  for (const auto& part : begun.chunks) EXPECT_EQ(chunk(part.chunk).good_replicas(), 2u);
  EXPECT_TRUE(beat(answers.replicas[0]).orders.empty());
}

TEST_F(MetadataServiceTest, participants_that_do_not_publish_are_told_to_ask) {
  make_table();
  const auto begun = begin({1}).begun;
  commit(begun.transaction);
  pass(milliseconds(7000));
  const auto reply = beat(begun.chunks[0].replicas[0]);
  ASSERT_EQ(reply.orders.size(), 1u);
  EXPECT_EQ(reply.orders[0].kind, meta::Order::Kind::kResolve);
  EXPECT_EQ(reply.orders[0].transaction, begun.transaction);
}

TEST_F(MetadataServiceTest, transactions_of_a_dead_coordinator_are_aborted) {
  make_table();
  const auto begun = begin({1}).begun;
  for (int i = 0; i < 8; ++i) {
    clock.advance(milliseconds(1000));
    beat("dn2");
    beat("dn3");
    services["ctl1"]->tick();
  }
  EXPECT_EQ(commit(begun.transaction).state, meta::TransactionState::kAborted);
}

TEST_F(MetadataServiceTest, a_new_leader_gives_everybody_time_to_be_heard) {
  make_table();
  const auto begun = begin({1}).begun;
  group.lead("ctl3");
  services["ctl3"]->tick();
  EXPECT_TRUE(beat("dn1", {}, "ctl3").register_again);
  clock.advance(milliseconds(2000));
  services["ctl3"]->tick();
  EXPECT_EQ(must_register("dn1").epoch, epochs["dn1"]) << "the same boot keeps its epoch";
  EXPECT_FALSE(beat("dn1", {}, "ctl3").register_again);
  EXPECT_EQ(commit(begun.transaction).state, meta::TransactionState::kCommitted);
}

TEST_F(MetadataServiceTest, dropped_chunks_are_ordered_away) {
  make_table();
  const auto begun = begin({1}).begun;
  commit(begun.transaction);
  must_change(meta::DropTable{"dfs://db", "pt"});
  const auto reply = beat(begun.chunks[0].replicas[0]);
  ASSERT_EQ(reply.orders.size(), 1u);
  EXPECT_EQ(reply.orders[0].kind, meta::Order::Kind::kDrop);
  EXPECT_EQ(reply.orders[0].chunk, begun.chunks[0].chunk);
  const auto again = must_register("dn3", {{.chunk = begun.chunks[0].chunk, .version = 1}});
  ASSERT_EQ(again.orders.size(), 1u) << "found by the report of a node that was away";
  EXPECT_EQ(again.orders[0].kind, meta::Order::Kind::kDrop);
}

TEST_F(MetadataServiceTest, a_chunk_that_comes_back_is_not_ordered_away_again) {
  make_table();
  const auto begun = publish();
  services["ctl1"]->tick();
  const auto id = begun.chunks[0].chunk;
  const auto node = begun.chunks[0].replicas[0];
  using Kind = meta::ReplicaChange::Kind;
  const auto is_ordered_away = [&] {
    for (const auto& order : beat(node).orders) {
      if (order.kind == meta::Order::Kind::kDrop && order.chunk == id) return true;
    }
    return false;
  };
  must_change(meta::ChangeReplicas{.changes = {{.chunk = id, .node = node, .kind = Kind::kRemove}}});
  EXPECT_TRUE(is_ordered_away());
  must_change(meta::ChangeReplicas{.changes = {{.chunk = id, .node = node, .kind = Kind::kAdd}}});
  EXPECT_FALSE(is_ordered_away());
}

TEST_F(MetadataServiceTest, a_node_that_lost_its_chunks_becomes_stale) {
  make_table();
  const auto begun = publish();
  pass(milliseconds(31000));
  const auto node = begun.chunks[0].replicas[1];
  must_register(node, {});
  services["ctl1"]->tick();
  EXPECT_EQ(chunk(begun.chunks[0].chunk).good_replicas(), 1u);
  const auto orders = beat(node).orders;
  ASSERT_EQ(orders.size(), 1u) << "it hears of the copy though no time has passed";
  EXPECT_EQ(orders[0].kind, meta::Order::Kind::kRecover);
}

TEST_F(MetadataServiceTest, a_node_that_only_asks_which_cluster_it_is_of_does_not_count_as_running) {
  const auto runs = [this] {
    const auto reply = ask<meta::PerfReply>("ctl1", meta::kClusterPerf, meta::PerfRequest{false});
    return std::ranges::any_of(reply->nodes, [](const auto& row) { return row.node.alias == "dn1" && row.alive; });
  };
  clock.advance(std::chrono::hours(1));
  EXPECT_FALSE(runs());
  auto request = registration("dn1", 7);
  request.learns_cluster = true;
  const auto learnt = ask<meta::RegisterReply>("ctl2", meta::kRegisterNode, request);
  ASSERT_TRUE(learnt.ok()) << learnt.error().describe();
  EXPECT_EQ(learnt->cluster, uuid(9));
  EXPECT_FALSE(runs()) << "nobody can log in yet";
  request.learns_cluster = false;
  EXPECT_TRUE(ask<meta::RegisterReply>("ctl2", meta::kRegisterNode, request).ok());
  EXPECT_TRUE(runs());
}

TEST_F(MetadataServiceTest, strangers_copies_and_wrong_roles_are_refused) {
  auto request = registration("dn1", 7);
  request.host = "10.9.9.9";
  EXPECT_EQ(ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, request).error().code, ErrorCode::kConflict);
  request = registration("dn1");
  request.cluster = uuid(55);
  EXPECT_EQ(ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, request).error().code, ErrorCode::kDenied);
  request = registration("dn1");
  request.role = meta::NodeRole::kComputeNode;
  EXPECT_EQ(ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, request).error().code, ErrorCode::kDenied);
  request = registration("dn9");
  EXPECT_EQ(ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, request).error().code, ErrorCode::kNotFound);
}

TEST_F(MetadataServiceTest, a_controller_that_lost_its_disk_comes_back_as_another_node_once_the_old_one_is_silent) {
  clock.advance(milliseconds(1000));
  for (auto& [alias, service] : services) service->tick();
  auto request = registration("ctl3", 9);
  request.role = meta::NodeRole::kController;
  request.uuid = uuid(77);
  request.port = 8800;
  EXPECT_EQ(ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, request).error().code, ErrorCode::kDenied);
  clock.advance(milliseconds(10000));
  EXPECT_TRUE(ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, request).ok());
}

TEST_F(MetadataServiceTest, a_data_node_comes_back_empty_once_its_replicas_are_given_up) {
  make_table();
  const auto begun = begin({1});
  commit(begun.begun.transaction);
  const auto id = begun.begun.chunks[0].chunk;
  ASSERT_EQ(chunk(id).good_replicas(), 2u);
  const auto lost = begun.begun.chunks[0].replicas[0], other = begun.begun.chunks[0].replicas[1];
  auto request = registration(lost, 9);
  request.uuid = uuid(78);
  const auto refusal = [&] { return ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, request).error(); };
  EXPECT_EQ(refusal().code, ErrorCode::kUnavailable) << "the one that has the data was there a moment ago";
  EXPECT_EQ(chunk(id).good_replicas(), 2u);
  clock.advance(milliseconds(10000));
  request.chunks = {{.chunk = id, .version = 1}};
  EXPECT_EQ(refusal().code, ErrorCode::kDenied) << "nobody else's data take its place";
  request.chunks.clear();
  request.port = 8999;
  EXPECT_EQ(refusal().code, ErrorCode::kDenied) << "moved, and its data forgotten";
  request.port = 8900;
  EXPECT_EQ(chunk(id).good_replicas(), 2u);
  const auto reply = ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, request);
  ASSERT_TRUE(reply.ok()) << reply.error().describe();
  EXPECT_EQ(chunk(id).good_replicas(), 1u);
  EXPECT_TRUE(chunk(id).find(lost)->stale);
  EXPECT_EQ(chunk(id).find(lost)->version, 0u);
  // The one it was before is a stranger now, and what it reports counts for nothing.
  auto former = registration(lost);
  former.chunks = {{.chunk = id, .version = 1}};
  EXPECT_EQ(ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, former).error().code, ErrorCode::kDenied);
  EXPECT_TRUE(chunk(id).find(lost)->stale);
  // The other one has the last good replica: that is not given up.
  clock.advance(milliseconds(10000));
  request = registration(other, 9);
  request.uuid = uuid(79);
  EXPECT_EQ(refusal().code, ErrorCode::kConflict);
  EXPECT_NE(refusal().message.find("/pt"), std::string::npos) << refusal().message;
  EXPECT_EQ(chunk(id).good_replicas(), 1u);
}

TEST_F(MetadataServiceTest, nodes_cannot_smuggle_in_decisions_as_changes) {
  const auto answer = services["ctl1"]->change("ann", meta::Decide{.transaction = {1}, .commit = true});
  EXPECT_EQ(answer.error().code, ErrorCode::kDenied);
}

TEST_F(MetadataServiceTest, perf_shows_every_node_and_who_leads_from_any_controller) {
  clock.advance(milliseconds(1000));
  for (auto& [alias, service] : services) service->tick();
  meta::Heartbeat figures;
  figures.metrics.connections = 42;
  beat("dn1", figures);
  for (const auto* controller : kControllers) {
    const auto reply = ask<meta::PerfReply>(controller, meta::kClusterPerf, meta::PerfRequest{true});
    ASSERT_TRUE(reply.ok());
    ASSERT_EQ(reply->nodes.size(), 7u);
    for (const auto& row : reply->nodes) {
      EXPECT_EQ(row.alive, row.node.alias != "agent1") << row.node.alias;
      const bool is_controller = row.node.role == meta::NodeRole::kController;
      EXPECT_EQ(row.is_leader, is_controller ? std::optional(row.node.alias == "ctl1") : std::nullopt);
      EXPECT_EQ(row.metrics.connections, row.node.alias == "dn1" ? 42 : 0);
      EXPECT_EQ(row.agent, row.node.alias == "dn1" || row.node.alias == "ctl1" ? "agent1" : "");
    }
  }
  EXPECT_EQ(ask<meta::PerfReply>("ctl1", meta::kClusterPerf, meta::PerfRequest{false})->nodes.size(), 4u);
}

TEST_F(WaitingServiceTest, a_new_leader_says_who_is_there_once_it_has_heard_them) {
  group.lead("ctl3");
  services["ctl3"]->tick();
  clock.advance(milliseconds(1000));
  for (const auto* controller : {"ctl1", "ctl2"}) services[controller]->tick();
  auto perf = std::async(std::launch::async,
                         [this] { return ask<meta::PerfReply>("ctl2", meta::kClusterPerf, meta::PerfRequest{true}); });
  EXPECT_EQ(perf.wait_for(milliseconds(100)), std::future_status::timeout);
  for (const auto* node : {"dn1", "dn2", "dn3"}) must_register(node);
  const auto reply = perf.get();
  ASSERT_TRUE(reply.ok()) << reply.error().describe();
  for (const auto& row : reply->nodes) EXPECT_EQ(row.alive, row.node.alias != "agent1") << row.node.alias;
}

TEST_F(WaitingServiceTest, a_follower_that_still_names_a_dead_leader_says_who_is_there_once_another_leads) {
  network.crash("ctl1");
  auto perf = std::async(std::launch::async,
                         [this] { return ask<meta::PerfReply>("ctl2", meta::kClusterPerf, meta::PerfRequest{true}); });
  EXPECT_EQ(perf.wait_for(milliseconds(100)), std::future_status::timeout);
  group.lead("ctl3");
  services["ctl3"]->tick();
  for (const auto* node : {"dn1", "dn2", "dn3"}) must_register(node);
  const auto reply = perf.get();
  ASSERT_TRUE(reply.ok()) << reply.error().describe();
  for (const auto& row : reply->nodes) {
    EXPECT_EQ(row.alive, row.node.alias != "agent1") << row.node.alias;
    EXPECT_EQ(row.is_leader.value_or(false), row.node.alias == "ctl3") << row.node.alias;
  }
}

TEST_F(MetadataServiceTest, without_a_leader_perf_shows_what_the_member_knows) {
  group.lead("");
  const auto reply = ask<meta::PerfReply>("ctl2", meta::kClusterPerf, meta::PerfRequest{true});
  ASSERT_TRUE(reply.ok()) << reply.error().describe();
  for (const auto& row : reply->nodes) EXPECT_EQ(row.alive, row.node.alias == "ctl2") << row.node.alias;
}

TEST_F(MetadataServiceTest, an_order_whose_answer_is_lost_is_sent_again_however_often_the_agent_was_not_there_before) {
  agent_errors.assign(7, ErrorCode::kUnavailable);
  agent_errors.insert(agent_errors.end(), 2, ErrorCode::kOutcomeUnknown);
  const auto done = network.caller("dn1").call("ctl2", meta::kStartNodes, encode(meta::NodesRequest{{"dn1"}}),
                                               {.timeout = milliseconds(20000)});
  EXPECT_TRUE(done.ok()) << done.error().describe();
  EXPECT_EQ(started.size(), 10u);
}

TEST_F(MetadataServiceTest, nodes_are_started_through_the_agent_of_their_host) {
  const auto start = [&](const std::string& name) {
    return network.caller("dn1").call("ctl2", meta::kStartNodes, encode(meta::NodesRequest{{name}}));
  };
  ASSERT_TRUE(start("10.0.0.1:8900").ok());
  ASSERT_EQ(started.size(), 1u);
  EXPECT_EQ(started[0].node.site.alias, "dn1");
  EXPECT_EQ(started[0].settings.at("maxMemSize"), "4");
  EXPECT_EQ(started[0].controller_site, "10.0.0.1:8800:ctl1");
  EXPECT_NE(started[0].sites.find("10.0.0.2:8900:dn2:datanode"), std::string::npos);
  EXPECT_EQ(start("dn2").error().code, ErrorCode::kNotFound) << "no agent there";
  EXPECT_EQ(start("nobody").error().code, ErrorCode::kNotFound);
}

TEST_F(MetadataServiceTest, users_log_in_by_facts_of_any_controller) {
  must_change(meta::CreateUser{.id = "ann", .verifier = meta::make_verifier("pw", "salt", 2).value()});
  must_change(meta::ChangeGrants{.ids = {"ann"}, .type = meta::AccessType::kTableRead, .objects = {"dfs://db"}});
  const auto reply = ask<meta::UserReply>("ctl3", meta::kUserFacts, meta::UserRequest{"ann"});
  ASSERT_TRUE(reply.ok() && reply->user);
  EXPECT_TRUE(verify_password(reply->user->verifier, "pw"));
  EXPECT_TRUE(reply->access.may(meta::AccessType::kTableRead, "dfs://db/pt"));
  EXPECT_FALSE(
      ask<meta::AccountsReply>("ctl3", meta::kListAccounts, meta::UserRequest{})->users.at("ann").verifier.is_set());
  EXPECT_FALSE(ask<meta::UserReply>("ctl3", meta::kUserFacts, meta::UserRequest{"bob"})->user);
}

TEST_F(MetadataServiceTest, a_controller_that_still_joins_answers_nothing_from_its_empty_state) {
  add_controller("ctl4");
  const auto user = ask<meta::UserReply>("ctl4", meta::kUserFacts, meta::UserRequest{"admin"});
  ASSERT_FALSE(user.ok());
  EXPECT_EQ(user.error().code, ErrorCode::kUnavailable) << "so that the next controller is asked";
  EXPECT_TRUE(user.error().message.starts_with("<ControllerNotReady>")) << user.error().message;
  EXPECT_EQ(ask<meta::CatalogueReply>("ctl4", meta::kListCatalogue, meta::UserRequest{}).error().code,
            ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace pelorus::controller
