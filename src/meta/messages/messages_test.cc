#include "meta/messages.h"

#include <gtest/gtest.h>

namespace pelorus::meta {
namespace {

/// What an older build wrote: fewer fields.
struct OlderOrder {
  Order::Kind kind = Order::Kind::kDrop;
  ChunkId chunk;
  template <class A>
  void fields(A& a) {
    a(kind, chunk);
  }
};
struct NewerOrder {
  Order order{.kind = Order::Kind::kRecover, .chunk = {7}, .version = 3};
  std::string extra = "new";
  template <class A>
  void fields(A& a) {
    order.fields(a);
    a(extra);
  }
};

TEST(Messages, older_and_newer_builds_understand_each_other) {
  const auto from_older = decode<Order>(encode(OlderOrder{.chunk = {5}}), "order");
  ASSERT_TRUE(from_older.ok());
  EXPECT_EQ(from_older->chunk.value, 5u);
  EXPECT_EQ(from_older->version, 0u);
  const auto from_newer = decode<Order>(encode(NewerOrder{}), "order");
  ASSERT_TRUE(from_newer.ok()) << from_newer.error().describe();
  EXPECT_EQ(from_newer->chunk.value, 7u);
  EXPECT_EQ(from_newer->version, 3u);
}

TEST(Messages, a_decision_with_a_begin_is_a_decision_to_those_who_know_no_more) {
  const DecideAndBegin both{{.transaction = {7}, .commit = true}, BeginTransaction{.client = "c", .sequence = 2}};
  const auto decision = decode<Decide>(encode(both), "decision");
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->transaction.value, 7u);
  EXPECT_TRUE(decision->commit);
  const auto alone = decode<DecideAndBegin>(encode(static_cast<const Decide&>(both)), "decision");
  ASSERT_TRUE(alone.ok());
  EXPECT_TRUE(alone->commit);
  EXPECT_FALSE(alone->next);
  const auto answer = decode<DecidedAndBegun>(encode(Decided{.state = TransactionState::kCommitted}), "answer");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->state, TransactionState::kCommitted);
  EXPECT_FALSE(answer->next);
}

TEST(Messages, a_heartbeat_survives_encoding_and_no_prefix_of_it_does) {
  Heartbeat beat{.alias = "dn1", .epoch = 4, .published = {{8}}, .recovered = {{{1}, 2}}};
  beat.metrics.memory_max_gb = 1.5;
  beat.chunks.emplace().push_back({.chunk = {1}, .version = 2});
  const auto bytes = encode(beat);
  const auto again = decode<Heartbeat>(bytes, "heartbeat");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->metrics, beat.metrics);
  EXPECT_EQ(again->chunks->at(0).version, 2u);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode<Heartbeat>(std::string_view(bytes).substr(0, size), "heartbeat").ok()) << size;
  }
}

TEST(Messages, a_count_beyond_the_bytes_is_refused_without_allocating) {
  Bytes bytes = encode(DecisionsRequest{});
  bytes[4] = bytes[5] = bytes[6] = bytes[7] = '\x7f';
  EXPECT_EQ(decode<DecisionsRequest>(bytes, "request").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace pelorus::meta
