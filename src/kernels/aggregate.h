#pragma once
// Aggregates as small states: add, merge, result, and where it is exact enough remove. Lifted once each into a whole
// vector, groups and running form here, into windows in kernels/moving.h. Inputs are plain doubles (or whole numbers);
// the lifts skip nulls, so states never see one.

#include <cmath>
#include <cstdint>
#include <span>

#include "kernels/elementwise.h"

namespace pelorus::kernels {

/// Whole numbers add up in 64 bits and wrap.
struct SumWhole {
  using Input = int64_t;
  int64_t sum = 0;
  int64_t count = 0;
  void add(int64_t x) { sum = static_cast<int64_t>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(x)), ++count; }
  void remove(int64_t x) { sum = static_cast<int64_t>(static_cast<uint64_t>(sum) - static_cast<uint64_t>(x)), --count; }
  void merge(const SumWhole& other) { add(other.sum), count += other.count - 1; }
  int64_t result() const { return count == 0 ? kNull<int64_t> : sum; }
};

/// Neumaier's compensated sum: windows that add and remove for long stay exact to the last digits.
struct Sum {
  using Input = double;
  double sum = 0;
  double lost = 0;
  int64_t count = 0;
  void accumulate(double x) {
    const double total = sum + x;
    lost += std::fabs(sum) >= std::fabs(x) ? (sum - total) + x : (x - total) + sum;
    sum = total;
  }
  void add(double x) { accumulate(x), ++count; }
  void remove(double x) {
    if (--count == 0)
      sum = lost = 0;
    else
      accumulate(-x);
  }
  void merge(const Sum& other) { accumulate(other.sum), lost += other.lost, count += other.count; }
  double total() const { return sum + lost; }
  double result() const { return count == 0 ? kNull<double> : finite_or_null(total()); }
};

struct Average : Sum {
  double result() const { return count == 0 ? kNull<double> : finite_or_null(total() / static_cast<double>(count)); }
};

/// Sum of the n-th powers.
template <int kPower>
struct PowerSum : Sum {
  static double power(double x) { return kPower == 2 ? x * x : kPower == 3 ? x * x * x : x * x * x * x; }
  void add(double x) { Sum::add(power(x)); }
  void remove(double x) { Sum::remove(power(x)); }
};

struct Product {
  using Input = double;
  double product = 1;
  int64_t count = 0;
  void add(double x) { product *= x, ++count; }
  void merge(const Product& other) { product *= other.product, count += other.count; }
  double result() const { return count == 0 ? kNull<double> : finite_or_null(product); }
};

/// Central moments up to the fourth, updated pairwise (Pébay 2008); kMoments says how many are kept.
template <int kMoments>
struct Moments {
  using Input = double;
  double count = 0, mean = 0, m2 = 0, m3 = 0, m4 = 0;

  void add(double x) {
    const double before = count;
    ++count;
    const double delta = x - mean, scaled = delta / count, squared = scaled * scaled, term = delta * scaled * before;
    mean += scaled;
    if constexpr (kMoments >= 4)
      m4 += term * squared * (count * count - 3 * count + 3) + 6 * squared * m2 - 4 * scaled * m3;
    if constexpr (kMoments >= 3) m3 += term * scaled * (count - 2) - 3 * scaled * m2;
    m2 += term;
  }
  void merge(const Moments& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    const double total = count + other.count, delta = other.mean - mean, squared = delta * delta;
    if constexpr (kMoments >= 4) {
      m4 += other.m4 +
            squared * squared * count * other.count *
                (count * count - count * other.count + other.count * other.count) / (total * total * total) +
            6 * squared * (count * count * other.m2 + other.count * other.count * m2) / (total * total) +
            4 * delta * (count * other.m3 - other.count * m3) / total;
    }
    if constexpr (kMoments >= 3) {
      m3 += other.m3 + squared * delta * count * other.count * (count - other.count) / (total * total) +
            3 * delta * (count * other.m2 - other.count * m2) / total;
    }
    m2 += other.m2 + squared * count * other.count / total;
    mean += delta * other.count / total;
    count = total;
  }
};

struct SampleVariance : Moments<2> {
  double result() const { return count < 2 ? kNull<double> : m2 / (count - 1); }
};
struct PopulationVariance : Moments<2> {
  double result() const { return count < 1 ? kNull<double> : m2 / count; }
};
struct SampleDeviation : Moments<2> {
  double result() const { return count < 2 ? kNull<double> : std::sqrt(m2 / (count - 1)); }
};
struct PopulationDeviation : Moments<2> {
  double result() const { return count < 1 ? kNull<double> : std::sqrt(m2 / count); }
};
/// sample deviation / sqrt(n)
struct StandardError : Moments<2> {
  double result() const { return count < 2 ? kNull<double> : std::sqrt(m2 / (count - 1) / count); }
};
/// Biased; see unbiased_skewness.
struct Skewness : Moments<3> {
  double result() const {
    if (count < 2 || m2 <= 0) return kNull<double>;
    return std::sqrt(count) * m3 / std::pow(m2, 1.5);
  }
  double unbiased() const {
    return count < 3 || m2 <= 0 ? kNull<double> : result() * std::sqrt(count * (count - 1)) / (count - 2);
  }
};
/// Biased, 3 for the normal distribution.
struct Kurtosis : Moments<4> {
  double result() const { return count < 3 || m2 <= 0 ? kNull<double> : count * m4 / (m2 * m2); }
  double unbiased() const {
    if (count < 4 || m2 <= 0) return kNull<double>;
    return (count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * result() - 3 * (count - 1)) + 3;
  }
};

/// Two series in step; rows where either is null are left out.
struct CoMoments {
  using Input = double;
  double count = 0, mean_x = 0, mean_y = 0, m2_x = 0, m2_y = 0, c = 0;

  void add(double x, double y) {
    ++count;
    const double dx = x - mean_x;
    mean_x += dx / count;
    m2_x += dx * (x - mean_x);
    const double dy = y - mean_y;
    mean_y += dy / count;
    m2_y += dy * (y - mean_y);
    c += dx * (y - mean_y);
  }
  void merge(const CoMoments& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    const double total = count + other.count, dx = other.mean_x - mean_x, dy = other.mean_y - mean_y;
    const double weight = count * other.count / total;
    m2_x += other.m2_x + dx * dx * weight;
    m2_y += other.m2_y + dy * dy * weight;
    c += other.c + dx * dy * weight;
    mean_x += dx * other.count / total;
    mean_y += dy * other.count / total;
    count = total;
  }
};
struct Covariance : CoMoments {
  double result() const { return count < 2 ? kNull<double> : c / (count - 1); }
};
struct PopulationCovariance : CoMoments {
  double result() const { return count < 1 ? kNull<double> : c / count; }
};
struct Correlation : CoMoments {
  double result() const {
    if (count < 2 || m2_x <= 0 || m2_y <= 0) return kNull<double>;
    return finite_or_null(c / std::sqrt(m2_x * m2_y));
  }
};
/// Slope of the least-squares line of x on y.
struct Slope : CoMoments {
  double result() const { return count < 2 || m2_y <= 0 ? kNull<double> : c / m2_y; }
};
struct WeightedSum {
  using Input = double;
  Sum products;
  void add(double x, double w) { products.add(x * w); }
  void remove(double x, double w) { products.remove(x * w); }
  void merge(const WeightedSum& other) { products.merge(other.products); }
  double result() const { return products.result(); }
};
struct WeightedAverage : WeightedSum {
  Sum weights;
  void add(double x, double w) { products.add(x * w), weights.add(w); }
  void remove(double x, double w) { products.remove(x * w), weights.remove(w); }
  void merge(const WeightedAverage& other) { products.merge(other.products), weights.merge(other.weights); }
  double result() const {
    const double total = weights.total();
    return weights.count == 0 || total == 0 ? kNull<double> : finite_or_null(products.total() / total);
  }
};

/// States whose window can drop its oldest element.
template <class State>
concept Removable = requires(State state, double x) {
  state.remove(x);
};
template <class State>
concept Removable2 = requires(State state, double x) {
  state.remove(x, x);
};

template <class State, class T>
auto fold(std::span<const T> values) {
  State state;
  for (const T value : values) {
    if (value != kNull<T>) state.add(static_cast<typename State::Input>(value));
  }
  return state;
}

template <class State>
State fold2(std::span<const double> x, std::span<const double> y) {
  State state;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] != kNull<double> && y[i] != kNull<double>) state.add(x[i], y[i]);
  }
  return state;
}

/// states[group_of_row[i]] gets values[i].
template <class State, class T>
void fold_groups(std::span<const T> values, std::span<const uint32_t> group_of_row, std::span<State> states) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] != kNull<T>) states[group_of_row[i]].add(static_cast<typename State::Input>(values[i]));
  }
}

/// out[i]: result of the first i + 1 elements; a null element repeats it.
template <class State, class T, class R>
void running(std::span<const T> values, R* out) {
  State state;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] != kNull<T>) state.add(static_cast<typename State::Input>(values[i]));
    out[i] = state.result();
  }
}
template <class State>
void running2(std::span<const double> x, std::span<const double> y, double* out) {
  State state;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] != kNull<double> && y[i] != kNull<double>) state.add(x[i], y[i]);
    out[i] = state.result();
  }
}

}  // namespace pelorus::kernels
