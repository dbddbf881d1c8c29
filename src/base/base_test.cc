#include <gtest/gtest.h>

#include "base/bounded_queue.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/request_scope.h"
#include "base/thread_pool.h"

namespace pelorus {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{ErrorCode::kInvalid, "odd"};
  return number / 2;
}

Result<int> quarter(int number) {
  TRY(const int once, half(number));
  return half(once);
}

TEST(Result, try_returns_the_first_error) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

TEST(ErrorCodes, each_has_a_sentence_and_its_own_name) {
  for (const auto& row : kErrorFacts) {
    EXPECT_FALSE(row.sentence.empty());
    EXPECT_EQ(&facts(row.code), &row) << row.name;
  }
}

TEST(ByteReader, fails_for_good_after_a_read_past_the_end) {
  Bytes bytes;
  ByteWriter(bytes).put<uint32_t>(7);
  ByteReader reader(bytes);
  EXPECT_EQ(reader.get<uint32_t>(), 7u);
  EXPECT_TRUE(reader.at_end());
  reader.get<uint8_t>();
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.finish("record").error().code, ErrorCode::kCorrupt);
}

TEST(ByteReader, a_stated_length_beyond_the_end_allocates_nothing) {
  Bytes bytes;
  ByteWriter(bytes).put<uint32_t>(0xFFFFFFFF);
  ByteReader reader(bytes);
  EXPECT_EQ(reader.get_string(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(Uuid, survives_its_text) {
  const auto id = Uuid::random();
  EXPECT_EQ(Uuid::parse(id.to_string()), id);
  EXPECT_TRUE(Uuid::parse("not a uuid").is_nil());
}

TEST(BoundedQueue, refuses_when_full_and_drains_when_closed) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_FALSE(queue.try_push(2));
  queue.close();
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(RequestScope, numbers_the_writes_of_a_request_the_same_way_when_it_is_repeated) {
  EXPECT_EQ(RequestScope::next_write().client, "") << "no request, no number";
  const auto writes_of = [](uint64_t sequence) {
    const RequestScope scope("c", sequence);
    const auto first = RequestScope::next_write();
    EXPECT_EQ(first.sequence, sequence);
    return std::pair(first.client, RequestScope::next_write().client);
  };
  const auto first = writes_of(7);
  EXPECT_NE(first.first, first.second);
  EXPECT_EQ(writes_of(7), first);
  EXPECT_EQ(writes_of(8), first) << "the place stays, the number grows";
}

TEST(RequestScope, stops_numbering_at_its_limit) {
  const RequestScope scope("c", 1);
  for (uint64_t i = 0; i < RequestScope::kWritesMax; ++i) EXPECT_EQ(RequestScope::next_write().sequence, 1u);
  EXPECT_EQ(RequestScope::next_write().sequence, 0u);
}

TEST(ThreadPool, runs_what_was_submitted_before_stop) {
  std::atomic<int> sum = 0;
  ThreadPool pool({.name = "test", .threads_max = 3});
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(pool.submit([&sum, i] { sum += i; }));
  pool.stop();
  EXPECT_EQ(sum, 5050);
  EXPECT_FALSE(pool.submit([] {}));
}

}  // namespace
}  // namespace pelorus
