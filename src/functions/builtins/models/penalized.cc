// Linear regression with a penalty on the coefficients: ridge lasso elasticNet.

#include <algorithm>
#include <cmath>

#include "functions/builtins/models/register_penalized.h"
#include "functions/builtins/models/training_rows.h"
#include "functions/call_context.h"
#include "functions/declare.h"
#include "functions/arguments.h"

namespace pelorus::functions {
namespace {

using data::Dictionary;
using types::kNull;
using Column = std::vector<double>;

constexpr std::string_view kFamily = "regression";

/// y explained by columns; rows are weighted.
struct Problem {
  std::vector<std::string> names;
  std::vector<Column> columns;
  Column y;
  Column weights;
};

/// Minimises sum(w (y - Xb - c)^2) / (2 sum(w)) + l1 |b| + l2 |b|^2 / 2.
struct Penalty {
  double l1 = 0, l2 = 0;
  bool positive = false;
};

struct Terms {
  bool intercept = true, normalize = false;
  int64_t rounds_max = 1000;
  double tolerance = 1e-4;
};

struct Solution {
  Column coefficients;
  double intercept = 0;
  double gap = 0;
  int64_t rounds = 0;
};

Problem problem_of(CallContext& context, const Arguments& a, size_t weights_at) {
  const auto table = training_rows(context, a);
  Problem problem{.names = a.texts(2, "xColNames"),
                  .columns = {},
                  .y = training_numbers(a.function(), table, a.text(1, "yColName"))};
  for (const auto& name : problem.names) problem.columns.push_back(training_numbers(a.function(), table, name));
  if (problem.y.empty()) a.refuse("ds", "must have rows.");
  problem.weights.assign(problem.y.size(), 1);
  if (a.has(weights_at) && !a[weights_at].is_null())
    problem.weights = training_numbers(a.function(), table, a.text(weights_at, "swColName"));
  double sum = 0;
  for (const double weight : problem.weights) {
    if (weight < 0) a.refuse("swColName", "must not hold negative weights.");
    sum += weight;
  }
  if (sum <= 0) a.refuse("swColName", "must hold a positive weight.");
  return problem;
}

double weighted_sum(const Column& weights, const Column& a, const Column& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += weights[i] * a[i] * b[i];
  return sum;
}

/// Columns and y less their means (with an intercept) and over their lengths (normalize); undone by `restore`.
struct Centred {
  Column means, lengths;
  double y_mean = 0;

  Centred(Problem& problem, const Terms& terms) {
    const Column ones(problem.y.size(), 1.0);
    const double total = weighted_sum(problem.weights, ones, ones);
    const auto centre = [&](Column& column) {
      const double mean = terms.intercept ? weighted_sum(problem.weights, column, ones) / total : 0;
      for (double& value : column) value -= mean;
      return mean;
    };
    for (auto& column : problem.columns) {
      means.push_back(centre(column));
      const double length = terms.intercept && terms.normalize ? std::sqrt(weighted_sum(ones, column, column)) : 1;
      lengths.push_back(length == 0 ? 1 : length);
      for (double& value : column) value /= lengths.back();
    }
    y_mean = centre(problem.y);
  }

  void restore(Solution* solution) const {
    solution->intercept = y_mean;
    for (size_t c = 0; c < means.size(); ++c) {
      solution->coefficients[c] /= lengths[c];
      solution->intercept -= means[c] * solution->coefficients[c];
    }
  }
};

double soft_threshold(double value, double by) { return value > by ? value - by : value < -by ? value + by : 0; }

/// How far the penalised objective may still be from its least: the gap to the dual problem at the residuals.
double duality_gap(const Problem& problem, const Penalty& penalty, const Column& beta, const Column& residuals,
                   double total) {
  const double l1 = penalty.l1 * total, l2 = penalty.l2 * total;
  double largest = 0, absolute = 0, squares = 0;
  for (size_t c = 0; c < beta.size(); ++c) {
    const double slope = weighted_sum(problem.weights, problem.columns[c], residuals) - l2 * beta[c];
    largest = std::max(largest, penalty.positive ? slope : std::fabs(slope));
    absolute += std::fabs(beta[c]);
    squares += beta[c] * beta[c];
  }
  const double r2 = weighted_sum(problem.weights, residuals, residuals);
  const double scale = largest > l1 && largest > 0 ? l1 / largest : 1;
  return 0.5 * r2 * (1 + scale * scale) + l1 * absolute - scale * weighted_sum(problem.weights, residuals, problem.y) +
         0.5 * l2 * (1 + scale * scale) * squares;
}

/// One coefficient after another, until none moves and the gap is small.
Solution descend(const Problem& problem, const Penalty& penalty, const Terms& terms) {
  Solution solution;
  auto& beta = solution.coefficients;
  beta.assign(problem.columns.size(), 0);
  const Column ones(problem.y.size(), 1.0);
  const double total = weighted_sum(problem.weights, ones, ones);
  const double bound = terms.tolerance * weighted_sum(problem.weights, problem.y, problem.y);
  Column residuals = problem.y, squares;
  for (const auto& column : problem.columns) squares.push_back(weighted_sum(problem.weights, column, column));
  while (solution.rounds < terms.rounds_max) {
    ++solution.rounds;
    double moved = 0, largest = 0;
    for (size_t c = 0; c < beta.size(); ++c) {
      if (squares[c] == 0) continue;
      const auto& column = problem.columns[c];
      const double slope = weighted_sum(problem.weights, column, residuals) + squares[c] * beta[c];
      double next = soft_threshold(slope, penalty.l1 * total) / (squares[c] + penalty.l2 * total);
      if (penalty.positive) next = std::max(next, 0.0);
      const double by = next - beta[c];
      if (by != 0) {
        for (size_t i = 0; i < residuals.size(); ++i) residuals[i] -= by * column[i];
      }
      beta[c] = next;
      moved = std::max(moved, std::fabs(by));
      largest = std::max(largest, std::fabs(next));
    }
    if (largest > 0 && moved / largest > terms.tolerance && solution.rounds < terms.rounds_max) continue;
    solution.gap = duality_gap(problem, penalty, beta, residuals, total);
    if (solution.gap <= bound) break;
  }
  solution.gap /= total;
  return solution;
}

/// (X'WX + alpha) b = X'Wy by Cholesky's factors.
Solution solve_ridge(const Arguments& a, const Problem& problem, double alpha) {
  const size_t n = problem.columns.size();
  std::vector<Column> factor(n, Column(n, 0));
  Solution solution{.coefficients = Column(n, 0), .intercept = 0, .gap = 0, .rounds = 1};
  auto& beta = solution.coefficients;
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k <= i; ++k) {
      double sum = weighted_sum(problem.weights, problem.columns[i], problem.columns[k]) + (i == k ? alpha : 0);
      for (size_t j = 0; j < k; ++j) sum -= factor[i][j] * factor[k][j];
      if (i == k && sum <= 0) a.refuse("xColNames", "must not depend on one another when alpha is 0.");
      factor[i][k] = i == k ? std::sqrt(sum) : sum / factor[k][k];
    }
    beta[i] = weighted_sum(problem.weights, problem.columns[i], problem.y);
    for (size_t j = 0; j < i; ++j) beta[i] -= factor[i][j] * beta[j];
    beta[i] /= factor[i][i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t j = i + 1; j < n; ++j) beta[i] -= factor[j][i] * beta[j];
    beta[i] /= factor[i][i];
  }
  return solution;
}

/// linearPredict(model, X)
Value predict(CallContext&, std::span<Value> args) {
  const Arguments a("linearPredict", args);
  constexpr std::string_view kNeeds = "must be what ridge, lasso or elasticNet give.";
  if (!a[0].is_dictionary()) a.refuse("model", kNeeds);
  const auto& model = a[0].dictionary();
  const Value names = model.get(std::string_view("xColNames")), given = model.get(std::string_view("coefficients")),
              intercept = model.get(std::string_view("intercept"));
  if (!names.is_vector() || !types::is_literal(names.type()) || !given.is_vector() || !intercept.is_scalar() ||
      !types::is_numeric(intercept.type()) || names.vector().size() != given.vector().size())
    a.refuse("model", kNeeds);
  const auto table = table_argument(a.function(), a[1]);
  const auto coefficients = as_doubles(a.function(), given.vector_shared());
  Vector result(Type::kDouble, table.rows());
  auto& out = result.edit<double>();
  std::ranges::fill(out, intercept.scalar().as_double());
  for (size_t c = 0; c < names.vector().size(); ++c) {
    const auto column = training_numbers(a.function(), table, names.vector().at(c).text());
    for (size_t i = 0; i < out.size(); ++i) out[i] += coefficients->values<double>()[c] * column[i];
  }
  return result;
}

Value model_of(CallContext& context, std::string_view name, const Problem& problem, const Solution& solution,
               const Terms& terms, bool has_gap) {
  Dictionary model(Type::kString, Type::kAny, true);
  const auto put = [&](const char* key, const Value& value) { model.set(Scalar::of_string(key), value); };
  Vector coefficients(Type::kDouble, 0);
  for (const double value : solution.coefficients) coefficients.edit<double>().push_back(value);
  put("modelName", Value::of_string(std::string(name)));
  put("coefficients", coefficients);
  put("intercept", Value::of_double(solution.intercept));
  if (has_gap) {
    put("dual_gap", Value::of_double(solution.gap));
    put("tolerance", Value::of_double(terms.tolerance));
    put("iterations", Value::of_int(static_cast<int32_t>(solution.rounds)));
  }
  put("xColNames", Vector::of_strings(Type::kString, problem.names));
  if (const auto by = context.find_function("linearPredict")) put("predict", *by);
  return model;
}

Terms terms_of(const Arguments& a, size_t at) {
  Terms terms{.intercept = a.flag_or(at, "intercept", true), .normalize = a.flag_or(at + 1, "normalize", false)};
  terms.rounds_max = a.integer_or(at + 2, "maxIter", 1000);
  terms.tolerance = a.number_or(at + 3, "tolerance", 1e-4);
  if (terms.rounds_max < 1) a.refuse("maxIter", "must be positive.");
  if (!(terms.tolerance >= 0)) a.refuse("tolerance", "must not be negative.");
  return terms;
}

double alpha_of(const Arguments& a) {
  const double alpha = a.number_or(3, "alpha", 1);
  if (!(alpha >= 0) || !std::isfinite(alpha)) a.refuse("alpha", "must not be negative.");
  return alpha;
}

/// ridge(ds, yColName, xColNames, [alpha], [intercept], [normalize], [maxIter], [tolerance], [solver], [swColName])
Value ridge(CallContext& context, std::span<Value> args) {
  const Arguments a("ridge", args);
  const auto terms = terms_of(a, 4);
  const auto solver = a.text_or(8, "solver", "svd");
  if (solver != "svd" && solver != "cholesky") a.refuse("solver", "must be svd or cholesky.");
  auto problem = problem_of(context, a, 9);
  const Centred centred(problem, terms);
  auto solution = solve_ridge(a, problem, alpha_of(a));
  centred.restore(&solution);
  return model_of(context, "ridge", problem, solution, terms, false);
}

Value descended(CallContext& context, const Arguments& a, const Penalty& penalty, const Terms& terms,
                size_t weights_at) {
  auto problem = problem_of(context, a, weights_at);
  const Centred centred(problem, terms);
  auto solution = descend(problem, penalty, terms);
  centred.restore(&solution);
  return model_of(context, a.function(), problem, solution, terms, true);
}

Value lasso(CallContext& context, std::span<Value> args) {
  const Arguments a("lasso", args);
  const Penalty penalty{.l1 = alpha_of(a), .l2 = 0, .positive = a.flag_or(8, "positive", false)};
  return descended(context, a, penalty, terms_of(a, 4), 9);
}

Value elastic_net(CallContext& context, std::span<Value> args) {
  const Arguments a("elasticNet", args);
  const double alpha = alpha_of(a), share = a.number_or(4, "l1Ratio", 0.5);
  if (!(share >= 0 && share <= 1)) a.refuse("l1Ratio", "must be between 0 and 1.");
  const Penalty penalty{.l1 = alpha * share, .l2 = alpha * (1 - share), .positive = a.flag_or(9, "positive", false)};
  return descended(context, a, penalty, terms_of(a, 5), 10);
}

}  // namespace

void register_penalized(Registry& registry) {
  const auto row = [&](Declaration d) {
    d.nulls = "Nulls are refused.";
    declare(registry, kFamily, Nature::kWhole, std::move(d));
  };
  row({"ridge",
       "ds, yColName, xColNames, [alpha=1.0], [intercept=true], [normalize=false], [maxIter=1000], [tolerance=0.0001], "
       "[solver='svd'], [swColName]",
       ridge, "Least squares with alpha times the squares of the coefficients added: a model for predict.",
       "round(ridge(table(1 3 5 as y, 0 1 2 as x), `y, `x, 0.0)[`coefficients], 6)", "[2]"});
  row({"lasso",
       "ds, yColName, xColNames, [alpha=1.0], [intercept=true], [normalize=false], [maxIter=1000], [tolerance=0.0001], "
       "[positive=false], [swColName], [checkInput=true]",
       lasso, "Half the mean square of the residuals with alpha times the size of the coefficients added, made least.",
       "round(lasso(table(1 3 5 as y, 0 1 2 as x), `y, `x, 0.5)[`coefficients], 6)", "[1.25]"});
  row({"elasticNet",
       "ds, yColName, xColNames, [alpha=1.0], [l1Ratio=0.5], [intercept=true], [normalize=false], [maxIter=1000], "
       "[tolerance=0.0001], [positive=false], [swColName], [checkInput=true]",
       elastic_net, "As lasso, with a part of alpha, 1 - l1Ratio, for half the squares of the coefficients.",
       "round(elasticNet(table(1 3 5 as y, 0 1 2 as x), `y, `x, 0.5, 1.0)[`coefficients], 6)", "[1.25]"});
  row({"linearPredict", "model, X", predict,
       "What a model of ridge, lasso or elasticNet says about the rows of a table; predict(model, X) calls it.",
       "round(linearPredict(ridge(table(1 3 5 as y, 0 1 2 as x), `y, `x, 0.0), table(0 10 as x)), 6)", "[1,21]"});
}

}  // namespace pelorus::functions
