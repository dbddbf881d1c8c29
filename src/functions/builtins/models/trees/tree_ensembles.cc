#include "functions/builtins/models/trees/tree_ensembles.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/check.h"
#include "base/side_by_side.h"

namespace pelorus::functions {
namespace {

/// The first of the largest.
size_t largest(std::span<const double> numbers) {
  return static_cast<size_t>(std::max_element(numbers.begin(), numbers.end()) - numbers.begin());
}

/// How often each row is drawn when as many are drawn as there are, with chances in proportion to `weights`. The places
/// drawn come in order: gaps between them are exponential. Cost: O(rows).
std::vector<double> drawn_rows(std::span<const double> weights, std::mt19937_64& random) {
  std::exponential_distribution<double> gap(1);
  std::vector<double> places(weights.size()), times(weights.size(), 0);
  double end = 0;
  for (double& place : places) place = end += gap(random);
  end += gap(random);
  const double scale = std::accumulate(weights.begin(), weights.end(), 0.0) / end;
  double until = weights[0];
  size_t row = 0;
  for (const double place : places) {
    while (place * scale >= until && row + 1 < weights.size()) until += weights[++row];
    times[row] += 1;
  }
  return times;
}

double log_share(double share) { return std::log(std::max(share, std::numeric_limits<double>::epsilon())); }

double mean_log(std::span<const double> shares) {
  double sum = 0;
  for (const double share : shares) sum += log_share(share);
  return sum / static_cast<double>(shares.size());
}

/// False when that is not possible: a large learning rate left weights of nothing or of infinity.
bool scale_to_one(std::vector<double>* weights) {
  const double sum = std::accumulate(weights->begin(), weights->end(), 0.0);
  for (double& weight : *weights) weight /= sum;
  return sum > 0 && std::isfinite(sum);
}

/// A number in 0 … 1 for the mistake of each row, 1 for the largest; nothing when no row has one.
std::optional<std::vector<double>> losses(const DecisionTree& tree, std::span<const ColumnView> columns,
                                          const TreeTarget& target, BoostLoss loss) {
  std::vector<double> mistakes(target.values.size());
  for (size_t row = 0; row < mistakes.size(); ++row)
    mistakes[row] = std::fabs(tree.at(columns, row)[0] - target.values[row]);
  const double most = *std::max_element(mistakes.begin(), mistakes.end());
  if (!(most > 0)) return std::nullopt;
  for (double& mistake : mistakes) {
    mistake /= most;
    if (loss == BoostLoss::kSquare) mistake *= mistake;
    if (loss == BoostLoss::kExponential) mistake = -std::expm1(-mistake);
  }
  return mistakes;
}

/// The middle of numbers by weight.
double weighted_median(std::vector<std::pair<double, double>>* numbers) {
  std::sort(numbers->begin(), numbers->end());
  double all = 0, so_far = 0;
  for (const auto& [number, weight] : *numbers) all += weight;
  for (const auto& [number, weight] : *numbers) {
    so_far += weight;
    if (so_far >= all / 2) return number;
  }
  return numbers->back().first;
}

/// Answers for one row after another without allocating for each.
class Voters {
 public:
  Voters(const Trees& trees, Vote vote, std::span<const ColumnView> columns)
      : trees_(trees), vote_(vote), columns_(columns), scores_(trees[0].tree.outputs) {}

  double answer(size_t row) {
    if (vote_ == Vote::kMean) {
      double sum = 0;
      for (const auto& [tree, weight] : trees_) sum += tree.at(columns_, row)[0];
      return sum / static_cast<double>(trees_.size());
    }
    if (vote_ == Vote::kMedian) {
      numbers_.clear();
      for (const auto& [tree, weight] : trees_) numbers_.emplace_back(tree.at(columns_, row)[0], weight);
      return weighted_median(&numbers_);
    }
    std::fill(scores_.begin(), scores_.end(), 0);
    for (const auto& [tree, weight] : trees_) add_scores(tree.at(columns_, row), weight);
    return static_cast<double>(largest(scores_));
  }

 private:
  void add_scores(std::span<const double> shares, double weight) {
    if (vote_ == Vote::kWeights) {
      scores_[largest(shares)] += weight;
      return;
    }
    for (size_t k = 0; k < shares.size(); ++k) scores_[k] += vote_ == Vote::kShares ? shares[k] : log_share(shares[k]);
    if (vote_ == Vote::kShares) return;
    const double mean = mean_log(shares);
    for (double& score : scores_) score -= mean;
  }

  const Trees& trees_;
  const Vote vote_;
  const std::span<const ColumnView> columns_;
  std::vector<double> scores_;
  std::vector<std::pair<double, double>> numbers_;
};

/// What a boosted tree is followed by.
enum class Next : uint8_t { kTree, kEnd, kEndWithoutIt };

/// Weighs a tree and the rows by SAMME.
Next weigh_by_mistakes(WeightedTree* grown, std::span<const ColumnView> columns, const TreeTarget& target,
                       double learning_rate, std::vector<double>* weights) {
  double error = 0;
  std::vector<char> misses(weights->size());
  for (size_t row = 0; row < weights->size(); ++row) {
    misses[row] = static_cast<double>(largest(grown->tree.at(columns, row))) != target.values[row] ? 1 : 0;
    if (misses[row] != 0) error += (*weights)[row];
  }
  const auto classes = static_cast<double>(target.classes);
  if (error <= 0) return Next::kEnd;
  if (error >= 1 - 1 / classes) return Next::kEndWithoutIt;
  grown->weight = learning_rate * (std::log((1 - error) / error) + std::log(classes - 1));
  for (size_t row = 0; row < weights->size(); ++row) {
    if (misses[row] != 0) (*weights)[row] *= std::exp(grown->weight);
  }
  return Next::kTree;
}

/// Weighs the rows by SAMME.R, whose trees weigh the same.
Next weigh_by_shares(const WeightedTree& grown, std::span<const ColumnView> columns, const TreeTarget& target,
                     double learning_rate, std::vector<double>* weights) {
  bool misses = false;
  for (size_t row = 0; row < weights->size(); ++row) {
    const auto shares = grown.tree.at(columns, row);
    misses = misses || static_cast<double>(largest(shares)) != target.values[row];
    const double own = log_share(shares[static_cast<size_t>(target.values[row])]);
    (*weights)[row] *= std::exp(-learning_rate * (own - mean_log(shares)));
  }
  return misses ? Next::kTree : Next::kEnd;
}

/// Weighs the tree and the rows by AdaBoost.R2.
Next weigh_by_losses(WeightedTree* grown, std::span<const ColumnView> columns, const TreeTarget& target, BoostLoss loss,
                     double learning_rate, std::vector<double>* weights) {
  const auto mistakes = losses(grown->tree, columns, target, loss);
  if (!mistakes) return Next::kEnd;
  const double error = std::inner_product(weights->begin(), weights->end(), mistakes->begin(), 0.0);
  if (error <= 0) return Next::kEnd;
  if (error >= 0.5) return Next::kEndWithoutIt;
  const double beta = error / (1 - error);
  grown->weight = -learning_rate * std::log(beta);
  for (size_t row = 0; row < weights->size(); ++row)
    (*weights)[row] *= std::pow(beta, (1 - (*mistakes)[row]) * learning_rate);
  return Next::kTree;
}

/// `draws`: trees learn from rows drawn by their weights; else from the weights. weigh(tree, weights) says what is
/// next.
template <class Weigh>
Result<Trees> boosted(const BinnedColumns& data, const TreeTarget& target, const BoostTerms& terms, bool draws,
                      Weigh weigh, const CancellationToken& cancellation) {
  std::mt19937_64 random(terms.seed);
  std::vector<double> weights(data.rows, 1.0 / static_cast<double>(data.rows)), drawn;
  Trees trees;
  while (trees.size() < terms.trees) {
    if (draws) drawn = drawn_rows(weights, random);
    TRY(auto tree, grow_tree(data, target, draws ? drawn : weights, terms.tree, random, cancellation));
    trees.push_back({std::move(tree), 1});
    const auto next = weigh(&trees.back(), &weights);
    if (next == Next::kEndWithoutIt && trees.size() > 1) trees.pop_back();
    if (next != Next::kTree || !scale_to_one(&weights)) break;
  }
  return trees;
}

}  // namespace

Result<Trees> grow_forest(const BinnedColumns& data, const TreeTarget& target, const ForestTerms& terms,
                          const CancellationToken& cancellation) {
  Trees trees(terms.trees);
  TRY_DONE(side_by_side(terms.trees, terms.threads, [&](size_t t) -> Status {
    std::seed_seq seeds{terms.seed & 0xFFFFFFFF, terms.seed >> 32, static_cast<uint64_t>(t)};
    std::mt19937_64 random(seeds);
    std::uniform_int_distribution<size_t> row(0, data.rows - 1);
    std::vector<double> times(data.rows, 0);
    for (size_t i = 0; i < data.rows; ++i) times[row(random)] += 1;
    TRY(trees[t].tree, grow_tree(data, target, times, terms.tree, random, cancellation));
    return {};
  }));
  return trees;
}

Result<Trees> boost_numbers(std::span<const ColumnView> columns, const BinnedColumns& data, const TreeTarget& target,
                            const BoostTerms& terms, BoostLoss loss, const CancellationToken& cancellation) {
  const auto weigh = [&](WeightedTree* grown, std::vector<double>* weights) {
    return weigh_by_losses(grown, columns, target, loss, terms.learning_rate, weights);
  };
  return boosted(data, target, terms, true, weigh, cancellation);
}

Result<Trees> boost_classes(std::span<const ColumnView> columns, const BinnedColumns& data, const TreeTarget& target,
                            const BoostTerms& terms, bool by_shares, const CancellationToken& cancellation) {
  const auto weigh = [&](WeightedTree* grown, std::vector<double>* weights) {
    return by_shares ? weigh_by_shares(*grown, columns, target, terms.learning_rate, weights)
                     : weigh_by_mistakes(grown, columns, target, terms.learning_rate, weights);
  };
  return boosted(data, target, terms, false, weigh, cancellation);
}

Result<std::vector<double>> voted(const Trees& trees, Vote vote, std::span<const ColumnView> columns, size_t threads,
                                  const CancellationToken& cancellation) {
  CHECK(!trees.empty());
  constexpr size_t kPartRows = size_t{1} << 14;
  const size_t rows = columns.empty() ? 0 : columns[0].size();
  std::vector<double> answers(rows);
  TRY_DONE(side_by_side((rows + kPartRows - 1) / kPartRows, threads, [&](size_t part) -> Status {
    if (cancellation.cancelled()) return Error{ErrorCode::kCancelled, "the statement was cancelled"};
    Voters voters(trees, vote, columns);
    const size_t end = std::min(rows, (part + 1) * kPartRows);
    for (size_t row = part * kPartRows; row < end; ++row) answers[row] = voters.answer(row);
    return {};
  }));
  return answers;
}

}  // namespace pelorus::functions
