#include "dist/facts/known_tables.h"

#include <gtest/gtest.h>

#include <thread>

#include "meta/apply/apply.h"
#include "meta/chunk_changes.h"

namespace pelorus::dist {
namespace {

using meta::Chunk;
using meta::TableFacts;

Uuid uuid(uint8_t seed) {
  Uuid id;
  id.bytes.fill(seed);
  return id;
}

/// The controllers: a table that changes, and how much of it each answer tells.
class KnownTablesTest : public ::testing::Test {
 protected:
  Result<TableFacts> answer(const meta::TableFactsRequest& request) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(request);
    if (lost_) return Error{ErrorCode::kNotFound, "no table"};
    const bool changed = !source_.is_nil() && request.source == source_ && request.since >= oldest_;
    TableFacts facts{.source = source_, .number = number_, .is_change = changed};
    for (const auto& [id, chunk] : chunks_) {
      if (changed && touched_[id] <= request.since) continue;
      facts.chunks.emplace(id, chunk);
      if (!changed) facts.table.chunks.emplace(chunk.key, id);
    }
    for (const auto& [id, at] : touched_) {
      if (changed && at > request.since && !chunks_.contains(id)) facts.gone.push_back(id);
    }
    told_ += facts.chunks.size();
    return facts;
  }
  void put(uint64_t id, Version version) {
    const std::lock_guard lock(mutex_);
    chunks_[{id}] = {.id = {id}, .key = {{types::Scalar::of_long(static_cast<int64_t>(id))}}, .version = version};
    touched_[{id}] = ++number_;
  }
  void drop(uint64_t id) {
    const std::lock_guard lock(mutex_);
    chunks_.erase({id});
    touched_[{id}] = ++number_;
  }
  void expect_true(const FactsRef& facts) {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(facts->chunks, chunks_);
    EXPECT_EQ(facts->table.chunks.size(), chunks_.size());
    for (const auto& [key, id] : facts->table.chunks) EXPECT_EQ(chunks_.at(id).key, key);
  }
  FactsRef get(const std::string& table = "pt") { return known_.get("dfs://db", table).value(); }
  size_t told() { return std::exchange(told_, 0); }

  std::mutex mutex_;
  Uuid source_ = uuid(1);
  uint64_t number_ = 10, oldest_ = 0;
  bool lost_ = false;
  std::map<ChunkId, Chunk> chunks_;
  std::map<ChunkId, uint64_t> touched_;
  std::vector<meta::TableFactsRequest> asked_;
  size_t told_ = 0;
  KnownTables known_{[this](const auto& request) { return answer(request); }, 100};
};

TEST_F(KnownTablesTest, what_has_not_changed_is_told_once) {
  for (uint64_t id = 1; id <= 5; ++id) put(id, 1);
  const auto first = get();
  expect_true(first);
  EXPECT_EQ(told(), 5u);
  EXPECT_EQ(get(), first) << "no copy";
  EXPECT_EQ(told(), 0u);
  EXPECT_EQ(asked_.size(), 2u) << "it is asked for all the same";
  ++number_;  // of another table
  EXPECT_EQ(get(), first);
  (void)get();
  EXPECT_EQ(asked_.back().since, number_) << "or it would be too long ago some day";
}

TEST_F(KnownTablesTest, changes_come_to_what_is_known) {
  for (uint64_t id = 1; id <= 5; ++id) put(id, 1);
  const auto held = get();
  (void)told();
  put(3, 2);
  put(6, 1);
  drop(1);
  const auto after = get();
  EXPECT_EQ(told(), 2u);
  expect_true(after);
  EXPECT_EQ(held->chunks.size(), 5u) << "a statement goes on with what it began with";
  EXPECT_EQ(held->chunks.at({3}).version, 1u);
}

TEST_F(KnownTablesTest, what_nobody_holds_is_changed_in_its_place) {
  for (uint64_t id = 1; id <= 5; ++id) put(id, 1);
  const auto* first = get().get();
  for (uint64_t turn = 0; turn < 10; ++turn) {
    put(turn % 7 + 1, turn + 2);
    const auto now = get();
    EXPECT_EQ(now.get(), first);
    expect_true(now);
  }
}

TEST_F(KnownTablesTest, another_controller_or_too_many_changes_tell_everything) {
  for (uint64_t id = 1; id <= 5; ++id) put(id, 1);
  (void)get();
  (void)told();
  source_ = uuid(2);
  put(2, 7);
  expect_true(get());
  EXPECT_EQ(told(), 5u);
  oldest_ = number_ + 1;
  drop(2);
  number_ = oldest_;
  expect_true(get());
  EXPECT_EQ(told(), 4u);
}

TEST_F(KnownTablesTest, a_table_that_is_gone_is_forgotten) {
  put(1, 1);
  (void)get();
  lost_ = true;
  EXPECT_EQ(known_.get("dfs://db", "pt").error().code, ErrorCode::kNotFound);
  lost_ = false;
  (void)get();
  EXPECT_TRUE(asked_.back().source.is_nil());
}

TEST_F(KnownTablesTest, an_older_controller_tells_everything_always) {
  put(1, 1);
  source_ = {};
  (void)get();
  put(1, 2);
  expect_true(get());
  EXPECT_TRUE(asked_.back().source.is_nil());
}

TEST_F(KnownTablesTest, all_are_forgotten_when_memory_is_short) {
  for (uint64_t id = 1; id <= 5; ++id) put(id, 1);
  const auto held = get();
  EXPECT_EQ(told(), 5u);
  memory::let_go_of_caches();
  put(6, 1);
  expect_true(get());
  EXPECT_EQ(told(), 6u);
  EXPECT_EQ(held->chunks.size(), 5u) << "who reads them still has them";
}

TEST_F(KnownTablesTest, tables_unused_for_longest_are_forgotten) {
  for (uint64_t id = 1; id <= 40; ++id) put(id, 1);
  (void)get("a");
  (void)get("b");
  (void)get("a");
  (void)get("c");  // 120 chunks by now
  (void)get("a");
  EXPECT_FALSE(asked_.back().source.is_nil());
  (void)get("b");
  EXPECT_TRUE(asked_.back().source.is_nil());
}

TEST_F(KnownTablesTest, threads_that_ask_at_once_all_see_what_was_there_when_they_asked) {
  for (uint64_t id = 1; id <= 20; ++id) put(id, 1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      FactsRef held;
      for (uint64_t turn = 1; turn <= 300; ++turn) {
        const uint64_t id = static_cast<uint64_t>(t) * 5 + turn % 5 + 1;  // its own chunks
        put(id, turn + 1);
        auto now = get();
        ASSERT_EQ(now->chunks.at({id}).version, turn + 1);
        if (turn % 3 == 0) held = std::move(now);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  expect_true(get());
}

}  // namespace
}  // namespace pelorus::dist
