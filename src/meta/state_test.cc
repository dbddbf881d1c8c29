#include "meta/state.h"

#include <random>

#include "meta/apply/cluster_fixture.h"
#include "meta/chunk_changes.h"
#include "meta/placement.h"

namespace pelorus::meta {
namespace {

class StateTest : public ClusterFixture {
 protected:
  /// A random command, sensible more often than not.
  Command any(std::mt19937& random) {
    const auto roll = [&](uint32_t sides) { return static_cast<uint32_t>(random() % sides); };
    const auto node = "dn" + std::to_string(1 + roll(3));
    const auto other = "dn" + std::to_string(1 + roll(3));
    const auto chunk = ChunkId{1 + roll(static_cast<uint32_t>(state.last_chunk) + 1)};
    const auto transaction = TransactionId{state.last_transaction - roll(3)};
    const auto user = "u" + std::to_string(roll(4));
    const int64_t now = state.now_ns + roll(3);
    switch (roll(16)) {
      case 0:
        return RegisterNode{
            .alias = node, .uuid = state.nodes.at(node).uuid, .boot = uuid(static_cast<uint8_t>(1 + roll(200)))};
      case 1: return CreateTable{.table = trades("t" + std::to_string(roll(4))), .now_ns = now};
      case 2: return DropTable{"dfs://db", "t" + std::to_string(roll(4))};
      case 3:
        return DropPartitions{
            .database = "dfs://db", .keys = {key(static_cast<int32_t>(roll(9)))}, .delete_schema = roll(2) == 0};
      case 4: return ChangeReplicas{{{chunk, node, static_cast<ReplicaChange::Kind>(roll(4)), roll(4)}}};
      case 5: return CreateUser{.id = user, .verifier = verifier(user), .now_ns = now};
      case 6: return DeleteUser{user};
      case 7: return ChangeGrants{.ids = {user}, .type = static_cast<AccessType>(roll(20)), .objects = {"dfs://db"}};
      case 8: return CompleteTransactions{{{transaction, roll(2) == 0 ? node : ""}}};
      case 9:
      case 10:
      case 11: {
        BeginTransaction begin{.client = roll(2) == 0 ? "" : "c" + std::to_string(roll(3)),
                               .sequence = state.last_transaction + roll(3),
                               .coordinator = node,
                               .epoch = state.nodes.at(node).epoch,
                               .now_ns = now};
        for (uint32_t i = 0; i <= roll(2); ++i) {
          auto any_table = state.tables.begin();
          std::advance(any_table, roll(static_cast<uint32_t>(state.tables.size())));
          begin.chunks.push_back({any_table->first, key(static_cast<int32_t>(roll(9))), {node, other}});
        }
        return begin;
      }
      default:
        return Decide{.transaction = transaction,
                      .commit = roll(4) != 0,
                      .failed = {{chunk, node}},
                      .rows = {{chunk, roll(99)}},
                      .now_ns = now};
    }
  }
  /// What must hold whatever happened.
  void expect_sound(const State& s) {
    std::map<std::string, uint64_t> replicas;
    size_t chunks = 0;
    for (const auto& [id, t] : s.tables) {
      EXPECT_EQ(s.find_table(t.database, t.name), &t);
      for (const auto& [place, chunk] : t.chunks) {
        ++chunks;
        ASSERT_NE(s.find_chunk(chunk), nullptr);
        EXPECT_EQ(s.find_chunk(chunk)->key, place);
      }
    }
    EXPECT_EQ(chunks, s.chunks.size());
    for (const auto& [id, chunk] : s.chunks) {
      EXPECT_FALSE(chunk.replicas.empty());
      for (const auto& replica : chunk.replicas) {
        ++replicas[replica.node];
        EXPECT_TRUE(replica.stale || replica.version == chunk.version);
      }
      if (chunk.locked_by.value == 0) continue;
      ASSERT_NE(s.find_transaction(chunk.locked_by), nullptr);
      EXPECT_FALSE(s.find_transaction(chunk.locked_by)->is_decided());
    }
    for (const auto& [alias, node] : s.nodes) EXPECT_EQ(node.replica_count, replicas[alias]);
  }
};

TEST_F(StateTest, two_replicas_with_snapshots_at_random_points_end_equal) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    State second = state;
    const State start = state;
    for (int i = 0; i < 600; ++i) {
      const auto command = any(random);
      const auto first_outcome = encode(run(command));
      EXPECT_EQ(encode(apply(second, command)), first_outcome);
      if (random() % 40 == 0) {
        auto restored = read_snapshot(write_snapshot(second));
        ASSERT_TRUE(restored.ok()) << restored.error().describe();
        second = std::move(*restored);
      }
    }
    EXPECT_EQ(encode(second), encode(state));
    EXPECT_EQ(second, state);
    expect_sound(state);
    EXPECT_GT(state.last_transaction, 20u);
    state = start;
  }
}

/// Somebody who hears of a table now and then, and if possible only of what has changed.
struct Hearer {
  TableId table;
  uint64_t number = 0;
  std::map<ChunkId, Chunk> chunks;

  /// Whether changes were enough.
  bool hear(const State& state, const ChunkChanges& changes) {
    const auto changed = changes.since(table, number);
    number = changes.number();
    if (!changed) chunks.clear();
    for (const auto& [id, chunk] : state.chunks) {
      if (chunk.table == table && (!changed || changed->contains(id))) chunks.insert_or_assign(id, chunk);
    }
    for (const auto id : changed.value_or(std::set<ChunkId>{})) {
      if (state.find_chunk(id) == nullptr) chunks.erase(id);
    }
    return changed.has_value();
  }
};

TEST_F(StateTest, whoever_hears_of_changes_knows_what_is_there) {
  size_t by_changes = 0, whole = 0;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const State start = state;
    ChunkChanges changes(uuid(1));
    std::vector<Hearer> hearers{{table}, {TableId{table.value + 1}}, {TableId{table.value + 2}}};
    for (int i = 0; i < 600; ++i) {
      const auto command = any(random);
      const ChunkChanges::Expected expected(state, command);
      if (run(command).ok()) changes.note(state, expected);
      if (random() % 4 != 0) continue;
      auto& hearer = hearers[random() % hearers.size()];
      (hearer.hear(state, changes) ? by_changes : whole) += 1;
      std::map<ChunkId, Chunk> truth;
      for (const auto& [id, chunk] : state.chunks) {
        if (chunk.table == hearer.table) truth.emplace(id, chunk);
      }
      ASSERT_EQ(hearer.chunks, truth);
    }
    state = start;
  }
  EXPECT_GT(by_changes, 300u);
  EXPECT_GT(whole, 100u);
}

TEST_F(StateTest, a_damaged_snapshot_is_refused) {
  write(1);
  const auto whole = write_snapshot(state);
  EXPECT_EQ(read_snapshot(whole).value(), state);
  for (size_t at = 0; at < whole.size(); at += 7) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    EXPECT_EQ(read_snapshot(damaged).error().code, ErrorCode::kCorrupt) << at;
  }
  EXPECT_FALSE(read_snapshot(whole.substr(0, whole.size() - 1)).ok());
  EXPECT_FALSE(read_snapshot("").ok());
}

TEST_F(StateTest, chunks_are_named_by_database_table_and_partition) {
  const auto id = write(2);
  EXPECT_EQ(chunk_path(state, state.chunks.at(id)), "dfs://db/pt/2");
}

TEST_F(StateTest, placement_takes_siblings_first_then_the_least_loaded) {
  const std::set<std::string> live{"dn1", "dn2", "dn3"};
  write(1);  // on dn1 and dn2
  must(CreateTable{.table = trades("sibling")});
  const auto& sibling = *state.find_table("dfs://db", "sibling");
  EXPECT_EQ(place_chunk(state, {}, live, sibling, key(1)), (std::vector<std::string>{"dn1", "dn2"}));
  EXPECT_EQ(place_chunk(state, {}, live, sibling, key(2)), (std::vector<std::string>{"dn3", "dn1"}));
  EXPECT_EQ(place_chunk(state, {}, {"dn2"}, sibling, key(1)), std::vector<std::string>{"dn2"});
  EXPECT_TRUE(place_chunk(state, {}, {}, sibling, key(1)).empty());
}

TEST_F(StateTest, placement_respects_hosts) {
  must(PutNode{{.alias = "dn2", .host = "10.0.0.1", .port = 8903}});
  const std::set<std::string> two{"dn1", "dn2"};
  const auto& pt = *state.find_table(table);
  EXPECT_EQ(place_chunk(state, {2, Reliability::kAnyNode}, two, pt, key(1)).size(), 2u);
  EXPECT_EQ(place_chunk(state, {2, Reliability::kDistinctHosts}, two, pt, key(1)).size(), 1u);
  EXPECT_EQ(place_chunk(state, {2, Reliability::kPreferDistinct}, two, pt, key(1)).size(), 2u);
  EXPECT_EQ(place_chunk(state, {2, Reliability::kPreferDistinct}, {"dn1", "dn2", "dn3"}, pt, key(1)),
            (std::vector<std::string>{"dn1", "dn3"}));
}

TEST_F(StateTest, a_further_replica_goes_where_none_is) {
  const auto id = write(1);
  EXPECT_EQ(place_replica(state, {}, {"dn1", "dn2", "dn3"}, state.chunks.at(id)), "dn3");
  EXPECT_EQ(place_replica(state, {}, {"dn1", "dn2"}, state.chunks.at(id)), "");
}

}  // namespace
}  // namespace pelorus::meta
