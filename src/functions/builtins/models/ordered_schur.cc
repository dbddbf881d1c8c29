#include "functions/builtins/models/ordered_schur.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pelorus::functions {
namespace {

using Dense = Eigen::MatrixXd;
using Index = Eigen::Index;

double with_sign(double size, double sign) { return std::copysign(size, sign); }

/// A rotation in the plane of rows and columns i and i + 1.
struct Rotation {
  double cosine = 1, sine = 0;
  Rotation then(Rotation next) const {
    return {cosine * next.cosine - sine * next.sine, cosine * next.sine + sine * next.cosine};
  }
};

void turn(const Dense& q, Index i, SchurForm* form) {
  const Index n = q.rows();
  form->t.middleRows(i, n) = (q.transpose() * form->t.middleRows(i, n)).eval();
  form->t.middleCols(i, n) = (form->t.middleCols(i, n) * q).eval();
  form->z.middleCols(i, n) = (form->z.middleCols(i, n) * q).eval();
}

void turn(Rotation rotation, Index i, SchurForm* form) {
  Dense q(2, 2);
  q << rotation.cosine, -rotation.sine, rotation.sine, rotation.cosine;
  turn(q, i, form);
}

/// The rotation that makes the diagonal of [a b; c d] equal when its eigenvalues are complex, and c zero when not.
Rotation settling(double a, double b, double c, double d) {
  constexpr double kFour = 4 * std::numeric_limits<double>::epsilon();
  if (c == 0) return {};
  if (b == 0) return {0, 1};
  const double gap = a - d;
  if (gap == 0 && std::signbit(b) != std::signbit(c)) return {};
  const double half = gap / 2;
  const double larger = std::max(std::abs(b), std::abs(c));
  const double smaller = std::min(std::abs(b), std::abs(c)) * with_sign(1, b) * with_sign(1, c);
  const double scale = std::max(std::abs(half), larger);
  const double discriminant = half / scale * half + larger / scale * smaller;
  if (discriminant >= kFour) {  // real eigenvalues, well apart
    const double root = half + with_sign(std::sqrt(scale) * std::sqrt(discriminant), half);
    const double length = std::hypot(c, root);
    return {root / length, c / length};
  }
  const double sum = b + c;
  const double length = std::hypot(sum, gap);
  const double cosine = std::sqrt((1 + std::abs(sum) / length) / 2);
  const Rotation rotation{cosine, -(half / (length * cosine)) * with_sign(1, sum)};
  // What is left of b and c: of one sign they still hold two real eigenvalues.
  const double below = (-a * rotation.sine + c * rotation.cosine) * rotation.cosine +
                       (-b * rotation.sine + d * rotation.cosine) * rotation.sine;
  const double above = (a * rotation.cosine + c * rotation.sine) * -rotation.sine +
                       (b * rotation.cosine + d * rotation.sine) * rotation.cosine;
  if (below == 0) return rotation;
  if (above == 0) return rotation.then({0, 1});
  if (std::signbit(above) != std::signbit(below)) return rotation;
  const double inverse = 1 / std::sqrt(std::abs(above + below));
  return rotation.then({std::sqrt(std::abs(above)) * inverse, std::sqrt(std::abs(below)) * inverse});
}

bool is_pair_at(const Dense& t, Index i) { return i + 1 < t.rows() && t(i + 1, i) != 0; }

void settle_block(Index i, SchurForm* form) {
  auto& t = form->t;
  turn(settling(t(i, i), t(i, i + 1), t(i + 1, i), t(i + 1, i + 1)), i, form);
  const double mean = (t(i, i) + t(i + 1, i + 1)) / 2;
  if (std::abs(t(i + 1, i)) <= std::numeric_limits<double>::epsilon() * std::abs(mean)) {
    t(i + 1, i) = 0;
  } else {
    t(i, i) = t(i + 1, i + 1) = mean;
  }
}

/// An orthogonal matrix whose first columns span what the second of two diagonal blocks acts on.
Dense exchange(const Dense& t, Index i, Index first, Index second) {
  const Dense a = t.block(i, i, first, first), b = t.block(i + first, i + first, second, second);
  if (first == 1 && second == 1) {
    const double f = t(i, i + 1), g = b(0, 0) - a(0, 0);
    const double length = with_sign(std::hypot(f, g), f);
    Dense q(2, 2);
    q << f / length, -g / length, g / length, f / length;
    return q;
  }
  // A X - X B = C, as one system of first * second equations.
  Dense system = Dense::Zero(first * second, first * second);
  for (Index c = 0; c < second; ++c) {
    system.block(c * first, c * first, first, first) += a;
    for (Index k = 0; k < second; ++k)
      system.block(c * first, k * first, first, first) -= b(k, c) * Dense::Identity(first, first);
  }
  const Dense corner = t.block(i, i + first, first, second);
  const Eigen::VectorXd solved =
      system.fullPivLu().solve(Eigen::Map<const Eigen::VectorXd>(corner.data(), first * second));
  const Dense x = Eigen::Map<const Dense>(solved.data(), first, second);
  const Index n = first + second;
  if (first == 1) {
    // The first block's left vector (1, X) goes to the last place.
    Eigen::VectorXd left(n);
    left(0) = 1;
    left.tail(second) = x.row(0).transpose();
    Eigen::VectorXd mirror = left;
    mirror(n - 1) += with_sign(left.norm(), left(n - 1));
    return Dense::Identity(n, n) - 2 / mirror.squaredNorm() * mirror * mirror.transpose();
  }
  Dense span(n, second);
  span.topRows(first) = -x;
  span.bottomRows(second) = Dense::Identity(second, second);
  return Eigen::HouseholderQR<Dense>(span).householderQ();
}

void swap_blocks(Index i, Index first, Index second, SchurForm* form) {
  turn(exchange(form->t, i, first, second), i, form);
  form->t.block(i + second, i, first, second).setZero();
  if (second == 2) settle_block(i, form);
  if (first == 2) settle_block(i + second, form);
}

}  // namespace

void settle_blocks(SchurForm* form) {
  for (Index i = 0; i + 1 < form->t.rows(); ++i) {
    if (is_pair_at(form->t, i)) settle_block(i, form);
  }
}

int move_to_front(const std::function<bool(std::complex<double>)>& is_wanted, SchurForm* form) {
  const auto& t = form->t;
  Index front = 0;
  for (Index i = 0; i < t.rows();) {
    const Index size = is_pair_at(t, i) ? 2 : 1;
    const double imaginary = size == 2 ? std::sqrt(std::abs(t(i, i + 1))) * std::sqrt(std::abs(t(i + 1, i))) : 0;
    const bool wanted = is_wanted({t(i, i), imaginary});
    for (Index at = i; wanted && at > front;) {
      const Index before = at > 1 && t(at - 1, at - 2) != 0 ? 2 : 1;
      at -= before;
      swap_blocks(at, before, size, form);
    }
    if (wanted) front += size;
    i += size;
  }
  return static_cast<int>(front);
}

}  // namespace pelorus::functions
