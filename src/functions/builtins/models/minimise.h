#pragma once
// Minima of functions of several numbers.

#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <vector>

namespace pelorus::functions {

using Point = std::vector<double>;
using Objective = std::function<double(const Point&)>;
using Gradient = std::function<Point(const Point&)>;

/// Where a search ended.
struct Minimum {
  Point at;
  double value = 0;
  Point gradient;                // of bfgs
  std::vector<Point> curvature;  // of bfgs: columns of the inverse of the second derivatives
  int64_t iterations = 0;
  int64_t calls = 0;           // of the objective
  int64_t gradient_calls = 0;  // of bfgs
  int warning = 0;             // 0: converged; what else it may be the search says
};

/// warning 1: calls_max reached, 2: iterations_max reached. 0 for the limits: 200 times the numbers.
struct SimplexOptions {
  double x_tolerance = 1e-4, value_tolerance = 1e-4;  // both have to hold for the whole simplex
  int64_t iterations_max = 0, calls_max = 0;
};
/// Nelder and Mead 1965, with the usual factors 1, 2, 1/2, 1/2. NaN counts as larger than everything.
Minimum minimise_by_simplex(const Objective& objective, Point start, const SimplexOptions& options = {});

/// warning 1: iterations_max reached, 2: no step leads further, 3: the objective is no number.
struct BfgsOptions {
  double gradient_tolerance = 1e-5;         // of its largest part
  double epsilon = 1.4901161193847656e-08;  // step of numeric derivatives
  double decrease = 1e-4, flatness = 0.9;   // Wolfe's conditions
  int64_t iterations_max = 0;               // 0: 200 times the numbers
};
/// Broyden, Fletcher, Goldfarb, Shanno. Without `gradient` derivatives are forward differences.
Minimum minimise_by_bfgs(const Objective& objective, const Gradient& gradient, Point start,
                         const BfgsOptions& options = {});

struct Bound {
  double low = 0, high = 0;
};
/// warning 1: iterations_max generations did not bring the population together.
struct EvolutionOptions {
  int64_t iterations_max = 1000;
  size_t population_per_number = 15;
  double tolerance = 1e-8;  // of the spread of the population's values, against their mean
};
/// Storn and Price 1997: best/1/bin with dithered weights. Stays within the bounds.
Minimum minimise_by_evolution(const Objective& objective, const std::vector<Bound>& bounds, std::mt19937_64& random,
                              const EvolutionOptions& options = {});

}  // namespace pelorus::functions
