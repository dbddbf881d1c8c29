#include "meta/apply/cluster_fixture.h"
#include "meta/chunk_locks.h"
#include "meta/levels.h"

namespace pelorus::meta {
namespace {

class ApplyTransactions : public ClusterFixture {};

TEST_F(ApplyTransactions, a_write_makes_missing_chunks_and_locks_all) {
  const auto begun = begin({1, 7});
  ASSERT_EQ(begun.chunks.size(), 2u);
  EXPECT_EQ(begun.chunks[1].key, key(7));
  EXPECT_EQ(begun.chunks[1].version, 0u);
  EXPECT_EQ(begun.chunks[1].replicas, (std::vector<std::string>{"dn1", "dn2"}));
  EXPECT_EQ(refused(begin_of({2, 7})), ErrorCode::kConflict);
  const auto made = commit(begun.transaction);
  EXPECT_EQ(made.state, TransactionState::kCommitted);
  EXPECT_EQ(made.chunks[1].version, 1u);
  EXPECT_EQ(state.chunks.at(begun.chunks[1].chunk).version, 1u);
  EXPECT_TRUE(is_in_scheme(state.find_database("dfs://db")->scheme.levels[0], types::Scalar::of_int(7)));
  EXPECT_EQ(begin({7}).chunks[0].version, 1u);
}

TEST_F(ApplyTransactions, rows_made_for_older_columns_are_refused) {
  auto command = begin_of({1});
  command.chunks[0].schema_version = 1;
  const auto begun = decode<Begun>(must(command), "begun").value();
  commit(begun.transaction);
  must(AlterTable{.database = "dfs://db", .name = "pt", .expected_schema_version = 1, .columns = trades("pt").columns});
  EXPECT_EQ(refused(command), ErrorCode::kInvalid);
  command.chunks[0].schema_version = 2;
  must(command);
}

TEST_F(ApplyTransactions, an_abort_leaves_no_trace) {
  write(1);
  const auto chunks = state.chunks;
  const auto scheme = state.find_database("dfs://db")->scheme;
  const auto begun = begin({1, 7});
  EXPECT_EQ(decide({.transaction = begun.transaction, .commit = false}).state, TransactionState::kAborted);
  EXPECT_EQ(state.chunks, chunks);
  EXPECT_EQ(state.find_database("dfs://db")->scheme, scheme);
  EXPECT_EQ(state.find_node("dn1")->replica_count, 1u);
}

TEST_F(ApplyTransactions, a_decision_is_final) {
  const auto begun = begin({1});
  commit(begun.transaction);
  EXPECT_EQ(decide({.transaction = begun.transaction, .commit = false}).state, TransactionState::kCommitted);
  EXPECT_EQ(commit(begun.transaction).chunks[0].version, 1u);
  EXPECT_EQ(state.chunks.at(begun.chunks[0].chunk).version, 1u);
  EXPECT_EQ(commit(TransactionId{12345}).state, TransactionState::kAborted) << "presumed abort";
}

TEST_F(ApplyTransactions, a_failed_replica_is_stale_in_the_same_decision) {
  const auto begun = begin({1});
  const auto id = begun.chunks[0].chunk;
  const auto made = commit(begun.transaction, {{id, "dn2"}});
  EXPECT_EQ(made.chunks[0].replicas, std::vector<std::string>{"dn1"});
  EXPECT_TRUE(state.chunks.at(id).find("dn2")->stale);
  EXPECT_EQ(begin({1}).chunks[0].replicas, std::vector<std::string>{"dn1"});
}

TEST_F(ApplyTransactions, a_commit_without_enough_prepared_replicas_becomes_an_abort) {
  auto begun = begin({1, 2});
  const auto id = begun.chunks[1].chunk;
  EXPECT_EQ(commit(begun.transaction, {{id, "dn1"}, {id, "dn2"}}).state, TransactionState::kAborted);
  begun = begin({1});
  EXPECT_EQ(decide({.transaction = begun.transaction,
                    .commit = true,
                    .failed = {{begun.chunks[0].chunk, "dn2"}},
                    .prepared_min = 2})
                .state,
            TransactionState::kAborted);
}

TEST_F(ApplyTransactions, the_hold_of_a_writer_is_named_as_a_conflict_of_writers) {
  write(1);
  begin({1});
  const auto outcome = run(begin_of({1}));
  const Error error{static_cast<ErrorCode>(outcome.code), outcome.message};
  EXPECT_TRUE(error.message.starts_with("<ChunkInTransaction>")) << error.message;
  EXPECT_TRUE(is_write_conflict(error)) << error.message;
  EXPECT_NE(error.message.find("dfs://db/pt/1"), std::string::npos) << "it names the partition";
  EXPECT_FALSE(is_write_conflict({ErrorCode::kUnavailable, error.message}));
}

TEST_F(ApplyTransactions, a_database_may_lock_whole_partitions) {
  auto other = trades("other");
  must(CreateTable{.table = other, .now_ns = 3});
  state.databases.at("dfs://db").chunk_granularity = "DATABASE";
  const auto of_other = [&](int32_t value) {
    auto command = begin_of({value});
    command.chunks[0].table = state.find_table("dfs://db", "other")->id;
    return command;
  };
  write(1);
  const auto begun = begin({1});
  must(of_other(2));
  decide({.transaction = decode<Begun>(must(of_other(1)), "begun")->transaction, .commit = false});  // not at level 1
  state.level = kTableOptionsLevel;
  EXPECT_EQ(refused(of_other(1)), ErrorCode::kConflict) << "programs of level 1 take it otherwise";
  EXPECT_TRUE(is_write_conflict({ErrorCode::kConflict, run(of_other(1)).message}));
  EXPECT_EQ(refused(begin_of({2})), ErrorCode::kConflict) << "its chunk is being made by the other table";
  commit(begun.transaction);
  must(of_other(1));
}

TEST_F(ApplyTransactions, a_recovery_is_no_conflict_of_writers) {
  const auto id = write(1);
  must(ChangeReplicas{{{id, "dn3", ReplicaChange::Kind::kAdd, 0}}});
  must(BeginTransaction{
      .type = TransactionType::kRecover, .coordinator = "dn3", .epoch = 1, .recover = id, .now_ns = 5});
  const auto outcome = run(begin_of({1}));
  EXPECT_EQ(static_cast<ErrorCode>(outcome.code), ErrorCode::kConflict);
  EXPECT_FALSE(is_write_conflict({ErrorCode::kConflict, outcome.message})) << outcome.message;
}

TEST_F(ApplyTransactions, a_replica_that_fell_behind_meanwhile_does_not_count_as_prepared) {
  const auto id = write(1);
  const auto begun = begin({1});
  must(ChangeReplicas{{{id, "dn2", ReplicaChange::Kind::kStale, 0}}});
  EXPECT_EQ(commit(begun.transaction).chunks[0].replicas, std::vector<std::string>{"dn1"});
  EXPECT_TRUE(state.chunks.at(id).find("dn2")->stale);
}

TEST_F(ApplyTransactions, a_numbered_write_takes_effect_once) {
  auto command = begin_of({1});
  command.client = "c";
  command.sequence = 5;
  const auto begun = decode<Begun>(must(command), "begun").value();
  EXPECT_EQ(decode<Begun>(must(command), "begun")->transaction, begun.transaction) << "the coordinator may ask again";
  auto elsewhere = command;
  elsewhere.coordinator = "dn2";
  elsewhere.epoch = state.nodes.at("dn2").epoch;
  EXPECT_EQ(refused(elsewhere), ErrorCode::kConflict) << "the first attempt is undecided";
  decide({.transaction = begun.transaction, .commit = true, .result = 42});
  const auto again = decode<Begun>(must(command), "begun").value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.rows, 42);
  EXPECT_EQ(again.transaction, begun.transaction);
  command.sequence = 4;
  EXPECT_EQ(refused(command), ErrorCode::kStale);
  command.sequence = 6;
  const auto next = decode<Begun>(must(command), "begun").value();
  decide({.transaction = next.transaction, .commit = false});
  EXPECT_FALSE(decode<Begun>(must(command), "begun")->repeated) << "an aborted attempt may be repeated";
}

TEST_F(ApplyTransactions, committed_ones_are_kept_until_all_published) {
  const auto begun = begin({1});
  commit(begun.transaction);
  must(CompleteTransactions{{{begun.transaction, "dn1"}}});
  EXPECT_EQ(state.transactions.at(begun.transaction).state, TransactionState::kCommitted);
  for (int i = 0; i < 3000; ++i) {
    const auto other = begin({2});
    decide({.transaction = other.transaction, .commit = false});
  }
  EXPECT_LE(state.transactions.size(), 2 * kFinishedTransactionsMax + 1);
  EXPECT_EQ(commit(begun.transaction).state, TransactionState::kCommitted) << "never forgotten while somebody may ask";
  must(CompleteTransactions{{{begun.transaction, "dn2"}}});
  EXPECT_EQ(state.transactions.at(begun.transaction).state, TransactionState::kComplete);
}

TEST_F(ApplyTransactions, requests_that_make_no_sense_are_refused) {
  EXPECT_EQ(refused(begin_of({})), ErrorCode::kLimit);
  EXPECT_EQ(refused(begin_of({1, 1})), ErrorCode::kInvalid);
  EXPECT_EQ(refused(begin_of({1}, {})), ErrorCode::kUnavailable);
  EXPECT_EQ(refused(begin_of({1}, {"nobody"})), ErrorCode::kUnavailable);
  auto command = begin_of({1});
  command.chunks[0].table = TableId{77};
  EXPECT_EQ(refused(command), ErrorCode::kNotFound);
  command = begin_of({1});
  command.chunks[0].key.parts[0] = types::Scalar::of_string("x");
  EXPECT_EQ(refused(command), ErrorCode::kInvalid);
  command.chunks[0].key.parts.clear();
  EXPECT_EQ(refused(command), ErrorCode::kInvalid);
  command.coordinator = "stranger";
  EXPECT_EQ(refused(command), ErrorCode::kStale);
}

TEST_F(ApplyTransactions, a_chunk_without_a_good_replica_takes_no_write) {
  const auto id = write(1);
  must(ChangeReplicas{{{id, "dn1", ReplicaChange::Kind::kStale, 0}, {id, "dn2", ReplicaChange::Kind::kStale, 0}}});
  EXPECT_EQ(refused(begin_of({1})), ErrorCode::kUnavailable);
  must(ForceVersion{id, "dn2", 1});
  EXPECT_EQ(begin({1}).chunks[0].replicas, std::vector<std::string>{"dn2"});
}

TEST_F(ApplyTransactions, a_recovered_replica_is_good_only_at_the_current_version) {
  const auto id = write(1);
  must(ChangeReplicas{{{id, "dn3", ReplicaChange::Kind::kAdd, 0}}});
  EXPECT_TRUE(state.chunks.at(id).find("dn3")->stale);
  write(1);
  must(ChangeReplicas{{{id, "dn3", ReplicaChange::Kind::kGood, 1}}});
  EXPECT_TRUE(state.chunks.at(id).find("dn3")->stale);
  must(ChangeReplicas{{{id, "dn3", ReplicaChange::Kind::kGood, 2}}});
  EXPECT_FALSE(state.chunks.at(id).find("dn3")->stale);
  const auto dropped = decode<Dropped>(must(ChangeReplicas{{{id, "dn1", ReplicaChange::Kind::kRemove, 0},
                                                            {id, "dn2", ReplicaChange::Kind::kRemove, 0},
                                                            {id, "dn3", ReplicaChange::Kind::kRemove, 0}}}),
                                       "dropped");
  EXPECT_EQ(dropped->chunks.size(), 2u) << "the last good replica stays";
  EXPECT_NE(state.chunks.at(id).find("dn3"), nullptr);
}

TEST_F(ApplyTransactions, a_recovery_holds_the_chunk_still_and_makes_its_replica_good) {
  const auto id = write(1);
  must(ChangeReplicas{{{id, "dn3", ReplicaChange::Kind::kAdd, 0}}});
  BeginTransaction command{
      .type = TransactionType::kRecover, .coordinator = "dn3", .epoch = 1, .recover = id, .now_ns = 5};
  const auto begun = decode<Begun>(must(command), "begun").value();
  ASSERT_EQ(begun.chunks.size(), 1u);
  EXPECT_EQ(begun.chunks[0].version, 1u);
  EXPECT_EQ(begun.chunks[0].replicas, (std::vector<std::string>{"dn1", "dn2"})) << "sources";
  EXPECT_EQ(refused(begin_of({1})), ErrorCode::kConflict);
  EXPECT_EQ(commit(begun.transaction).state, TransactionState::kComplete);
  EXPECT_FALSE(state.chunks.at(id).find("dn3")->stale);
  EXPECT_EQ(state.chunks.at(id).version, 1u);
  EXPECT_EQ(refused(command), ErrorCode::kInvalid) << "nothing to recover any more";
}

TEST_F(ApplyTransactions, a_recovery_asked_for_again_because_its_answer_was_lost_is_the_same_one) {
  const auto id = write(1);
  must(ChangeReplicas{{{id, "dn3", ReplicaChange::Kind::kAdd, 0}}});
  BeginTransaction command{.type = TransactionType::kRecover,
                           .client = "node/b/0",
                           .sequence = 4,
                           .coordinator = "dn3",
                           .epoch = 1,
                           .recover = id,
                           .now_ns = 5};
  const auto begun = decode<Begun>(must(command), "begun").value();
  const auto again = decode<Begun>(must(command), "begun").value();
  EXPECT_EQ(again.transaction, begun.transaction)
      << "another one could not begin before this one ends, and nobody knew it";
  ASSERT_EQ(again.chunks.size(), 1u);
  EXPECT_EQ(again.chunks[0].replicas, begun.chunks[0].replicas);
  ++command.sequence;
  EXPECT_EQ(refused(command), ErrorCode::kConflict) << "that is another recovery";
  command.client.clear();
  EXPECT_EQ(refused(command), ErrorCode::kConflict) << "nothing says that it is the same";
  EXPECT_EQ(commit(begun.transaction).state, TransactionState::kComplete);
}

}  // namespace
}  // namespace pelorus::meta
