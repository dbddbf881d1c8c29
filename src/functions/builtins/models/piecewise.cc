// Continuous lines, or polynomials, in pieces: piecewiseLinFit pwlfPredict.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "functions/aggregate_states.h"
#include "functions/builtins/models/minima.h"
#include "functions/builtins/models/register_models.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "models";

using Column = std::vector<double>;

/// What is fitted: points with weights, points it must go through, and of what degree the pieces are.
struct Task {
  Column x, y, weights;
  Column fixed_x, fixed_y;
  int64_t degree = 1;
};

/// The columns whose combination is the function: at degree 0 a step for each piece; otherwise one, and for each power
/// up to the degree the distance from the first break and the distance behind each inner break, to that power.
std::vector<Column> basis(const Column& x, const Column& breaks, int64_t degree) {
  std::vector<Column> columns(1, Column(x.size(), 1.0));
  const size_t pieces = breaks.size() - 1;
  for (int64_t power = degree == 0 ? 0 : 1; power <= degree; ++power) {
    for (size_t k = degree == 0 ? 1 : 0; k < pieces; ++k) {
      Column column(x.size());
      for (size_t i = 0; i < x.size(); ++i) {
        const double behind = x[i] - breaks[k];
        column[i] = k > 0 && behind <= 0 ? 0 : std::pow(behind, static_cast<double>(power));
      }
      columns.push_back(std::move(column));
    }
  }
  return columns;
}

/// Solves a symmetric system by elimination with pivots; unknowns without one are 0.
Column solved(std::vector<Column> rows, Column right) {
  const size_t n = right.size();
  double scale = 0;
  for (const auto& row : rows) {
    for (const double value : row) scale = std::max(scale, std::fabs(value));
  }
  std::vector<size_t> pivot_row(n, n);
  size_t used = 0;
  for (size_t c = 0; c < n; ++c) {
    size_t best = used;
    for (size_t r = used; r < n; ++r) {
      if (std::fabs(rows[r][c]) > std::fabs(rows[best][c])) best = r;
    }
    if (used == n || std::fabs(rows[best][c]) <= scale * 1e-14) continue;
    std::swap(rows[best], rows[used]);
    std::swap(right[best], right[used]);
    for (size_t r = 0; r < n; ++r) {
      if (r == used || rows[r][c] == 0) continue;
      const double factor = rows[r][c] / rows[used][c];
      for (size_t k = c; k < n; ++k) rows[r][k] -= factor * rows[used][k];
      right[r] -= factor * right[used];
    }
    pivot_row[c] = used++;
  }
  Column unknowns(n, 0.0);
  for (size_t c = 0; c < n; ++c) {
    if (pivot_row[c] < n) unknowns[c] = right[pivot_row[c]] / rows[pivot_row[c]][c];
  }
  return unknowns;
}

double product(const Column& a, const Column& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// Coefficients of least weighted squares, going through the fixed points (by Lagrange's multipliers).
Column coefficients(const Task& task, const Column& breaks) {
  auto columns = basis(task.x, breaks, task.degree);
  Column y(task.y);
  for (size_t i = 0; i < task.weights.size(); ++i) {
    for (auto& column : columns) column[i] *= task.weights[i];
    y[i] *= task.weights[i];
  }
  const auto through = basis(task.fixed_x, breaks, task.degree);
  const size_t n = columns.size(), all = n + task.fixed_x.size();
  std::vector<Column> rows(all, Column(all, 0.0));
  Column right(all, 0.0);
  for (size_t r = 0; r < n; ++r) {
    for (size_t c = 0; c < n; ++c) rows[r][c] = product(columns[r], columns[c]);
    right[r] = product(columns[r], y);
    for (size_t k = n; k < all; ++k) rows[r][k] = rows[k][r] = through[r][k - n];
  }
  std::copy(task.fixed_y.begin(), task.fixed_y.end(), right.begin() + static_cast<std::ptrdiff_t>(n));
  auto solution = solved(std::move(rows), std::move(right));
  solution.resize(n);
  return solution;
}

Column evaluated(const Column& x, const Column& breaks, const Column& beta, int64_t degree) {
  const auto columns = basis(x, breaks, degree);
  Column y(x.size(), 0.0);
  for (size_t c = 0; c < columns.size(); ++c) {
    for (size_t i = 0; i < x.size(); ++i) y[i] += beta[c] * columns[c][i];
  }
  return y;
}

Column all_breaks(const Task& task, const Point& inner) {
  const auto [low, high] = std::minmax_element(task.x.begin(), task.x.end());
  Column breaks{*low};
  for (const double at : inner) breaks.push_back(std::clamp(at, *low, *high));
  breaks.push_back(*high);
  std::sort(breaks.begin(), breaks.end());
  return breaks;
}

double squares(const Task& task, const Point& inner) {
  const auto breaks = all_breaks(task, inner);
  const auto fitted = evaluated(task.x, breaks, coefficients(task, breaks), task.degree);
  double sum = 0;
  for (size_t i = 0; i < fitted.size(); ++i) {
    const double error = (fitted[i] - task.y[i]) * (task.weights.empty() ? 1 : task.weights[i]);
    sum += error * error;
  }
  return sum;
}

Column numbers_argument(const Arguments& a, size_t i, std::string_view parameter) {
  if (!a.has(i) || a[i].is_void()) return {};
  const auto values = numeric_doubles(a.function(), a.vector(i, parameter));
  for (size_t k = 0; k < values->size(); ++k) {
    if (values->is_null_at(k)) a.refuse(parameter, "must not hold nulls.");
  }
  return {values->values<double>().begin(), values->values<double>().end()};
}

Task task_of(const Arguments& a) {
  Task task{.x = numbers_argument(a, 0, "X"),
            .y = numbers_argument(a, 1, "Y"),
            .weights = numbers_argument(a, 8, "weights"),
            .fixed_x = numbers_argument(a, 3, "XC"),
            .fixed_y = numbers_argument(a, 4, "YC")};
  if (task.x.size() != task.y.size()) a.refuse("Y", "must have a value for each of X.");
  if (task.x.size() < 2) a.refuse("X", "must have two points at least.");
  if (task.fixed_x.size() != task.fixed_y.size()) a.refuse("YC", "must have a value for each of XC.");
  if (!task.weights.empty() && task.weights.size() != task.x.size())
    a.refuse("weights", "must have one for each of X.");
  if (a.has(7) && !a[7].is_void()) task.degree = a.integer(7, "degree");
  constexpr int64_t kDegreeMax = 10;
  if (task.degree < 0 || task.degree > kDegreeMax) a.refuse("degree", "must be between 0 and 10.");
  return task;
}

/// Where the inner breaks are best.
Point placed(const Arguments& a, CallContext& context, const Task& task, size_t inner) {
  if (inner == 0) return {};
  const auto objective = [&task](const Point& at) { return squares(task, at); };
  const auto [low, high] = std::minmax_element(task.x.begin(), task.x.end());
  auto start = numbers_argument(a, 11, "initialGuess");
  if (!start.empty() && start.size() != inner) a.refuse("initialGuess", "must have numSegments - 1 numbers.");
  for (size_t i = 0; start.size() < inner; ++i)
    start.push_back(*low + (*high - *low) * static_cast<double>(i + 1) / static_cast<double>(inner + 1));
  const auto method = a.text_or(9, "method", "de");
  const auto turns = a.has(10) && !a[10].is_void() ? a.integer(10, "maxIter") : int64_t{0};
  constexpr double kFine = 1e-10;
  const SimplexOptions fine{.x_tolerance = kFine, .value_tolerance = kFine};
  if (method == "nm") {
    auto options = fine;
    options.iterations_max = turns;
    return minimise_by_simplex(objective, start, options).at;
  }
  if (method == "bfgs") return minimise_by_bfgs(objective, {}, start, {.iterations_max = turns}).at;
  if (method != "de") a.refuse("method", "must be de, nm or bfgs; lbfgs and slsqp are not available.");
  const auto bounds =
      a.has(5) && !a[5].is_void() ? bounds_argument(a, 5, inner) : std::vector<Bound>(inner, Bound{*low, *high});
  const bool has_seed = a.has(12) && !a[12].is_void();
  std::mt19937_64 seeded(has_seed ? static_cast<uint64_t>(a.integer(12, "seed")) : context.random()());
  EvolutionOptions options;
  if (turns > 0) options.iterations_max = turns;
  const auto rough = minimise_by_evolution(objective, bounds, seeded, options);
  const auto better = minimise_by_simplex(objective, rough.at, fine);
  bool is_within = better.value <= rough.value;
  for (size_t i = 0; i < inner; ++i)
    is_within = is_within && better.at[i] >= bounds[i].low && better.at[i] <= bounds[i].high;
  return is_within ? better.at : rough.at;
}

/// piecewiseLinFit(X, Y, numSegments, [XC], [YC], [bounds], [lapackDriver], [degree], [weights], [method], [maxIter],
/// [initialGuess], [seed])
Value fit(CallContext& context, std::span<Value> args) {
  const Arguments a("piecewiseLinFit", args);
  const auto task = task_of(a);
  const auto pieces = a.integer(2, "numSegments");
  if (pieces < 1 || pieces > static_cast<int64_t>(task.x.size()))
    a.refuse("numSegments", "must be positive and not more than there are points.");
  const auto breaks = all_breaks(task, placed(a, context, task, static_cast<size_t>(pieces) - 1));
  const auto beta = coefficients(task, breaks);
  data::Dictionary model(Type::kString, Type::kAny, true);
  const auto put = [&](const char* name, Value value) { model.set(Scalar::of_string(name), value); };
  const auto or_void = [](const Column& numbers) { return numbers.empty() ? Value() : numbers_value(numbers); };
  put("modelName", Value::of_string("Piecewise Linear Regression"));
  put("breaks", numbers_value(breaks));
  put("beta", numbers_value(beta));
  put("xData", numbers_value(task.x));
  put("yData", numbers_value(task.y));
  put("xC", or_void(task.fixed_x));
  put("yC", or_void(task.fixed_y));
  put("weights", or_void(task.weights));
  put("degree", Value::of_int(static_cast<int32_t>(task.degree)));
  put("lapackDriver", Value::of_string(a.has(6) && !a[6].is_void() ? a.text(6, "lapackDriver") : "gelsd"));
  put("numParameters", Value::of_int(static_cast<int32_t>(beta.size())));
  if (const auto predict = context.find_function("pwlfPredict")) put("predict", *predict);
  return model;
}

/// pwlfPredict(model, X, [beta], [breaks])
Value predict(CallContext&, std::span<Value> args) {
  const Arguments a("pwlfPredict", args);
  if (!a[0].is_dictionary()) a.refuse("model", "must be what piecewiseLinFit gives.");
  const auto& model = a[0].dictionary();
  std::vector<Value> kept{model.get(std::string_view("beta")), model.get(std::string_view("breaks")),
                          model.get(std::string_view("degree"))};
  const Arguments of_model(a.function(), kept);
  if (kept[0].is_void() || kept[1].is_void() || kept[2].is_void())
    a.refuse("model", "must be what piecewiseLinFit gives.");
  auto beta = numbers_argument(a, 2, "beta"), breaks = numbers_argument(a, 3, "breaks");
  if (beta.empty()) beta = numbers_argument(of_model, 0, "beta");
  if (breaks.empty()) breaks = numbers_argument(of_model, 1, "breaks");
  const auto degree = of_model.integer(2, "degree");
  const auto x = numbers_argument(a, 1, "X");
  if (breaks.size() < 2 || beta.size() != basis({}, breaks, degree).size())
    a.refuse("beta", "must have as many numbers as the pieces need.");
  const Value result = numbers_value(evaluated(x, breaks, beta, degree));
  return a[1].is_scalar() ? result.vector().at(0) : result;
}

}  // namespace

void register_piecewise(Registry& registry) {
  const auto row = [&](Declaration d) {
    d.nulls = "Nulls are refused.";
    declare(registry, kFamily, Nature::kWhole, std::move(d));
  };
  row({"piecewiseLinFit",
       "X, Y, numSegments, [XC], [YC], [bounds], [lapackDriver='gelsd'], [degree=1], [weights], [method='de'], "
       "[maxIter], [initialGuess], [seed]",
       fit,
       "A continuous line in numSegments pieces with the least squares of errors, its breaks included; for predict. "
       "The "
       "squares are solved in one way whatever lapackDriver says.",
       "m = piecewiseLinFit(0 1 2 3 4 5 6, 0 1 2 3 2 1 0, 2, seed=1); round(m.breaks, 4)", "[0,3,6]"});
  row({"pwlfPredict", "model, X, [beta], [breaks]", predict,
       "The values of a line in pieces that piecewiseLinFit made.",
       "m = piecewiseLinFit(0 1 2 3 4 5 6, 0 1 2 3 2 1 0, 2, seed=1); round(pwlfPredict(m, 1.5 4.5), 4)", "[1.5,1.5]"});
}

}  // namespace pelorus::functions
