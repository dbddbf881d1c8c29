#include "dist/partition_turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace pelorus::dist {
namespace {

using namespace std::chrono_literals;

PartitionTurns::Partition partition(int32_t value) {
  return {TableId{7}, meta::PartitionKey{{types::Scalar::of<int32_t>(types::Type::kInt, value)}}};
}

TEST(PartitionTurns, are_taken_one_at_a_time_in_the_order_of_coming) {
  PartitionTurns turns;
  std::optional<PartitionTurns::Turn> first(std::in_place, turns, partition(1), 1h);
  std::atomic<int> busy = 0, come = 0;
  std::vector<int> order;  // by whoever has the turn
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      ++come;
      const PartitionTurns::Turn turn(turns, partition(1), 1h);
      EXPECT_EQ(++busy, 1);
      order.push_back(i);
      --busy;
    });
    while (come <= i) std::this_thread::yield();
    std::this_thread::sleep_for(5ms);  // it is waiting by then
  }
  EXPECT_TRUE(order.empty());
  first.reset();
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(PartitionTurns, of_other_partitions_are_free) {
  PartitionTurns turns;
  const PartitionTurns::Turn one(turns, partition(1), 1h);
  const PartitionTurns::Turn other(turns, partition(2), 1h);
}

TEST(PartitionTurns, patience_ends_and_those_behind_still_get_theirs) {
  PartitionTurns turns;
  std::optional<PartitionTurns::Turn> first(std::in_place, turns, partition(1), 1h);
  std::optional<PartitionTurns::Turn> impatient(std::in_place, turns, partition(1), 1ms);
  std::atomic<bool> is_there = false;
  std::thread last([&] {
    const PartitionTurns::Turn turn(turns, partition(1), 1h);
    is_there = true;
  });
  first.reset();
  std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(is_there) << "the impatient one is still at work";
  impatient.reset();
  last.join();
  const PartitionTurns::Turn again(turns, partition(1), 1h);
}

TEST(PartitionTurns, several_are_had_only_when_all_are_free) {
  PartitionTurns turns;
  {
    const PartitionTurns::Turns both(turns, {partition(1), partition(2)});
    EXPECT_TRUE(both.had());
    EXPECT_FALSE(PartitionTurns::Turns(turns, {partition(2), partition(3)}).had());
    EXPECT_TRUE(PartitionTurns::Turns(turns, {partition(3)}).had()) << "what was not had is not held";
  }
  const PartitionTurns::Turn one(turns, partition(2), 1h);
  EXPECT_FALSE(PartitionTurns::Turns(turns, {partition(1), partition(2)}).had());
  EXPECT_TRUE(PartitionTurns::Turns(turns, {partition(1)}).had());
}

TEST(PartitionTurns, who_waits_for_one_of_several_comes_next) {
  PartitionTurns turns;
  std::optional<PartitionTurns::Turns> both(std::in_place, turns,
                                            std::vector<PartitionTurns::Partition>{partition(1), partition(2)});
  std::atomic<bool> had = false;
  std::thread writer([&] {
    const PartitionTurns::Turn turn(turns, partition(2), 1h);
    had = true;
  });
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(had);
  both.reset();
  writer.join();
  EXPECT_TRUE(had);
}

}  // namespace
}  // namespace pelorus::dist
