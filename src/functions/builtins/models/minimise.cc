#include "functions/builtins/models/minimise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace pelorus::functions {
namespace {

constexpr int64_t kTurnsPerNumber = 200;
constexpr double kInfinite = std::numeric_limits<double>::infinity();

double dot(const Point& a, const Point& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// base + factor * direction
Point along(const Point& base, double factor, const Point& direction) {
  Point point(base);
  for (size_t i = 0; i < point.size(); ++i) point[i] += factor * direction[i];
  return point;
}

double largest(const Point& point) {
  double most = 0;
  for (const double value : point) most = std::max(most, std::fabs(value));
  return most;
}

/// Counts calls; NaN becomes infinite.
class Counted {
 public:
  Counted(const Objective& objective, int64_t* calls) : objective_(objective), calls_(*calls) {}
  double operator()(const Point& point) {
    ++calls_;
    const double value = objective_(point);
    return std::isnan(value) ? kInfinite : value;
  }

 private:
  const Objective& objective_;
  int64_t& calls_;
};

struct Corner {
  Point at;
  double value = 0;
};

std::vector<Corner> first_simplex(const Point& start, Counted& objective) {
  constexpr double kStep = 0.05, kStepFromZero = 0.00025;
  std::vector<Corner> corners{{start, objective(start)}};
  for (size_t i = 0; i < start.size(); ++i) {
    Point moved(start);
    moved[i] = moved[i] != 0 ? moved[i] * (1 + kStep) : kStepFromZero;
    corners.push_back({moved, objective(moved)});
  }
  return corners;
}

bool is_small(const std::vector<Corner>& corners, const SimplexOptions& options) {
  double apart = 0, spread = 0;
  for (size_t k = 1; k < corners.size(); ++k) {
    spread = std::max(spread, std::fabs(corners[k].value - corners[0].value));
    for (size_t i = 0; i < corners[0].at.size(); ++i)
      apart = std::max(apart, std::fabs(corners[k].at[i] - corners[0].at[i]));
  }
  return apart <= options.x_tolerance && spread <= options.value_tolerance;
}

/// One turn: reflect the worst corner, stretch, contract, or shrink all towards the best one.
void turn(std::vector<Corner>& corners, Counted& objective) {
  const size_t n = corners.size() - 1;
  Point middle(corners[0].at.size(), 0.0);
  for (size_t k = 0; k < n; ++k) middle = along(middle, 1.0 / static_cast<double>(n), corners[k].at);
  Corner& worst = corners[n];
  const Point out = along(middle, -1, worst.at);
  const auto tried = [&](double factor) {
    Corner corner{along(middle, factor, out), 0};
    corner.value = objective(corner.at);
    return corner;
  };
  Corner reflected = tried(1);
  if (reflected.value < corners[0].value) {
    Corner stretched = tried(2);
    worst = stretched.value < reflected.value ? std::move(stretched) : std::move(reflected);
    return;
  }
  if (reflected.value < corners[n - 1].value) {
    worst = std::move(reflected);
    return;
  }
  const bool outside = reflected.value < worst.value;
  Corner contracted = tried(outside ? 0.5 : -0.5);
  if (outside ? contracted.value <= reflected.value : contracted.value < worst.value) {
    worst = std::move(contracted);
    return;
  }
  for (size_t k = 1; k <= n; ++k) {
    for (size_t i = 0; i < middle.size(); ++i) corners[k].at[i] = (corners[0].at[i] + corners[k].at[i]) / 2;
    corners[k].value = objective(corners[k].at);
  }
}

void sort(std::vector<Corner>& corners) {
  std::stable_sort(corners.begin(), corners.end(), [](const Corner& a, const Corner& b) { return a.value < b.value; });
}

/// A search along a line for Wolfe's conditions (Nocedal and Wright, 3.5 and 3.6).
class LineSearch {
 public:
  struct Step {
    double length = 0, value = 0;
    Point gradient;
  };
  LineSearch(const std::function<double(const Point&)>& value, const Gradient& gradient, const Point& from,
             const Point& direction, const BfgsOptions& options)
      : value_(value), gradient_(gradient), from_(from), direction_(direction), options_(options) {}

  /// Nothing when no step is good enough. `value` and `slope` at the beginning.
  std::optional<Step> run(double value, double slope, double first) {
    constexpr int kStretches = 20;
    value0_ = value;
    slope0_ = slope;
    double before = 0, before_value = value, length = first;
    for (int i = 0; i < kStretches; ++i) {
      const double here = at(length);
      if (!(here <= value0_ + options_.decrease * length * slope0_) || (i > 0 && here >= before_value))
        return between(before, before_value, length);
      Step step{length, here, gradient_(along(from_, length, direction_))};
      const double steep = dot(step.gradient, direction_);
      if (std::fabs(steep) <= -options_.flatness * slope0_) return step;
      if (steep >= 0) return between(length, here, before);
      before = length;
      before_value = here;
      length *= 2;
    }
    return std::nullopt;
  }

 private:
  double at(double length) { return value_(along(from_, length, direction_)); }

  std::optional<Step> between(double low, double low_value, double high) {
    constexpr int kHalvings = 50;
    for (int i = 0; i < kHalvings; ++i) {
      const double length = (low + high) / 2, here = at(length);
      if (!(here <= value0_ + options_.decrease * length * slope0_) || here >= low_value) {
        high = length;
        continue;
      }
      Step step{length, here, gradient_(along(from_, length, direction_))};
      const double steep = dot(step.gradient, direction_);
      if (std::fabs(steep) <= -options_.flatness * slope0_) return step;
      if (steep * (high - low) >= 0) high = low;
      low = length;
      low_value = here;
    }
    return std::nullopt;
  }

  const std::function<double(const Point&)>& value_;
  const Gradient& gradient_;
  const Point& from_;
  const Point& direction_;
  const BfgsOptions& options_;
  double value0_ = 0, slope0_ = 0;
};

/// The inverse of the second derivatives after a step s along which the gradient changed by y.
void update_curvature(std::vector<Point>& inverse, const Point& s, const Point& y) {
  const double product = dot(y, s);
  if (product <= 0) return;
  const size_t n = s.size();
  Point hy(n, 0.0);
  for (size_t c = 0; c < n; ++c) hy = along(hy, y[c], inverse[c]);
  const double scale = (1 + dot(y, hy) / product) / product;
  for (size_t c = 0; c < n; ++c) {
    for (size_t r = 0; r < n; ++r) inverse[c][r] += scale * s[r] * s[c] - (hy[r] * s[c] + s[r] * hy[c]) / product;
  }
}

std::vector<Point> identity(size_t n) {
  std::vector<Point> columns(n, Point(n, 0.0));
  for (size_t i = 0; i < n; ++i) columns[i][i] = 1;
  return columns;
}

/// In [0, 1).
double unit(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1.0p-53; }

Point mutant(const std::vector<Corner>& population, size_t i, size_t best, double weight,
             const std::vector<Bound>& bounds, std::mt19937_64& random) {
  constexpr double kCrossover = 0.7;
  const auto other = [&] { return static_cast<size_t>(unit(random) * static_cast<double>(population.size())); };
  size_t first = other(), second = other();
  while (first == i) first = other();
  while (second == i || second == first) second = other();
  Point trial(population[i].at);
  const auto sure = static_cast<size_t>(unit(random) * static_cast<double>(trial.size()));
  for (size_t d = 0; d < trial.size(); ++d) {
    if (d != sure && unit(random) >= kCrossover) continue;
    trial[d] = population[best].at[d] + weight * (population[first].at[d] - population[second].at[d]);
    const auto& bound = bounds[d];
    if (trial[d] < bound.low || trial[d] > bound.high) trial[d] = bound.low + unit(random) * (bound.high - bound.low);
  }
  return trial;
}

bool is_together(const std::vector<Corner>& population, double tolerance) {
  double sum = 0, squares = 0;
  for (const auto& each : population) sum += each.value;
  const double mean = sum / static_cast<double>(population.size());
  for (const auto& each : population) squares += (each.value - mean) * (each.value - mean);
  return std::sqrt(squares / static_cast<double>(population.size())) <= tolerance * std::fabs(mean);
}

}  // namespace

Minimum minimise_by_simplex(const Objective& objective, Point start, const SimplexOptions& options) {
  const auto turns = kTurnsPerNumber * static_cast<int64_t>(start.size());
  const int64_t iterations_max = options.iterations_max > 0 ? options.iterations_max : turns;
  const int64_t calls_max = options.calls_max > 0 ? options.calls_max : turns;
  Minimum found{.iterations = 1};
  Counted counted(objective, &found.calls);
  auto corners = first_simplex(start, counted);
  sort(corners);
  while (found.calls < calls_max && found.iterations < iterations_max && !is_small(corners, options)) {
    turn(corners, counted);
    sort(corners);
    ++found.iterations;
  }
  found.warning = found.calls >= calls_max ? 1 : found.iterations >= iterations_max ? 2 : 0;
  found.at = corners[0].at;
  found.value = corners[0].value;
  return found;
}

Minimum minimise_by_bfgs(const Objective& objective, const Gradient& gradient, Point start,
                         const BfgsOptions& options) {
  const size_t n = start.size();
  const auto iterations_max =
      options.iterations_max > 0 ? options.iterations_max : kTurnsPerNumber * static_cast<int64_t>(n);
  Minimum found{.at = std::move(start), .curvature = identity(n)};
  Counted counted(objective, &found.calls);
  const std::function<double(const Point&)> value = [&](const Point& point) { return counted(point); };
  const Gradient slope = [&](const Point& point) {
    ++found.gradient_calls;
    if (gradient) return gradient(point);
    const double here = counted(point);
    Point parts(n);
    for (size_t i = 0; i < n; ++i) {
      Point moved(point);
      moved[i] += options.epsilon;
      parts[i] = (counted(moved) - here) / options.epsilon;
    }
    return parts;
  };
  found.value = value(found.at);
  found.gradient = slope(found.at);
  double last_value = found.value + std::sqrt(dot(found.gradient, found.gradient)) / 2;
  while (largest(found.gradient) > options.gradient_tolerance) {
    if (!std::isfinite(found.value)) found.warning = 3;
    if (found.iterations >= iterations_max) found.warning = 1;
    if (found.warning != 0) return found;
    Point direction(n, 0.0);
    for (size_t c = 0; c < n; ++c) direction = along(direction, -found.gradient[c], found.curvature[c]);
    const double steep = dot(found.gradient, direction);
    const double guess = steep < 0 ? std::min(1.0, 1.01 * 2 * (found.value - last_value) / steep) : 1.0;
    LineSearch search(value, slope, found.at, direction, options);
    auto step = steep < 0 ? search.run(found.value, steep, guess > 0 ? guess : 1.0) : std::nullopt;
    if (!step) {
      found.warning = 2;
      return found;
    }
    ++found.iterations;
    Point moved(n, 0.0);
    moved = along(moved, step->length, direction);
    update_curvature(found.curvature, moved, along(step->gradient, -1, found.gradient));
    last_value = found.value;
    found.at = along(found.at, 1, moved);
    found.value = step->value;
    found.gradient = std::move(step->gradient);
  }
  return found;
}

Minimum minimise_by_evolution(const Objective& objective, const std::vector<Bound>& bounds, std::mt19937_64& random,
                              const EvolutionOptions& options) {
  constexpr size_t kPopulationMin = 5;
  Minimum found;
  Counted counted(objective, &found.calls);
  std::vector<Corner> population(std::max(kPopulationMin, options.population_per_number * bounds.size()));
  for (auto& each : population) {
    for (const auto& bound : bounds) each.at.push_back(bound.low + unit(random) * (bound.high - bound.low));
    each.value = counted(each.at);
  }
  const auto best_of = [&] {
    size_t best = 0;
    for (size_t i = 1; i < population.size(); ++i) {
      if (population[i].value < population[best].value) best = i;
    }
    return best;
  };
  size_t best = best_of();
  for (; found.iterations < options.iterations_max && !is_together(population, options.tolerance); ++found.iterations) {
    const double weight = 0.5 + unit(random) / 2;
    for (size_t i = 0; i < population.size(); ++i) {
      Point trial = mutant(population, i, best, weight, bounds, random);
      const double value = counted(trial);
      if (value > population[i].value) continue;
      population[i] = {std::move(trial), value};
      if (value < population[best].value) best = i;
    }
  }
  found.warning = found.iterations >= options.iterations_max ? 1 : 0;
  found.at = population[best].at;
  found.value = population[best].value;
  return found;
}

}  // namespace pelorus::functions
