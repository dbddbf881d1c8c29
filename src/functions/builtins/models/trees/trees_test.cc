#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "functions/builtins/models/trees/tree_ensembles.h"

namespace pelorus::functions {
namespace {

using Numbers = std::vector<double>;
const CancellationToken kNever;

/// Columns with what is learned from them.
struct Sample {
  std::vector<Numbers> columns;
  Numbers y;

  std::vector<ColumnView> views() const { return {columns.begin(), columns.end()}; }
  BinnedColumns bins(size_t most) const { return binned(views(), most, 2); }
  TreeTarget numbers() const { return {.values = y}; }
  TreeTarget classes(size_t count) const { return {.values = y, .classes = count}; }
};

/// Two columns in 0 … 1; y = 3 where the first is above 0.5, else 1, with noise of that deviation.
Sample step(size_t rows, double noise, uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> even(0, 1);
  std::normal_distribution<double> bell(0, 1);
  Sample sample{.columns = {Numbers(rows), Numbers(rows)}, .y = Numbers(rows)};
  for (size_t i = 0; i < rows; ++i) {
    sample.columns[0][i] = even(random);
    sample.columns[1][i] = even(random);
    sample.y[i] = (sample.columns[0][i] > 0.5 ? 3 : 1) + noise * bell(random);
  }
  return sample;
}

/// Class 1 where one of two numbers is above 0.5 and the other is not: no single question tells anything.
Sample either(size_t rows) {
  auto sample = step(rows, 0);
  for (size_t i = 0; i < rows; ++i) sample.y[i] = (sample.columns[0][i] > 0.5) != (sample.columns[1][i] > 0.5) ? 1 : 0;
  return sample;
}

DecisionTree grown(const Sample& sample, const TreeTarget& target, size_t bins, TreeTerms terms) {
  std::mt19937_64 random(7);
  const Numbers weights(sample.y.size(), 1);
  return grow_tree(sample.bins(bins), target, weights, terms, random, kNever).value();
}

Numbers answers(const Trees& trees, Vote vote, const Sample& sample) {
  return voted(trees, vote, sample.views(), 2, kNever).value();
}

double mean_square(const Numbers& a, const Numbers& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

double share_equal(const Numbers& a, const Numbers& b) {
  double equal = 0;
  for (size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i] ? 1 : 0;
  return equal / static_cast<double>(a.size());
}

TEST(Bins, few_values_get_an_interval_each_cut_half_way) {
  const Numbers column{3, 1, 2, 1, 3};
  const std::vector<ColumnView> views{column};
  const auto bins = binned(views, 3, 1);
  EXPECT_EQ(bins.cuts[0], (Numbers{1.5, 2.5}));
  EXPECT_EQ(bins.places[0], (std::vector<uint16_t>{2, 0, 1, 0, 2}));
  EXPECT_TRUE(binned(views, 1, 1).cuts[0].empty());
}

TEST(Bins, many_values_are_shared_out_evenly_and_ties_stay_together) {
  Numbers column(1000);
  std::iota(column.begin(), column.end(), 0.0);
  std::fill(column.begin(), column.begin() + 600, -1.0);
  const std::vector<ColumnView> views{column};
  const auto bins = binned(views, 5, 1);
  std::vector<size_t> rows(bins.cuts[0].size() + 1, 0);
  for (const auto place : bins.places[0]) ++rows[place];
  EXPECT_EQ(rows, (std::vector<size_t>{600, 100, 100, 100, 100}));
}

TEST(Bins, neighbouring_doubles_are_told_apart) {
  const double one = 1, next = std::nextafter(1.0, 2.0);
  const Numbers column{one, next};
  const std::vector<ColumnView> views{column};
  const auto bins = binned(views, 2, 1);
  EXPECT_EQ(bins.places[0], (std::vector<uint16_t>{0, 1}));
}

TEST(Tree, finds_the_place_of_a_step_with_one_question) {
  const auto sample = step(1000, 0);
  const auto tree = grown(sample, sample.numbers(), 1000, {.features = 2, .depth_max = 32});
  ASSERT_EQ(tree.nodes(), 3u);
  EXPECT_EQ(tree.columns[0], 0);
  EXPECT_NEAR(tree.thresholds[0], 0.5, 0.01);
  EXPECT_EQ((Numbers{tree.values[1], tree.values[2]}), (Numbers{1, 3}));
}

TEST(Tree, without_limits_says_again_what_it_learned) {
  const auto sample = step(500, 1);
  const Trees trees{{grown(sample, sample.numbers(), 500, {.features = 2, .depth_max = 500}), 1}};
  EXPECT_EQ(answers(trees, Vote::kMean, sample), sample.y);
  const auto crossed = either(500);
  const Trees classes{{grown(crossed, crossed.classes(2), 500, {.features = 2, .depth_max = 500}), 1}};
  EXPECT_EQ(answers(classes, Vote::kShares, crossed), crossed.y);
}

TEST(Tree, keeps_to_its_limits) {
  const auto sample = step(1000, 1);
  EXPECT_EQ(grown(sample, sample.numbers(), 1000, {.features = 2, .depth_max = 1}).nodes(), 3u);
  EXPECT_LE(grown(sample, sample.numbers(), 1000, {.features = 2, .depth_max = 3}).nodes(), 15u);
  // The variance falls by 1 at the step, and by less than 0.2 anywhere in the noise behind it.
  const auto tree = grown(sample, sample.numbers(), 32, {.features = 2, .depth_max = 32, .decrease_min = 0.5});
  EXPECT_EQ(tree.nodes(), 3u);
  EXPECT_EQ(grown(sample, sample.numbers(), 1, {.features = 2}).nodes(), 1u);
}

TEST(Tree, heeds_weights_as_rows_that_come_again) {
  const Sample once{.columns = {{1, 2, 3}}, .y = {0, 1, 5}};
  const Sample again{.columns = {{1, 2, 2, 2, 3}}, .y = {0, 1, 1, 1, 5}};
  std::mt19937_64 random(1);
  const TreeTerms terms{.features = 1, .depth_max = 1};
  const auto weighted = grow_tree(once.bins(9), once.numbers(), Numbers{1, 3, 1}, terms, random, kNever).value();
  const auto repeated = grow_tree(again.bins(9), again.numbers(), Numbers(5, 1), terms, random, kNever).value();
  EXPECT_EQ(weighted.thresholds, repeated.thresholds);
  EXPECT_EQ(weighted.values, repeated.values);
  const auto without = grow_tree(once.bins(9), once.numbers(), Numbers{1, 0, 1}, terms, random, kNever).value();
  EXPECT_EQ(without.values, (Numbers{2.5, 0, 5}));
}

TEST(Tree, gains_are_those_of_gini) {
  // 4 rows of 2 classes: 0.5 at the root, 0 and 0.444 behind the best question, 0.5 - 0.75 * 0.444 = 1/6 gained.
  const Sample sample{.columns = {{1, 2, 3, 4}}, .y = {0, 1, 0, 1}};
  EXPECT_EQ(grown(sample, sample.classes(2), 4, {.features = 1, .depth_max = 1, .decrease_min = 0.1666}).nodes(), 3u);
  EXPECT_EQ(grown(sample, sample.classes(2), 4, {.features = 1, .depth_max = 1, .decrease_min = 0.1667}).nodes(), 1u);
}

TEST(Tree, can_be_cancelled) {
  const auto sample = step(100, 1);
  const CancellationToken token;
  token.cancel();
  const ForestTerms terms{.tree = {.features = 1}, .trees = 3};
  const auto result = grow_forest(sample.bins(32), sample.numbers(), terms, token);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
}

TEST(Tree, broken_ones_are_known) {
  const auto sample = step(100, 1);
  const auto tree = grown(sample, sample.numbers(), 32, {.features = 2, .depth_max = 4});
  EXPECT_TRUE(is_sound(tree, 2));
  EXPECT_FALSE(is_sound(tree, 0));
  auto loops = tree, reaches = tree, shorter = tree;
  loops.right[0] = 0;
  EXPECT_FALSE(is_sound(loops, 2));
  reaches.left[0] = static_cast<int32_t>(tree.nodes());
  EXPECT_FALSE(is_sound(reaches, 2));
  shorter.values.pop_back();
  EXPECT_FALSE(is_sound(shorter, 2));
  EXPECT_FALSE(is_sound({}, 2));
}

TEST(Forest, is_better_than_the_mean_and_than_one_tree_on_noise) {
  const auto known = step(2000, 1, 1), unknown = step(2000, 1, 2);
  const ForestTerms terms{.tree = {.features = 1, .depth_max = 32}, .trees = 50, .threads = 2, .seed = 3};
  const auto forest = grow_forest(known.bins(32), known.numbers(), terms, kNever).value();
  const Trees one{forest[0]};
  const double of_forest = mean_square(answers(forest, Vote::kMean, unknown), unknown.y);
  EXPECT_LT(of_forest, 1.5);                                             // the noise alone is 1
  EXPECT_GT(mean_square(Numbers(unknown.y.size(), 2), unknown.y), 1.8);  // and the step 1 more
  EXPECT_LT(of_forest, 0.85 * mean_square(answers(one, Vote::kMean, unknown), unknown.y));
}

TEST(Forest, is_the_same_with_as_many_threads_as_it_likes) {
  const auto sample = either(600);
  ForestTerms terms{.tree = {.features = 1}, .trees = 8, .threads = 1, .seed = 5};
  const auto alone = grow_forest(sample.bins(32), sample.classes(2), terms, kNever).value();
  terms.threads = 4;
  const auto together = grow_forest(sample.bins(32), sample.classes(2), terms, kNever).value();
  for (size_t t = 0; t < alone.size(); ++t) EXPECT_EQ(alone[t].tree.thresholds, together[t].tree.thresholds);
  terms.seed = 6;
  EXPECT_NE(grow_forest(sample.bins(32), sample.classes(2), terms, kNever).value()[0].tree.thresholds,
            alone[0].tree.thresholds);
  EXPECT_GT(share_equal(answers(alone, Vote::kShares, sample), sample.y), 0.97);
}

TEST(Boost, many_weak_trees_are_strong) {
  // Where x + z > 1: no single question says more than three quarters of it.
  auto sample = step(2000, 0);
  for (size_t i = 0; i < sample.y.size(); ++i) sample.y[i] = sample.columns[0][i] + sample.columns[1][i] > 1 ? 1 : 0;
  const BoostTerms terms{.tree = {.features = 2, .depth_max = 1}, .trees = 200, .learning_rate = 1, .seed = 1};
  for (const bool by_shares : {false, true}) {
    const auto trees =
        boost_classes(sample.views(), sample.bins(32), sample.classes(2), terms, by_shares, kNever).value();
    EXPECT_GT(trees.size(), 50u);
    const auto vote = by_shares ? Vote::kLogShares : Vote::kWeights;
    EXPECT_GT(share_equal(answers(trees, vote, sample), sample.y), 0.95);
    EXPECT_LT(share_equal(answers({trees[0]}, vote, sample), sample.y), 0.8);
  }
}

TEST(Boost, three_classes) {
  Sample sample{.columns = {Numbers(300)}, .y = Numbers(300)};
  for (size_t i = 0; i < 300; ++i) {
    sample.columns[0][i] = static_cast<double>(i);
    sample.y[i] = static_cast<double>(i / 100);
  }
  const BoostTerms terms{.tree = {.features = 1, .depth_max = 1}, .trees = 50, .learning_rate = 1, .seed = 1};
  for (const bool by_shares : {false, true}) {
    const auto trees =
        boost_classes(sample.views(), sample.bins(300), sample.classes(3), terms, by_shares, kNever).value();
    EXPECT_EQ(share_equal(answers(trees, by_shares ? Vote::kLogShares : Vote::kWeights, sample), sample.y), 1);
  }
}

TEST(Boost, ends_when_nothing_is_left_to_learn) {
  const auto sample = step(200, 0);
  const BoostTerms terms{.tree = {.features = 2, .depth_max = 2}, .trees = 50, .seed = 1};
  const auto numbers =
      boost_numbers(sample.views(), sample.bins(200), sample.numbers(), terms, BoostLoss::kLinear, kNever).value();
  EXPECT_LT(numbers.size(), 50u);
  EXPECT_EQ(answers(numbers, Vote::kMedian, sample), sample.y);
}

TEST(Boost, numbers_with_every_loss_are_better_than_the_mean) {
  const auto known = step(1000, 0.3, 1), unknown = step(1000, 0.3, 2);
  for (const auto loss : {BoostLoss::kLinear, BoostLoss::kSquare, BoostLoss::kExponential}) {
    const BoostTerms terms{.tree = {.features = 2, .depth_max = 2}, .trees = 30, .learning_rate = 0.5, .seed = 1};
    const auto trees = boost_numbers(known.views(), known.bins(32), known.numbers(), terms, loss, kNever).value();
    EXPECT_LT(mean_square(answers(trees, Vote::kMedian, unknown), unknown.y), 0.15);
  }
}

TEST(Boost, learning_rates_beyond_all_bounds_end_it) {
  const auto crossed = either(200);
  const BoostTerms terms{.tree = {.features = 1, .depth_max = 2}, .trees = 20, .learning_rate = 1e6, .seed = 1};
  for (const bool by_shares : {false, true})
    EXPECT_FALSE(
        boost_classes(crossed.views(), crossed.bins(32), crossed.classes(2), terms, by_shares, kNever).value().empty());
  const auto noisy = step(200, 1);
  EXPECT_FALSE(
      boost_numbers(noisy.views(), noisy.bins(32), noisy.numbers(), terms, BoostLoss::kLinear, kNever).value().empty());
}

TEST(Boost, one_class_is_what_it_is) {
  const Sample sample{.columns = {{1, 2}}, .y = {0, 0}};
  const BoostTerms terms{.tree = {.features = 1}};
  for (const bool by_shares : {false, true}) {
    const auto trees =
        boost_classes(sample.views(), sample.bins(2), sample.classes(1), terms, by_shares, kNever).value();
    EXPECT_EQ(answers(trees, by_shares ? Vote::kLogShares : Vote::kWeights, sample), sample.y);
  }
}

}  // namespace
}  // namespace pelorus::functions
