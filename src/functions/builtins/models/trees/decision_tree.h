#pragma once
// Classification and regression trees (Breiman, Friedman, Olshen, Stone 1984), grown on binned columns.

#include <random>

#include "base/cancellation.h"
#include "base/error.h"
#include "functions/builtins/models/trees/binned_columns.h"

namespace pelorus::functions {

/// What is learned, a number for each row: classes 0 … classes - 1, or any finite numbers when `classes` is 0.
struct TreeTarget {
  ColumnView values;
  size_t classes = 0;
  size_t outputs() const { return classes == 0 ? 1 : classes; }
};

struct TreeTerms {
  size_t features = 1;      // columns looked at for a split, drawn anew for each
  size_t depth_max = 10;    // questions from the root to a leaf
  double decrease_min = 0;  // of Gini's impurity (classes) or of the variance that a split must bring
};

/// Nodes in one list: the root first, children behind their parents. A leaf has no column.
struct DecisionTree {
  static constexpr int32_t kNoColumn = -1;
  size_t outputs = 1;
  std::vector<int32_t> columns;    // what a node asks about
  std::vector<double> thresholds;  // x <= threshold goes left
  std::vector<int32_t> left, right;
  std::vector<double> values;  // of node n from n * outputs: the mean, or the shares of the classes

  size_t nodes() const { return columns.size(); }
  /// The values of the leaf that a row comes to. `data` has the columns that the tree grew on.
  std::span<const double> at(std::span<const ColumnView> data, size_t row) const {
    size_t node = 0;
    while (columns[node] != kNoColumn) {
      const double x = data[static_cast<size_t>(columns[node])][row];
      node = static_cast<size_t>(x <= thresholds[node] ? left[node] : right[node]);
    }
    return std::span(values).subspan(node * outputs, outputs);
  }
};

/// Whether `at` comes to an end and stays within the tree for `columns` columns, whatever the rows. Cost: O(nodes).
bool is_sound(const DecisionTree& tree, size_t columns);

/// Splits nodes as long as the terms allow; those whose rows are alike stay leaves.
/// Shapes   target and weights have data.rows elements, fewer than 2^32; rows of weight 0 are left out, one must stay.
/// Errors   kCancelled.
/// Cost     O(rows · features) for each level; no allocation for a row.
Result<DecisionTree> grow_tree(const BinnedColumns& data, const TreeTarget& target, std::span<const double> weights,
                               const TreeTerms& terms, std::mt19937_64& random, const CancellationToken& cancellation);

}  // namespace pelorus::functions
