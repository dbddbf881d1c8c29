// Linear regression: ols wls polyFit polyPredict residual.

#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <cmath>

#include "functions/aggregate_states.h"
#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "regression";
constexpr std::string_view kNulls = "Rows with a null are left out.";

using data::Table;
using types::kNull;
using Column = std::vector<double>;

/// One regression: y explained by `columns`, the first of which are ones when there is an intercept.
struct Problem {
  Column y;
  std::vector<Column> columns;
  std::vector<std::string> names;
  Column weights;  // empty: all one
  bool intercept = true;
  std::vector<size_t> rows;  // positions in the arguments that take part
  size_t rows_given = 0;

  double weight(size_t i) const { return weights.empty() ? 1 : weights[i]; }
};

struct Fit {
  Column beta;
  Column error_factors;  // diagonal of (X'WX)^-1
  Column residuals;      // unweighted
  double residual_squares = 0;
  double total_squares = 0;
};

Column numbers(std::string_view name, const Shared<Vector>& x) {
  const auto values = numeric_doubles(name, x);
  return {doubles(values).begin(), doubles(values).end()};
}

/// The explaining columns of a vector, matrix, table or tuple of vectors.
std::vector<Column> factors_of(std::string_view name, const Value& x, std::vector<std::string>* names) {
  std::vector<Column> columns;
  if (x.is_matrix()) {
    for (size_t c = 0; c < x.matrix().columns; ++c)
      columns.push_back(numbers(name, Shared<Vector>(x.matrix().column(c))));
  } else if (x.is_table()) {
    const auto table = table_argument(name, x);
    for (size_t c = 0; c < table.columns(); ++c) columns.push_back(numbers(name, table.column_shared(c)));
  } else if (x.is_tuple()) {
    for (const auto& part : x.vector().values_any()) {
      const auto elements = elements_of(part);
      if (!elements) usage_error(name, "X must be a vector, a matrix, a table or a tuple of vectors.");
      columns.push_back(numbers(name, *elements));
    }
  } else if (x.is_vector()) {
    columns.push_back(numbers(name, x.vector_shared()));
  } else {
    usage_error(name, "X must be a vector, a matrix, a table or a tuple of vectors.");
  }
  for (size_t c = 0; c < columns.size(); ++c)
    names->push_back(x.is_table() ? table_argument(name, x).names()[c] : "beta" + std::to_string(c));
  return columns;
}

Problem problem_of(std::string_view name, const Value& y, const Value& x, bool intercept, const Value& weights) {
  Problem given{.intercept = intercept}, problem{.intercept = intercept};
  const auto explained = elements_of(y);
  if (!explained) usage_error(name, "Y must be a vector.");
  given.y = numbers(name, *explained);
  if (intercept) {
    given.columns.emplace_back(given.y.size(), 1.0);
    given.names.push_back("intercept");
  }
  for (auto& column : factors_of(name, x, &given.names)) given.columns.push_back(std::move(column));
  // Named beta0, beta1 … in the order of their coefficients.
  for (size_t c = intercept ? 1 : 0; c < given.names.size() && !x.is_table(); ++c)
    given.names[c] = "beta" + std::to_string(c);
  if (const auto w = elements_of(weights); w && !weights.is_void()) given.weights = numbers(name, *w);
  if (!given.weights.empty() && given.weights.size() != given.y.size())
    refuse_lengths(name, given.y.size(), given.weights.size());
  for (const auto& column : given.columns) {
    if (column.size() != given.y.size()) refuse_lengths(name, given.y.size(), column.size());
  }
  problem.rows_given = given.y.size();
  problem.names = given.names;
  problem.columns.resize(given.columns.size());
  for (size_t i = 0; i < given.y.size(); ++i) {
    bool complete = given.y[i] != kNull<double> && (given.weights.empty() || given.weights[i] != kNull<double>);
    for (const auto& column : given.columns) complete = complete && column[i] != kNull<double>;
    if (!complete) continue;
    problem.rows.push_back(i);
    problem.y.push_back(given.y[i]);
    if (!given.weights.empty()) problem.weights.push_back(given.weights[i]);
    for (size_t c = 0; c < given.columns.size(); ++c) problem.columns[c].push_back(given.columns[c][i]);
  }
  return problem;
}

double inner(const Column& a, const Column& b, size_t from) {
  double sum = 0;
  for (size_t i = from; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Householder's triangular form of the weighted columns, applied to the weighted y as well; the columns keep R.
void triangulate(std::vector<Column>& q, Column& y) {
  for (size_t k = 0; k < q.size() && k < y.size(); ++k) {
    Column mirror(y.size(), 0.0);
    for (size_t i = k; i < y.size(); ++i) mirror[i] = q[k][i];
    const double length = std::sqrt(inner(mirror, mirror, k));
    if (length == 0) continue;
    mirror[k] += mirror[k] >= 0 ? length : -length;
    const double square = inner(mirror, mirror, k);
    const auto reflect = [&](Column& column) {
      const double factor = 2 * inner(mirror, column, k) / square;
      for (size_t i = k; i < column.size(); ++i) column[i] -= factor * mirror[i];
    };
    for (size_t c = k; c < q.size(); ++c) reflect(q[c]);
    reflect(y);
  }
}

/// Diagonal of (R'R)^-1: squared rows of R^-1.
Column error_factors_of(const std::vector<Column>& r) {
  const size_t n = r.size();
  Column factors(n, 0.0);
  for (size_t c = 0; c < n; ++c) {
    Column inverse(n, 0.0);  // column c of R^-1
    for (size_t i = c + 1; i-- > 0;) {
      double sum = i == c ? 1 : 0;
      for (size_t k = i + 1; k <= c; ++k) sum -= r[k][i] * inverse[k];
      inverse[i] = sum / r[i][i];
      factors[i] += inverse[i] * inverse[i];
    }
  }
  return factors;
}

Fit fit_of(std::string_view name, const Problem& problem) {
  const size_t n = problem.y.size(), p = problem.columns.size();
  if (p == 0) usage_error(name, "There are no factors.");
  if (n < p) usage_error(name, "There must be at least as many complete rows as coefficients.");
  auto r = problem.columns;
  auto y = problem.y;
  for (size_t i = 0; i < n; ++i) {
    const double root = std::sqrt(problem.weight(i));
    y[i] *= root;
    for (auto& column : r) column[i] *= root;
  }
  triangulate(r, y);
  Fit fit{.beta = Column(p), .error_factors = {}, .residuals = problem.y};
  double largest = 0;
  for (size_t k = 0; k < p; ++k) largest = std::max(largest, std::fabs(r[k][k]));
  for (size_t k = p; k-- > 0;) {
    if (std::fabs(r[k][k]) <= largest * 1e-13)
      throw ScriptError(std::string(name) + ": the factors depend on one another.");
    double sum = y[k];
    for (size_t c = k + 1; c < p; ++c) sum -= r[c][k] * fit.beta[c];
    fit.beta[k] = sum / r[k][k];
  }
  fit.error_factors = error_factors_of(r);
  double mean = 0, weights = 0;
  for (size_t i = 0; i < n; ++i) mean += problem.weight(i) * problem.y[i], weights += problem.weight(i);
  mean = problem.intercept && weights != 0 ? mean / weights : 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t c = 0; c < p; ++c) fit.residuals[i] -= fit.beta[c] * problem.columns[c][i];
    fit.residual_squares += problem.weight(i) * fit.residuals[i] * fit.residuals[i];
    fit.total_squares += problem.weight(i) * (problem.y[i] - mean) * (problem.y[i] - mean);
  }
  return fit;
}

Vector vector_of_numbers(const Column& numbers) {
  Vector result(Type::kDouble, numbers.size());
  std::copy(numbers.begin(), numbers.end(), result.edit<double>().begin());
  return result;
}
Vector texts(std::vector<std::string> values) { return Vector::of_strings(Type::kString, std::move(values)); }

Table coefficients_of(const Problem& problem, const Fit& fit) {
  namespace law = boost::math;
  const double freedom = static_cast<double>(problem.y.size() - fit.beta.size());
  Column errors, ratios, chances;
  for (size_t k = 0; k < fit.beta.size(); ++k) {
    const double error = freedom > 0 ? std::sqrt(fit.residual_squares / freedom * fit.error_factors[k]) : kNull<double>;
    const bool known = freedom > 0 && error > 0;
    errors.push_back(error);
    ratios.push_back(known ? fit.beta[k] / error : kNull<double>);
    chances.push_back(known ? 2 * law::cdf(law::complement(law::students_t(freedom), std::fabs(fit.beta[k] / error)))
                            : kNull<double>);
  }
  return Table({"factor", "beta", "stdError", "tstat", "pvalue"},
               {texts(problem.names), vector_of_numbers(fit.beta), vector_of_numbers(errors), vector_of_numbers(ratios),
                vector_of_numbers(chances)});
}

/// Everything of mode 2: ANOVA, RegressionStat, Coefficient, Residual.
Value report_of(const Problem& problem, const Fit& fit) {
  namespace law = boost::math;
  const auto n = static_cast<double>(problem.y.size());
  const double explained = static_cast<double>(fit.beta.size()) - (problem.intercept ? 1 : 0);
  const double freedom = n - static_cast<double>(fit.beta.size()), all = explained + freedom;
  const double regression = fit.total_squares - fit.residual_squares;
  const double mean_regression = explained > 0 ? regression / explained : kNull<double>;
  const double mean_residual = freedom > 0 ? fit.residual_squares / freedom : kNull<double>;
  const bool known = explained > 0 && freedom > 0 && mean_residual > 0;
  const double f = known ? mean_regression / mean_residual : kNull<double>;
  const double chance = known ? law::cdf(law::complement(law::fisher_f(explained, freedom), f)) : kNull<double>;
  const double square = fit.total_squares > 0 ? 1 - fit.residual_squares / fit.total_squares : kNull<double>;
  const double adjusted = fit.total_squares > 0 && freedom > 0 ? 1 - (1 - square) * all / freedom : kNull<double>;
  Vector residuals = Vector::nulls(Type::kDouble, problem.rows_given);
  for (size_t i = 0; i < problem.rows.size(); ++i) residuals.edit<double>()[problem.rows[i]] = fit.residuals[i];
  data::Dictionary result(Type::kString, Type::kAny, true);
  const auto put = [&](const char* name, Value value) { result.set(Scalar::of_string(name), value); };
  constexpr double kNone = kNull<double>;
  put("ANOVA", Table({"Breakdown", "DF", "SS", "MS", "F", "Significance"},
                     {texts({"Regression", "Residual", "Total"}), vector_of_numbers({explained, freedom, all}),
                      vector_of_numbers({regression, fit.residual_squares, fit.total_squares}),
                      vector_of_numbers({mean_regression, mean_residual, kNone}), vector_of_numbers({f, kNone, kNone}),
                      vector_of_numbers({chance, kNone, kNone})}));
  put("RegressionStat",
      Table({"item", "statistics"},
            {texts({"R2", "AdjustedR2", "StdError", "Observations"}),
             vector_of_numbers({square, adjusted, freedom > 0 ? std::sqrt(mean_residual) : kNone, n})}));
  put("Coefficient", coefficients_of(problem, fit));
  put("Residual", residuals);
  return result;
}

Value answer(const Arguments& a, const Problem& problem, size_t mode_at) {
  const auto mode = a.integer_or(mode_at, "mode", 0);
  if (mode < 0 || mode > 2) a.refuse("mode", "must be 0, 1 or 2.");
  const auto fit = fit_of(a.function(), problem);
  if (mode == 0) return vector_of_numbers(fit.beta);
  if (mode == 1) return coefficients_of(problem, fit);
  return report_of(problem, fit);
}

Value ordinary(CallContext&, std::span<Value> args) {
  Arguments a("ols", args);
  return answer(a, problem_of("ols", args[0], args[1], a.flag_or(2, "intercept", true), Value::null()), 3);
}

Value weighted(CallContext&, std::span<Value> args) {
  Arguments a("wls", args);
  return answer(a, problem_of("wls", args[0], args[1], a.flag_or(3, "intercept", true), args[2]), 4);
}

Value residual(CallContext&, std::span<Value> args) {
  Arguments a("residual", args);
  const auto y = numbers("residual", a.vector(0, "Y")), beta = numbers("residual", a.vector(2, "params"));
  const bool intercept = a.flag_or(3, "intercept", true);
  std::vector<std::string> names;
  auto columns = factors_of("residual", args[1], &names);
  if (intercept) columns.insert(columns.begin(), Column(y.size(), 1.0));
  if (columns.size() != beta.size()) refuse_lengths("residual", columns.size(), beta.size());
  Column result = y;
  for (size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].size() != y.size()) refuse_lengths("residual", y.size(), columns[c].size());
    for (size_t i = 0; i < y.size(); ++i) {
      const bool known = result[i] != kNull<double> && columns[c][i] != kNull<double>;
      result[i] = known ? result[i] - beta[c] * columns[c][i] : kNull<double>;
    }
  }
  return vector_of_numbers(result);
}

constexpr int64_t kDegreeMax = 50;

Value fit_polynomial(CallContext&, std::span<Value> args) {
  Arguments a("polyFit", args);
  const auto degree = a.integer(2, "n");
  if (degree < 0 || degree > kDegreeMax) a.refuse("n", "must be between 0 and 50.");
  const auto x = a.vector(0, "X");
  std::vector<Value> powers;
  Column power = numbers("polyFit", x);
  const Column base = power;
  for (int64_t k = 1; k <= degree; ++k) {
    powers.emplace_back(vector_of_numbers(power));
    for (size_t i = 0; i < base.size(); ++i) power[i] = base[i] == kNull<double> ? base[i] : power[i] * base[i];
  }
  const auto problem = problem_of("polyFit", args[1], Vector::tuple(std::move(powers)), true, Value::null());
  return vector_of_numbers(fit_of("polyFit", problem).beta);
}

Value predict_polynomial(CallContext&, std::span<Value> args) {
  const auto coefficients = numbers("polyPredict", Arguments("polyPredict", args).vector(0, "model"));
  return lift_map("polyPredict", args[1], Spread::kElements, [&](const Shared<Vector>& vector) {
    auto result = numbers("polyPredict", vector);
    for (auto& x : result) {
      if (x == kNull<double>) continue;
      double sum = 0;
      for (size_t k = coefficients.size(); k-- > 0;) sum = sum * x + coefficients[k];
      x = sum;
    }
    return vector_of_numbers(result);
  });
}

}  // namespace

void register_least_squares(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"ols", "Y, X, [intercept=true], [mode=0], [method='default']", ordinary,
       "Least squares of Y on X: 0 the coefficients, 1 a table of them, 2 also the analysis of variance and residuals.",
       "ols(1 3 5 8, 0 1 2 3)", "[0.8,2.3]", kNulls});
  registry.add_alias("olsEx", "ols");
  row({"wls", "Y, X, W, [intercept=true], [mode=0]", weighted, "Least squares of Y on X with weights.",
       "wls(1 3 5, 0 1 2, 1 2 1)", "[1,2]", kNulls});
  row({"residual", "Y, X, params, [intercept=true]", residual, "What coefficients leave unexplained.",
       "residual(1 3 6, 0 1 2, 1 2)", "[0,0,1]", "Null stays null."});
  row({"polyFit", "X, Y, n", fit_polynomial, "The coefficients of a polynomial of degree n, from the constant on.",
       "polyFit(0 1 2 3, 1 2 5 10, 2)", "[1,0,1]", kNulls});
  row({"polyPredict", "model, X", predict_polynomial, "The values of a polynomial.", "polyPredict(1 0 1, 2 3)",
       "[5,10]", "Null stays null."});
}

}  // namespace pelorus::functions
