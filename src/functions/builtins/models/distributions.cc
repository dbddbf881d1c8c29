// Distributions: cdf and inverse cdf, element by element.

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/logistic.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/distributions/uniform.hpp>
#include <boost/math/distributions/weibull.hpp>

#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/lift.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "distributions";

namespace law = boost::math;

/// What the parameters p give at x; may throw what Boost throws for bad parameters.
using Curve = double (*)(const double* p, double x);

struct Row {
  std::string_view name;
  std::string_view parameters;  // ending in X
  size_t count;                 // parameters before X
  Curve curve;
  std::string_view summary;
  std::string_view example;
  std::string_view result;
};

/// The distribution's share up to x, which may lie outside of its support.
template <class Law>
double share_below(const Law& distribution, double x) {
  const auto [low, high] = law::support(distribution);
  if (x < low) return 0;
  return x > high ? 1 : law::cdf(distribution, x);
}

const Row kRows[] = {
    {"cdfNormal", "mean, stdev, X", 2,
     [](const double* p, double x) { return share_below(law::normal(p[0], p[1]), x); },
     "The share of a normal distribution below X.", "cdfNormal(0, 1, 0)", "0.5"},
    {"cdfChiSquare", "df, X", 1, [](const double* p, double x) { return share_below(law::chi_squared(p[0]), x); },
     "The share of a chi-square distribution below X.", "cdfChiSquare(2, 2)", "0.6321205588"},
    {"cdfStudent", "df, X", 1, [](const double* p, double x) { return share_below(law::students_t(p[0]), x); },
     "The share of Student's distribution below X.", "cdfStudent(3, 0)", "0.5"},
    {"cdfF", "numeratorDF, denominatorDF, X", 2,
     [](const double* p, double x) { return share_below(law::fisher_f(p[0], p[1]), x); },
     "The share of an F distribution below X.", "cdfF(2, 2, 1)", "0.5"},
    {"cdfBeta", "alpha, beta, X", 2,
     [](const double* p, double x) { return share_below(law::beta_distribution<>(p[0], p[1]), x); },
     "The share of a beta distribution below X.", "cdfBeta(2, 2, 0.5)", "0.5"},
    {"cdfGamma", "shape, scale, X", 2,
     [](const double* p, double x) { return share_below(law::gamma_distribution<>(p[0], p[1]), x); },
     "The share of a gamma distribution below X.", "cdfGamma(1, 1, 1)", "0.6321205588"},
    {"cdfExp", "mean, X", 1, [](const double* p, double x) { return share_below(law::exponential(1 / p[0]), x); },
     "The share of an exponential distribution below X.", "cdfExp(1, 1)", "0.6321205588"},
    {"cdfUniform", "lower, upper, X", 2,
     [](const double* p, double x) { return share_below(law::uniform(p[0], p[1]), x); },
     "The share of an even distribution below X.", "cdfUniform(0, 4, 1)", "0.25"},
    {"cdfWeibull", "alpha, beta, X", 2,
     [](const double* p, double x) { return share_below(law::weibull(p[0], p[1]), x); },
     "The share of a Weibull distribution below X.", "cdfWeibull(1, 1, 1)", "0.6321205588"},
    {"cdfLogistic", "mean, s, X", 2,
     [](const double* p, double x) { return share_below(law::logistic(p[0], p[1]), x); },
     "The share of a logistic distribution below X.", "cdfLogistic(0, 1, 0)", "0.5"},
    {"cdfPoisson", "mean, X", 1,
     [](const double* p, double x) { return share_below(law::poisson(p[0]), std::floor(x)); },
     "The share of a Poisson distribution up to X.", "cdfPoisson(1, 0)", "0.3678794412"},
    {"pdfNormal", "mean, stdev, X", 2, [](const double* p, double x) { return law::pdf(law::normal(p[0], p[1]), x); },
     "The density of a normal distribution at X.", "pdfNormal(0, 1, 0)", "0.3989422804"},
    {"pdfChiSquare", "df, X", 1, [](const double* p, double x) { return law::pdf(law::chi_squared(p[0]), x); },
     "The density of a chi-square distribution at X.", "pdfChiSquare(2, 0)", "0.5"},
    {"pdfF", "numeratorDF, denominatorDF, X", 2,
     [](const double* p, double x) { return law::pdf(law::fisher_f(p[0], p[1]), x); },
     "The density of an F distribution at X.", "pdfF(2, 2, 1)", "0.25"},
    {"invNormal", "mean, stdev, X", 2,
     [](const double* p, double x) { return law::quantile(law::normal(p[0], p[1]), x); },
     "Below which value the share X of a normal distribution lies.", "invNormal(0, 1, 0.5)", "0"},
    {"invChiSquare", "df, X", 1, [](const double* p, double x) { return law::quantile(law::chi_squared(p[0]), x); },
     "Below which value the share X of a chi-square distribution lies.", "invChiSquare(2, 0.5)", "1.386294361"},
    {"invStudent", "df, X", 1, [](const double* p, double x) { return law::quantile(law::students_t(p[0]), x); },
     "Below which value the share X of Student's distribution lies.", "invStudent(3, 0.5)", "0"},
    {"invF", "numeratorDF, denominatorDF, X", 2,
     [](const double* p, double x) { return law::quantile(law::fisher_f(p[0], p[1]), x); },
     "Below which value the share X of an F distribution lies.", "invF(2, 2, 0.5)", "1"},
    {"invBeta", "alpha, beta, X", 2,
     [](const double* p, double x) { return law::quantile(law::beta_distribution<>(p[0], p[1]), x); },
     "Below which value the share X of a beta distribution lies.", "invBeta(2, 2, 0.5)", "0.5"},
    {"invGamma", "shape, scale, X", 2,
     [](const double* p, double x) { return law::quantile(law::gamma_distribution<>(p[0], p[1]), x); },
     "Below which value the share X of a gamma distribution lies.", "invGamma(1, 1, 0.5)", "0.6931471806"},
    {"invExp", "mean, X", 1, [](const double* p, double x) { return law::quantile(law::exponential(1 / p[0]), x); },
     "Below which value the share X of an exponential distribution lies.", "invExp(1, 0.5)", "0.6931471806"},
    {"invUniform", "lower, upper, X", 2,
     [](const double* p, double x) { return law::quantile(law::uniform(p[0], p[1]), x); },
     "Below which value the share X of an even distribution lies.", "invUniform(0, 4, 0.25)", "1"},
    {"invWeibull", "alpha, beta, X", 2,
     [](const double* p, double x) { return law::quantile(law::weibull(p[0], p[1]), x); },
     "Below which value the share X of a Weibull distribution lies.", "invWeibull(1, 1, 0.5)", "0.6931471806"},
    {"invLogistic", "mean, s, X", 2,
     [](const double* p, double x) { return law::quantile(law::logistic(p[0], p[1]), x); },
     "Below which value the share X of a logistic distribution lies.", "invLogistic(0, 1, 0.5)", "0"},
};

Value on_curve(const Row& row, std::span<Value> args) {
  Arguments a(row.name, args);
  double parameters[2] = {};
  for (size_t i = 0; i < row.count; ++i) parameters[i] = a.number(i, "parameter " + std::to_string(i + 1));
  return lift_map(row.name, args[row.count], Spread::kElements, [&](const Shared<Vector>& vector) {
    Vector result = *as_doubles(row.name, vector);
    try {
      for (auto& x : result.edit<double>()) {
        if (x != types::kNull<double>) x = row.curve(parameters, x);
      }
    } catch (const std::overflow_error&) {
      usage_error(row.name, "The result is infinite.");
    } catch (const std::domain_error&) {
      usage_error(row.name, "A parameter or X is outside of what the distribution allows.");
    }
    return result;
  });
}

}  // namespace

void register_distributions(Registry& registry) {
  for (const auto& row : kRows) {
    declare(registry, kFamily, Nature::kElementwise,
            {row.name, row.parameters, [&row](CallContext&, std::span<Value> args) { return on_curve(row, args); },
             row.summary, row.example, row.result, "Null stays null."});
  }
}

}  // namespace pelorus::functions
