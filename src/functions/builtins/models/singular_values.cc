#include "functions/builtins/models/singular_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace pelorus::functions {
namespace {

using Dense = Eigen::MatrixXd;
using Numbers = Eigen::VectorXd;
using Eigen::Index;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon() / 2;

double with_sign(double size, double sign) { return std::copysign(std::abs(size), sign == 0 ? 1.0 : sign); }

/// Turns (f, g) into (r, 0).
struct Rotation {
  double c = 1, s = 0, r = 0;

  static Rotation of(double f, double g) {
    if (g == 0) return {1, 0, f};
    if (f == 0) return {0, with_sign(1, g), std::abs(g)};
    const double r = with_sign(std::hypot(f, g), f);
    return {f / r, g / r, r};
  }
  /// Columns a and b of `m`.
  void turn(Dense& m, Index a, Index b) const {
    const Numbers first = c * m.col(a) + s * m.col(b);
    m.col(b) = c * m.col(b) - s * m.col(a);
    m.col(a) = first;
  }
};

/// Reflects x onto its first axis: I - factor * v * transpose(v), v(0) = 1.
struct Reflection {
  Numbers v;
  double factor = 0, onto = 0;

  explicit Reflection(const Numbers& x) : v(x), onto(x(0)) {
    const double rest = x.tail(x.size() - 1).norm();
    v(0) = 1;
    if (rest == 0) return;
    onto = -with_sign(std::hypot(x(0), rest), x(0));
    factor = (onto - x(0)) / onto;
    v.tail(v.size() - 1) /= x(0) - onto;
  }
  template <class Block>
  void from_left(Block&& block) const {
    block -= factor * v * (v.transpose() * block).eval();
  }
  template <class Block>
  void from_right(Block&& block) const {
    block -= factor * (block * v).eval() * v.transpose();
  }
};

/// An upper bidiagonal matrix on its way to a diagonal one: QR steps with shifts, or without where the smallest values
/// must keep all their digits (Golub and Kahan 1965, Demmel and Kahan 1990).
class Bidiagonal {
 public:
  Numbers d, e;       // the diagonal and what is above it
  Dense left, right;  // square, turned along

  explicit Bidiagonal(Index n) : d(n), e(std::max<Index>(n - 1, 0)), left(Dense::Identity(n, n)), right(left) {}

  void from_lower() {
    for (Index i = 0; i + 1 < d.size(); ++i) {
      const auto turn = Rotation::of(d(i), e(i));
      d(i) = turn.r;
      e(i) = turn.s * d(i + 1);
      d(i + 1) *= turn.c;
      turn.turn(left, i, i + 1);
    }
  }

  void solve() {
    find_threshold();
    Index last = d.size() - 1;
    for (int64_t steps = 0; last > 0 && steps < kStepsOfOne * d.size() * d.size(); ++steps) {
      Index first = last;
      while (first > 0 && std::abs(e(first - 1)) > threshold_) --first;
      if (first > 0) e(first - 1) = 0;
      if (first == last) {
        --last;
      } else if (first == last - 1) {
        solve_pair(first);
        last -= 2;
      } else {
        step(first, last);
      }
    }
    make_positive_and_descending();
  }

 private:
  static constexpr int64_t kStepsOfOne = 6;

  void find_threshold() {
    tolerance_ = std::clamp(std::pow(kEpsilon, -0.125), 10.0, 100.0) * kEpsilon;
    double least = std::abs(d(0)), low = least;
    for (Index i = 1; i < d.size() && least != 0; ++i) {
      low = std::abs(d(i)) * (low / (low + std::abs(e(i - 1))));
      least = std::min(least, low);
    }
    const auto n = static_cast<double>(d.size());
    threshold_ = std::max(tolerance_ * least / std::sqrt(n),
                          static_cast<double>(kStepsOfOne) * n * n * std::numeric_limits<double>::min());
  }

  /// Drops an element that is small beside the values around it; true if there was one. Otherwise tells a lower bound
  /// of the values in the block.
  bool drops_small(Index first, Index last, bool down, double* least) {
    const Index end = down ? last - 1 : first;
    if (std::abs(e(end)) <= tolerance_ * std::abs(d(down ? last : first))) return e(end) = 0, true;
    double low = std::abs(d(down ? first : last));
    *least = low;
    for (Index k = 0; k < last - first; ++k) {
      const Index i = down ? first + k : last - 1 - k;
      if (std::abs(e(i)) <= tolerance_ * low) return e(i) = 0, true;
      low = std::abs(d(down ? i + 1 : i)) * (low / (low + std::abs(e(i))));
      *least = std::min(*least, low);
    }
    return false;
  }

  void step(Index first, Index last) {
    if (first > old_last_ || last < old_first_) down_ = std::abs(d(first)) >= std::abs(d(last));
    double least = 0;
    if (drops_small(first, last, down_, &least)) return;
    old_first_ = first;
    old_last_ = last;
    const double most = std::max(d.segment(first, last - first + 1).cwiseAbs().maxCoeff(),
                                 e.segment(first, last - first).cwiseAbs().maxCoeff());
    const double shift = shift_of(first, last, least / most);
    if (shift == 0)
      down_ ? plain_step_down(first, last) : plain_step_up(first, last);
    else
      down_ ? shifted_step_down(first, last, shift) : shifted_step_up(first, last, shift);
    const Index end = down_ ? last - 1 : first;
    if (std::abs(e(end)) <= threshold_) e(end) = 0;
  }

  double shift_of(Index first, Index last, double least_of_most) const {
    if (static_cast<double>(d.size()) * tolerance_ * least_of_most <= std::max(kEpsilon, 0.01 * tolerance_)) return 0;
    const Index at = down_ ? last - 1 : first;
    const double shift = lesser_value(d(at), e(at), d(at + 1));
    const double size = std::abs(d(down_ ? first : last));
    return size > 0 && (shift / size) * (shift / size) < kEpsilon ? 0 : shift;
  }

  /// The lesser singular value of [f g; 0 h].
  static double lesser_value(double f, double g, double h) {
    const double low = std::min(std::abs(f), std::abs(h)), high = std::max(std::abs(f), std::abs(h));
    const double beside = std::abs(g);
    if (low == 0) return 0;
    const double sum = 1 + low / high, difference = (high - low) / high;
    if (beside < high) {
      const double square = (beside / high) * (beside / high);
      return low * (2 / (std::sqrt(sum * sum + square) + std::sqrt(difference * difference + square)));
    }
    const double ratio = high / beside;
    if (ratio == 0) return low * high / beside;
    const double a = sum * ratio, b = difference * ratio;
    return 2 * (low * (1 / (std::sqrt(1 + a * a) + std::sqrt(1 + b * b)))) * ratio;
  }

  void plain_step_down(Index first, Index last) {
    double c = 1;
    Rotation before;
    for (Index i = first; i < last; ++i) {
      const auto right_turn = Rotation::of(d(i) * c, e(i));
      if (i > first) e(i - 1) = before.s * right_turn.r;
      const auto left_turn = Rotation::of(before.c * right_turn.r, d(i + 1) * right_turn.s);
      d(i) = left_turn.r;
      right_turn.turn(right, i, i + 1);
      left_turn.turn(left, i, i + 1);
      c = right_turn.c;
      before = left_turn;
    }
    const double h = d(last) * c;
    d(last) = h * before.c;
    e(last - 1) = h * before.s;
  }

  void plain_step_up(Index first, Index last) {
    double c = 1;
    Rotation before;
    for (Index i = last; i > first; --i) {
      const auto left_turn = Rotation::of(d(i) * c, e(i - 1));
      if (i < last) e(i) = before.s * left_turn.r;
      const auto right_turn = Rotation::of(before.c * left_turn.r, d(i - 1) * left_turn.s);
      d(i) = right_turn.r;
      left_turn.turn(left, i, i - 1);
      right_turn.turn(right, i, i - 1);
      c = left_turn.c;
      before = right_turn;
    }
    const double h = d(first) * c;
    d(first) = h * before.c;
    e(first) = h * before.s;
  }

  void shifted_step_down(Index first, Index last, double shift) {
    double f = (std::abs(d(first)) - shift) * (with_sign(1, d(first)) + shift / d(first));
    double g = e(first);
    for (Index i = first; i < last; ++i) {
      const auto right_turn = Rotation::of(f, g);
      if (i > first) e(i - 1) = right_turn.r;
      f = right_turn.c * d(i) + right_turn.s * e(i);
      e(i) = right_turn.c * e(i) - right_turn.s * d(i);
      g = right_turn.s * d(i + 1);
      d(i + 1) *= right_turn.c;
      const auto left_turn = Rotation::of(f, g);
      d(i) = left_turn.r;
      f = left_turn.c * e(i) + left_turn.s * d(i + 1);
      d(i + 1) = left_turn.c * d(i + 1) - left_turn.s * e(i);
      if (i + 1 < last) {
        g = left_turn.s * e(i + 1);
        e(i + 1) *= left_turn.c;
      }
      right_turn.turn(right, i, i + 1);
      left_turn.turn(left, i, i + 1);
    }
    e(last - 1) = f;
  }

  void shifted_step_up(Index first, Index last, double shift) {
    double f = (std::abs(d(last)) - shift) * (with_sign(1, d(last)) + shift / d(last));
    double g = e(last - 1);
    for (Index i = last; i > first; --i) {
      const auto left_turn = Rotation::of(f, g);
      if (i < last) e(i) = left_turn.r;
      f = left_turn.c * d(i) + left_turn.s * e(i - 1);
      e(i - 1) = left_turn.c * e(i - 1) - left_turn.s * d(i);
      g = left_turn.s * d(i - 1);
      d(i - 1) *= left_turn.c;
      const auto right_turn = Rotation::of(f, g);
      d(i) = right_turn.r;
      f = right_turn.c * e(i - 1) + right_turn.s * d(i - 1);
      d(i - 1) = right_turn.c * d(i - 1) - right_turn.s * e(i - 1);
      if (i > first + 1) {
        g = right_turn.s * e(i - 2);
        e(i - 2) *= right_turn.c;
      }
      left_turn.turn(left, i, i - 1);
      right_turn.turn(right, i, i - 1);
    }
    e(first) = f;
  }

  /// The last two of a block at once: the greater value comes first. Both of its vectors point along the axis of the
  /// greater diagonal element.
  void solve_pair(Index at) {
    const double f = d(at), g = e(at), h = d(at + 1);
    Eigen::Matrix2d block;
    block << f, g, 0, h;
    const Index axis = std::abs(h) > std::abs(f) ? 1 : 0;
    const double angle = std::atan2(2 * f * g, (f - h) * (f + h) - g * g) / 2;
    Eigen::Vector2d from(std::cos(angle), std::sin(angle));
    if (from(axis) < 0) from = -from;
    Eigen::Vector2d onto = block * from;
    const double most = onto.norm();
    if (most == 0) return void(e(at) = 0);
    onto /= onto(axis) < 0 ? -most : most;
    d(at) = onto.dot(block * from);
    d(at + 1) = f * (h / d(at));  // rotations keep the determinant
    e(at) = 0;
    Rotation{from(0), from(1)}.turn(right, at, at + 1);
    Rotation{onto(0), onto(1)}.turn(left, at, at + 1);
  }

  void make_positive_and_descending() {
    for (Index i = 0; i < d.size(); ++i) {
      if (!std::signbit(d(i))) continue;
      d(i) = -d(i);
      auto& turned = d.size() == 1 ? left : right;
      turned.col(i) = -turned.col(i);
    }
    std::vector<Index> order(static_cast<size_t>(d.size()));
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Index>(i);
    std::ranges::stable_sort(order, [this](Index a, Index b) { return d(a) > d(b); });
    d = Numbers(d(order));
    left = Dense(left(Eigen::all, order));
    right = Dense(right(Eigen::all, order));
  }

  double tolerance_ = 0, threshold_ = 0;
  Index old_first_ = -1, old_last_ = -1;
  bool down_ = true;
};

/// Reflections from both sides leave a bidiagonal matrix: upper for rows >= columns, else lower.
struct Reduced {
  Bidiagonal middle;
  std::vector<Reflection> left, right;  // in the order of taking
  Index left_from = 0, right_from = 0;  // the row or column that the first one begins with

  explicit Reduced(Dense a) : middle(std::min(a.rows(), a.cols())) {
    const bool is_upper = a.rows() >= a.cols();
    (is_upper ? right_from : left_from) = 1;
    const Index n = middle.d.size();
    for (Index i = 0; i < n; ++i) {
      if (is_upper) middle.d(i) = reflect_left(a, i, i);
      if (!is_upper) middle.d(i) = reflect_right(a, i, i);
      if (i + 1 == n) break;
      middle.e(i) = is_upper ? reflect_right(a, i, i + 1) : reflect_left(a, i + 1, i);
    }
    if (!is_upper) middle.from_lower();
    middle.solve();
  }

  static void unfold(const std::vector<Reflection>& taken, Index from, Dense& onto) {
    for (size_t k = taken.size(); k-- > 0;) {
      const auto first = static_cast<Index>(k) + from;
      taken[k].from_left(onto.bottomRows(onto.rows() - first));
    }
  }

 private:
  double reflect_left(Dense& a, Index row, Index column) {
    left.emplace_back(a.col(column).tail(a.rows() - row));
    left.back().from_left(a.bottomRightCorner(a.rows() - row, a.cols() - column - 1));
    return left.back().onto;
  }
  double reflect_right(Dense& a, Index row, Index column) {
    right.emplace_back(a.row(row).tail(a.cols() - column).transpose());
    right.back().from_right(a.bottomRightCorner(a.rows() - row - 1, a.cols() - column));
    return right.back().onto;
  }
};

/// The inner vectors as the first of `columns`, the others along the axes.
Dense widened(const Dense& inner, Index size, Index columns) {
  Dense out = Dense::Identity(size, columns);
  out.topLeftCorner(inner.rows(), inner.cols()) = inner;
  return out;
}

/// Some first columns of left and right; as many as there are values at least.
struct Wanted {
  Index left, right;
};

SingularValues reduced_values(const Dense& matrix, Wanted wanted) {
  const Reduced reduced(matrix);
  SingularValues out{widened(reduced.middle.left, matrix.rows(), wanted.left),
                     widened(reduced.middle.right, matrix.cols(), wanted.right), reduced.middle.d};
  Reduced::unfold(reduced.left, reduced.left_from, out.left);
  Reduced::unfold(reduced.right, reduced.right_from, out.right);
  return out;
}

SingularValues turned(SingularValues values) {
  std::swap(values.left, values.right);
  return values;
}

/// A high matrix becomes a triangle first: then only that is reduced from both sides. `on_its_side`: the triangle lies
/// as that of the transposed matrix does.
SingularValues high_values(const Dense& matrix, Wanted wanted, bool on_its_side) {
  const Index columns = matrix.cols();
  Dense a = matrix;
  std::vector<Reflection> taken;
  for (Index i = 0; i < columns; ++i) {
    taken.emplace_back(a.col(i).tail(a.rows() - i));
    taken.back().from_left(a.bottomRightCorner(a.rows() - i, columns - i - 1));
    a(i, i) = taken.back().onto;
  }
  const Dense triangle = a.topRows(columns).triangularView<Eigen::Upper>();
  const Wanted all{columns, columns};
  auto out = on_its_side ? turned(reduced_values(triangle.transpose(), all)) : reduced_values(triangle, all);
  out.left = widened(out.left, matrix.rows(), wanted.left);
  Reduced::unfold(taken, 0, out.left);
  return out;
}

}  // namespace

SingularValues singular_values(const Dense& matrix, bool full) {
  // Above this LAPACK divides and conquers: its signs follow no path that is worth following.
  constexpr Index kFollowedMax = 25;
  const Index rows = matrix.rows(), columns = matrix.cols(), count = std::min(rows, columns);
  if (count > kFollowedMax) {
    const unsigned int extent =
        full ? Eigen::ComputeFullU | Eigen::ComputeFullV : Eigen::ComputeThinU | Eigen::ComputeThinV;
    const Eigen::BDCSVD<Dense> found(matrix, extent);
    return {found.matrixU(), found.matrixV(), found.singularValues()};
  }
  const Wanted wanted = full ? Wanted{rows, columns} : Wanted{count, count};
  const Wanted aside{wanted.right, wanted.left};
  // What is stored by columns is handed over as if it were stored by rows.
  const bool is_long = std::max(rows, columns) >= count * 11 / 6 && rows != columns;
  if (!is_long) return turned(reduced_values(matrix.transpose(), aside));
  return rows > columns ? high_values(matrix, wanted, true) : turned(high_values(matrix.transpose(), aside, false));
}

}  // namespace pelorus::functions
