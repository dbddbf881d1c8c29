#pragma once
// Many trees that answer together: random forests and AdaBoost.

#include "functions/builtins/models/trees/decision_tree.h"

namespace pelorus::functions {

struct WeightedTree {
  DecisionTree tree;
  double weight = 1;
};
using Trees = std::vector<WeightedTree>;

struct ForestTerms {
  TreeTerms tree;
  size_t trees = 10;
  size_t threads = 1;  // the trees are the same whatever it is
  uint64_t seed = 0;
};

/// Breiman 2001: each tree learns from as many rows as there are, drawn with replacement. Errors: kCancelled.
Result<Trees> grow_forest(const BinnedColumns& data, const TreeTarget& target, const ForestTerms& terms,
                          const CancellationToken& cancellation);

struct BoostTerms {
  TreeTerms tree;
  size_t trees = 10;  // at most: boosting ends early when a tree makes no mistake or is no better than chance
  double learning_rate = 0.1;
  uint64_t seed = 0;
};

enum class BoostLoss : uint8_t { kLinear, kSquare, kExponential };

/// AdaBoost.R2 (Drucker 1997) for numbers. `columns` are those that were binned. Errors: kCancelled.
Result<Trees> boost_numbers(std::span<const ColumnView> columns, const BinnedColumns& data, const TreeTarget& target,
                            const BoostTerms& terms, BoostLoss loss, const CancellationToken& cancellation);

/// SAMME, or with `by_shares` SAMME.R (Zhu, Zou, Rosset, Hastie 2009), for classes. Errors: kCancelled.
Result<Trees> boost_classes(std::span<const ColumnView> columns, const BinnedColumns& data, const TreeTarget& target,
                            const BoostTerms& terms, bool by_shares, const CancellationToken& cancellation);

/// How trees answer together.
enum class Vote : uint8_t {
  kMean,       // the mean of their numbers
  kMedian,     // the number with half of the weight on either side
  kShares,     // the class with the largest sum of shares
  kWeights,    // the class whose trees weigh most
  kLogShares,  // the class with the largest sum of logarithms of shares
};

/// An answer for each row; of equal classes the first. `trees` is not empty, `columns` are those of the trees.
/// Errors: kCancelled. Cost: O(rows · trees · depth), shared by `threads`.
Result<std::vector<double>> voted(const Trees& trees, Vote vote, std::span<const ColumnView> columns, size_t threads,
                                  const CancellationToken& cancellation);

}  // namespace pelorus::functions
