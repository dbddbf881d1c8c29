#include "meta/chunk_changes.h"

#include "meta/apply/cluster_fixture.h"

namespace pelorus::meta {
namespace {

class ChunkChangesTest : public ClusterFixture {
 protected:
  Outcome noted(const Command& command) {
    const ChunkChanges::Expected expected(state, command);
    auto outcome = run(command);
    if (outcome.ok()) changes.note(state, expected);
    return outcome;
  }
  ChunkId noted_write(int32_t value) {
    const auto begun = decode<Begun>(noted(begin_of({value})).answer, "begun").value();
    EXPECT_TRUE(noted(Decide{.transaction = begun.transaction, .commit = true, .now_ns = 20}).ok());
    return begun.chunks.at(0).chunk;
  }
  using Chunks = std::set<ChunkId>;

  ChunkChanges changes{uuid(7)};
};

TEST_F(ChunkChangesTest, only_what_was_touched_since_is_told) {
  const auto first = noted_write(1);
  const auto between = changes.number();
  const auto second = noted_write(2);
  EXPECT_EQ(changes.since(table, between), Chunks{second});
  EXPECT_EQ(changes.since(table, changes.number()), Chunks{});
  EXPECT_EQ(changes.since(TableId{table.value + 1}, between), Chunks{}) << "another table";
  const auto begun = decode<Begun>(noted(begin_of({1})).answer, "begun").value();
  EXPECT_EQ(changes.since(table, between), (Chunks{first, second})) << "it is locked now";
  const auto locked = changes.number();
  EXPECT_TRUE(noted(Decide{.transaction = begun.transaction, .commit = false}).ok());
  EXPECT_EQ(changes.since(table, locked), Chunks{first});
}

TEST_F(ChunkChangesTest, a_chunk_that_came_to_nothing_is_told_as_well) {
  noted_write(1);
  const auto between = changes.number();
  const auto begun = decode<Begun>(noted(begin_of({2})).answer, "begun").value();
  EXPECT_TRUE(noted(Decide{.transaction = begun.transaction, .commit = false}).ok());
  EXPECT_EQ(state.find_chunk(begun.chunks.at(0).chunk), nullptr);
  EXPECT_EQ(changes.since(table, between), Chunks{begun.chunks.at(0).chunk});
}

TEST_F(ChunkChangesTest, what_has_to_do_with_no_chunk_is_no_change) {
  noted_write(1);
  const auto between = changes.number();
  EXPECT_TRUE(noted(CreateUser{.id = "u", .verifier = verifier("u")}).ok());
  EXPECT_TRUE(noted(PutRecord{.area = "a", .name = "n", .value = "v"}).ok());
  EXPECT_FALSE(noted(CreateUser{.id = "u", .verifier = verifier("u")}).ok());
  EXPECT_EQ(changes.number(), between);
}

TEST_F(ChunkChangesTest, whatever_else_happens_makes_all_that_was_heard_void) {
  noted_write(1);
  const auto before = changes.number();
  EXPECT_TRUE(noted(CreateTable{.table = trades("other")}).ok());
  EXPECT_FALSE(changes.since(table, before));
  EXPECT_EQ(changes.since(table, changes.number()), Chunks{});
  const auto after = changes.number();
  noted_write(77);  // a value that the scheme has not
  EXPECT_FALSE(changes.since(table, after)) << "all tables of the database have another scheme";
}

TEST_F(ChunkChangesTest, what_is_too_long_ago_is_not_told) {
  const auto chunk = noted_write(1);
  const auto before = changes.number();
  const ChangeReplicas stale{{{chunk, "dn1", ReplicaChange::Kind::kStale, 0}}};
  for (size_t i = 0; i < ChunkChanges::kKept; ++i) EXPECT_TRUE(noted(stale).ok());
  EXPECT_EQ(changes.since(table, before), Chunks{chunk});
  EXPECT_TRUE(noted(stale).ok());
  EXPECT_FALSE(changes.since(table, before));
  EXPECT_EQ(changes.since(table, before + 1), Chunks{chunk});
  EXPECT_FALSE(changes.since(table, changes.number() + 1)) << "not yet";
}

}  // namespace
}  // namespace pelorus::meta
