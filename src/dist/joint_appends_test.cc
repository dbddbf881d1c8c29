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

/// What one call of a commit got: partition, and of each row number and text.
using Committed = std::vector<std::pair<int32_t, std::vector<std::string>>>;

Committed seen(std::span<const meta::PartitionKey> keys, std::span<const data::Table> rows) {
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
      const std::vector<meta::PartitionKey> keys{key(1)};
      const std::vector<data::Table> rows{one_row(0)};
      first_ = joint_.append(kTarget, keys, rows, [&](auto, auto) {
        under_way_.count_down();
        may_go_.wait();
        return outcome;
      });
    });
    under_way_.wait();
  }
  void add(std::vector<int32_t> partitions, int32_t number, Status outcome) {
    threads_.emplace_back([this, partitions, number, outcome] {
      std::vector<meta::PartitionKey> keys;
      for (const auto value : partitions) keys.push_back(key(value));
      const std::vector<data::Table> rows(keys.size(), one_row(number));
      const auto status = joint_.append(kTarget, keys, rows, [&](auto all_keys, auto all_rows) {
        const std::lock_guard lock(mutex_);
        commits_.push_back(seen(all_keys, all_rows));
        return outcome;
      });
      const std::lock_guard lock(mutex_);
      outcomes_.push_back(status);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // it waits by then
  }
  void let_go() {
    may_go_.count_down();
    for (auto& thread : threads_) thread.join();
  }

  JointAppends joint_;
  std::latch under_way_{1}, may_go_{1};
  std::vector<std::thread> threads_;
  Status first_;
  std::mutex mutex_;
  std::vector<Committed> commits_;
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
  const std::vector<meta::PartitionKey> keys{key(1)};
  const std::vector<data::Table> rows{one_row(12)};
  EXPECT_TRUE(joint_.append(kTarget, keys, rows, [](auto, auto) { return Status(); }).ok());
}

TEST_F(JointAppendsTest, more_than_the_limit_is_committed_in_several_goes) {
  begin({});
  for (size_t i = 0; i < JointAppends::kAppendsMax + 1; ++i) add({1}, static_cast<int32_t>(i), {});
  let_go();
  ASSERT_EQ(commits_.size(), 2u);
  EXPECT_EQ(commits_[0][0].second.size(), JointAppends::kAppendsMax);
  EXPECT_EQ(commits_[1][0].second, std::vector<std::string>{"64t64"});
}

TEST_F(JointAppendsTest, other_targets_do_not_wait) {
  begin({});
  const std::vector<meta::PartitionKey> keys{key(1)};
  const std::vector<data::Table> rows{one_row(1)};
  for (const auto& other : {JointAppends::Target{TableId{8}, 1}, JointAppends::Target{TableId{7}, 2}})
    EXPECT_TRUE(joint_.append(other, keys, rows, [](auto, auto) { return Status(); }).ok());
  let_go();
}

}  // namespace
}  // namespace pelorus::dist
