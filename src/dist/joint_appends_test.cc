#include "dist/joint_appends.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace pelorus::dist {
namespace {

using data::Vector;
using types::Type;

constexpr JointAppends::Target kTarget{TableId{7}, 1};

meta::PartitionKey key(int32_t value) { return {{types::Scalar::of<int32_t>(Type::kInt, value)}}; }

/// Two columns: the number, and a text of a dictionary of its own.
data::Table one_row(int32_t number) {
  auto base = std::make_shared<data::SymbolBase>();
  data::Buffer<int32_t> codes{base->code_of("t" + std::to_string(number))};
  return {{"n", "text"}, {Vector::of<int32_t>(Type::kInt, {number}), Vector::of_symbols(base, std::move(codes))}};
}

/// The row of `number` for each of the partitions.
exec::RowRoutes rows_for(std::vector<int32_t> partitions, int32_t number) {
  data::Table rows(one_row(number).schema());
  std::vector<meta::PartitionKey> keys;
  std::vector<uint32_t> group_of_row;
  std::vector<size_t> groups;
  for (const auto value : partitions) {
    groups.push_back(keys.size());
    group_of_row.push_back(static_cast<uint32_t>(keys.size()));
    keys.push_back(key(value));
    EXPECT_TRUE(rows.append(one_row(number)).ok());
  }
  auto directory = kernels::gather_groups(group_of_row, keys.size());
  return {std::move(rows), std::move(keys), std::move(groups), std::move(directory)};
}

data::Table as_they_are(data::Table rows) { return rows; }

/// What one call of a commit got: partition, and of each row number and text.
using Committed = std::vector<std::pair<int32_t, std::vector<std::string>>>;

Committed seen(const JointAppends::Joined& joined) {
  const auto& [keys, rows, begun] = joined;
  Committed all;
  for (size_t k = 0; k < keys.size(); ++k) {
    auto& [value, texts] =
        all.emplace_back(static_cast<int32_t>(keys[k].parts[0].as_int64()), std::vector<std::string>{});
    for (size_t r = 0; r < rows[k].rows(); ++r) {
      texts.push_back(std::to_string(rows[k].column(0).values<int32_t>()[r]) + rows[k].column(1).text_at(r));
    }
  }
  return all;
}

/// One append is under way until let_go(); others come meanwhile, one after another.
class JointAppendsTest : public ::testing::Test {
 protected:
  void begin(Status outcome) {
    threads_.emplace_back([this, outcome] {
      first_ =
          joint_.append(kTarget, rows_for({1}, 0), as_they_are, [&](JointAppends::Joined&, JointAppends::Next& next) {
            under_way_.count_down();
            may_go_.wait();
            next_keys_ = next.form();
            if (begins_next_) next.set_begun({.begun = {.transaction = {77}}, .down = {}});
            nearly_done_.wait();
            return outcome;
          });
    });
    under_way_.wait();
  }
  void add(std::vector<int32_t> partitions, int32_t number, Status outcome) {
    threads_.emplace_back([this, partitions, number, outcome] {
      const auto status =
          joint_.append(kTarget, rows_for(partitions, number), as_they_are, [&](JointAppends::Joined& joined, auto&) {
            const std::lock_guard lock(mutex_);
            commits_.push_back(seen(joined));
            begun_.push_back(joined.begun ? joined.begun->begun.transaction.value : 0);
            return outcome;
          });
      const std::lock_guard lock(mutex_);
      outcomes_.push_back(status);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // it waits by then
  }
  void let_go() {
    may_go_.count_down();
    nearly_done_.count_down();
    for (auto& thread : threads_) thread.join();
  }

  JointAppends joint_;
  std::latch under_way_{1}, may_go_{1}, nearly_done_{1};
  std::vector<std::thread> threads_;
  Status first_;
  bool begins_next_ = false;
  std::vector<meta::PartitionKey> next_keys_;
  std::mutex mutex_;
  std::vector<Committed> commits_;
  std::vector<uint64_t> begun_;  // the transaction of each of commits_, or 0
  std::vector<Status> outcomes_;
};

TEST_F(JointAppendsTest, what_comes_during_a_commit_is_committed_together) {
  begin({});
  add({1, 2}, 10, {});
  add({2, 3}, 11, {});
  add({1}, 12, {});
  EXPECT_TRUE(commits_.empty());
  let_go();
  EXPECT_TRUE(first_.ok());
  ASSERT_EQ(commits_.size(), 1u);
  EXPECT_EQ(commits_[0], (Committed{{1, {"10t10", "12t12"}}, {2, {"10t10", "11t11"}}, {3, {"11t11"}}}));
  ASSERT_EQ(outcomes_.size(), 3u);
  for (const auto& outcome : outcomes_) EXPECT_TRUE(outcome.ok());
}

TEST_F(JointAppendsTest, a_failure_is_everybodys_and_concerns_nobody_before_or_after) {
  begin({});
  add({1}, 10, Error{ErrorCode::kConflict, "held"});
  add({1}, 11, {});
  let_go();
  EXPECT_TRUE(first_.ok());
  ASSERT_EQ(outcomes_.size(), 2u);
  for (const auto& outcome : outcomes_) EXPECT_EQ(outcome.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(joint_.append(kTarget, rows_for({1}, 12), as_they_are, [](auto&, auto&) { return Status(); }).ok());
}

TEST_F(JointAppendsTest, more_than_the_limit_is_committed_in_several_goes) {
  begin({});
  for (size_t i = 0; i < JointAppends::kAppendsMax + 1; ++i) add({1}, static_cast<int32_t>(i), {});
  let_go();
  ASSERT_EQ(commits_.size(), 2u);
  EXPECT_EQ(commits_[0][0].second.size(), JointAppends::kAppendsMax);
  EXPECT_EQ(commits_[1][0].second, std::vector<std::string>{"64t64"});
}

TEST_F(JointAppendsTest, the_next_are_put_together_before_the_end_and_committed_behind_it) {
  begin({});
  add({1}, 10, {});
  may_go_.count_down();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // what waited is the next commit by then
  add({1}, 11, {});
  EXPECT_TRUE(commits_.empty());
  nearly_done_.count_down();
  for (auto& thread : threads_) thread.join();
  ASSERT_EQ(commits_.size(), 2u);
  EXPECT_EQ(commits_[0], (Committed{{1, {"10t10"}}}));
  EXPECT_EQ(commits_[1], (Committed{{1, {"11t11"}}}));
}

TEST_F(JointAppendsTest, a_commit_learns_whose_turn_is_next_and_may_begin_for_them) {
  begins_next_ = true;
  begin({});
  add({2, 3}, 10, {});
  add({1, 2}, 11, {});
  let_go();
  EXPECT_EQ(next_keys_, (std::vector{key(1), key(2), key(3)}));
  ASSERT_EQ(commits_.size(), 1u);
  EXPECT_EQ(commits_[0].size(), 3u);
  EXPECT_EQ(begun_, std::vector<uint64_t>{77});
}

TEST_F(JointAppendsTest, nobody_is_next_where_nobody_waits) {
  begin({});
  let_go();
  EXPECT_TRUE(next_keys_.empty());
  add({1}, 10, {});
  threads_.back().join();
  threads_.clear();
  EXPECT_EQ(begun_, std::vector<uint64_t>{0});
}

TEST_F(JointAppendsTest, other_targets_do_not_wait) {
  begin({});
  for (const auto& other : {JointAppends::Target{TableId{8}, 1}, JointAppends::Target{TableId{7}, 2}})
    EXPECT_TRUE(joint_.append(other, rows_for({1}, 1), as_they_are, [](auto&, auto&) { return Status(); }).ok());
  let_go();
}

}  // namespace
}  // namespace pelorus::dist
