#include "functions/builtins/models/trees/decision_tree.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/check.h"

namespace pelorus::functions {
namespace {

/// What the grower keeps of a row; those of a node stand together, in the order of the data.
struct Row {
  double weight = 0, y = 0;
  uint32_t number = 0;
};

/// A node that is still to be split: a range of the grower's rows.
struct OpenNode {
  size_t node = 0, begin = 0, end = 0, depth = 0;
};

struct Split {
  size_t column = 0;
  uint16_t place = 0;  // rows up to this interval go left
  double decrease = 0;
};

/// Sums of a set of rows. Classes: the weight of each. Numbers: the weight, and weight · distance from the node's mean.
using Sums = std::vector<double>;

class Grower {
 public:
  Grower(const BinnedColumns& data, const TreeTarget& target, std::span<const double> weights, const TreeTerms& terms,
         std::mt19937_64& random)
      : data_(data),
        target_(target),
        terms_(terms),
        random_(random),
        width_(target.classes == 0 ? 2 : target.classes),
        whole_(width_),
        low_(width_),
        high_(width_),
        order_(data.cuts.size()) {
    for (size_t row = 0; row < data.rows; ++row) {
      if (weights[row] > 0) rows_.push_back({weights[row], target.values[row], static_cast<uint32_t>(row)});
    }
    CHECK(!rows_.empty());
    gone_right_.resize(rows_.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
    size_t bins = 0;
    for (const auto& cuts : data.cuts) bins = std::max(bins, cuts.size() + 1);
    histogram_.assign(bins * width_, 0);
    counts_.assign(bins, 0);
    tree_.outputs = target.outputs();
  }

  Result<DecisionTree> grow(const CancellationToken& cancellation) {
    std::vector<OpenNode> open{{add_node(), 0, rows_.size(), 0}};
    while (!open.empty()) {
      if (cancellation.cancelled()) return Error{ErrorCode::kCancelled, "the statement was cancelled"};
      const auto node = open.back();
      open.pop_back();
      const bool is_pure = summarise(node);
      if (is_pure || node.depth >= terms_.depth_max) continue;
      const auto split = best_split(node);
      if (!split) continue;
      const size_t cut = separate(node, *split);
      const size_t left = add_node(), right = add_node();
      tree_.columns[node.node] = static_cast<int32_t>(split->column);
      tree_.thresholds[node.node] = data_.cuts[split->column][split->place];
      tree_.left[node.node] = static_cast<int32_t>(left);
      tree_.right[node.node] = static_cast<int32_t>(right);
      open.push_back({right, cut, node.end, node.depth + 1});
      open.push_back({left, node.begin, cut, node.depth + 1});
    }
    return std::move(tree_);
  }

 private:
  std::span<const Row> rows_of(const OpenNode& node) const {
    return std::span(rows_).subspan(node.begin, node.end - node.begin);
  }

  /// Moves the rows that go left before the others; where those begin.
  size_t separate(const OpenNode& node, const Split& split) {
    const auto& places = data_.places[split.column];
    size_t left = node.begin, right = 0;
    for (size_t i = node.begin; i < node.end; ++i) {
      const Row row = rows_[i];
      (places[row.number] <= split.place ? rows_[left++] : gone_right_[right++]) = row;
    }
    std::copy_n(gone_right_.begin(), right, rows_.begin() + static_cast<std::ptrdiff_t>(left));
    return left;
  }

  size_t add_node() {
    tree_.columns.push_back(DecisionTree::kNoColumn);
    tree_.thresholds.push_back(0);
    tree_.left.push_back(0);
    tree_.right.push_back(0);
    tree_.values.resize(tree_.values.size() + tree_.outputs, 0);
    return tree_.columns.size() - 1;
  }

  /// Sets the node's values and whole_. True when all its rows are alike.
  bool summarise(const OpenNode& node) {
    double* values = &tree_.values[node.node * tree_.outputs];
    const double first = rows_[node.begin].y;
    double sum = 0;
    bool is_pure = true;
    total_ = 0;
    std::fill(whole_.begin(), whole_.end(), 0);
    for (const auto& row : rows_of(node)) {
      total_ += row.weight;
      is_pure = is_pure && row.y == first;
      if (target_.classes == 0) {
        sum += row.weight * (row.y - first);
      } else {
        whole_[static_cast<size_t>(row.y)] += row.weight;
      }
    }
    if (target_.classes == 0) {
      mean_ = values[0] = first + sum / total_;
      whole_[0] = total_;  // and the distances from the mean add up to nothing
    } else {
      for (size_t k = 0; k < target_.classes; ++k) values[k] = whole_[k] / total_;
    }
    return is_pure;
  }

  void add_to_histogram(const std::vector<uint16_t>& places, const OpenNode& node) {
    touched_.clear();
    for (const auto& row : rows_of(node)) {
      const auto place = places[row.number];
      if (counts_[place]++ == 0) touched_.push_back(place);
      double* sums = &histogram_[place * width_];
      if (target_.classes == 0) {
        sums[0] += row.weight;
        sums[1] += row.weight * (row.y - mean_);
      } else {
        sums[static_cast<size_t>(row.y)] += row.weight;
      }
    }
    std::sort(touched_.begin(), touched_.end());
  }

  void clear_histogram() {
    for (const auto place : touched_) {
      counts_[place] = 0;
      std::fill_n(&histogram_[place * width_], width_, 0.0);
    }
  }

  /// The larger over both sides, the purer they are: sum of squares over the weight. `weight` is positive.
  double purity(const Sums& sums, double weight) const {
    if (target_.classes == 0) return sums[1] * sums[1] / weight;
    double squares = 0;
    for (const double sum : sums) squares += sum * sum;
    return squares / weight;
  }

  double weight_of(const Sums& sums) const {
    return target_.classes == 0 ? sums[0] : std::accumulate(sums.begin(), sums.end(), 0.0);
  }

  /// The best place to split at in one column. False when all rows of the node lie in one interval.
  bool look_at(size_t column, const OpenNode& node, std::optional<Split>* best) {
    add_to_histogram(data_.places[column], node);
    std::fill(low_.begin(), low_.end(), 0);
    const double before = purity(whole_, total_);
    for (size_t t = 0; t + 1 < touched_.size(); ++t) {
      for (size_t s = 0; s < width_; ++s) {
        low_[s] += histogram_[touched_[t] * width_ + s];
        high_[s] = whole_[s] - low_[s];
      }
      const double low = weight_of(low_), high = total_ - low;
      if (!(low > 0) || !(high > 0)) continue;
      const double decrease = std::max((purity(low_, low) + purity(high_, high) - before) / total_, 0.0);
      if (decrease >= terms_.decrease_min && (!*best || decrease > (*best)->decrease))
        *best = Split{.column = column, .place = touched_[t], .decrease = decrease};
    }
    const bool varies = touched_.size() > 1;
    clear_histogram();
    return varies;
  }

  /// Columns in which the node's rows do not differ are not counted as looked at.
  std::optional<Split> best_split(const OpenNode& node) {
    std::optional<Split> best;
    size_t looked = 0;
    const bool draws = terms_.features < order_.size();
    for (size_t i = 0; i < order_.size() && looked < terms_.features; ++i) {
      if (draws) std::swap(order_[i], order_[i + random_() % (order_.size() - i)]);
      looked += look_at(order_[i], node, &best) ? 1 : 0;
    }
    return best;
  }

  const BinnedColumns& data_;
  const TreeTarget& target_;
  const TreeTerms& terms_;
  std::mt19937_64& random_;
  const size_t width_;  // of Sums
  std::vector<Row> rows_, gone_right_;
  Sums whole_, low_, high_;        // of the node, and of the sides of a split
  double total_ = 0, mean_ = 0;    // of the node
  std::vector<size_t> order_;      // columns, as drawn
  std::vector<double> histogram_;  // Sums of each interval
  std::vector<uint32_t> counts_;   // rows of each interval
  std::vector<uint16_t> touched_;  // intervals that hold rows of the node
  DecisionTree tree_;
};

}  // namespace

bool is_sound(const DecisionTree& tree, size_t columns) {
  const size_t nodes = tree.nodes();
  if (nodes == 0 || tree.thresholds.size() != nodes || tree.left.size() != nodes || tree.right.size() != nodes ||
      tree.outputs == 0 || tree.values.size() / tree.outputs != nodes || tree.values.size() % tree.outputs != 0)
    return false;
  const auto is_behind = [&](int32_t child, size_t node) {
    return child > 0 && static_cast<size_t>(child) > node && static_cast<size_t>(child) < nodes;
  };
  for (size_t n = 0; n < nodes; ++n) {
    if (tree.columns[n] == DecisionTree::kNoColumn) continue;
    if (tree.columns[n] < 0 || static_cast<size_t>(tree.columns[n]) >= columns) return false;
    if (!is_behind(tree.left[n], n) || !is_behind(tree.right[n], n)) return false;
  }
  return true;
}

Result<DecisionTree> grow_tree(const BinnedColumns& data, const TreeTarget& target, std::span<const double> weights,
                               const TreeTerms& terms, std::mt19937_64& random, const CancellationToken& cancellation) {
  return Grower(data, target, weights, terms, random).grow(cancellation);
}

}  // namespace pelorus::functions
