// Yield curves of Nelson and Siegel (1987) and Svensson (1994): ns nss nssPredict.

#include <algorithm>
#include <cmath>

#include "functions/aggregate_states.h"
#include "functions/builtins/finance/register_finance.h"
#include "functions/builtins/finance/yield_curves.h"
#include "functions/builtins/models/minima.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "yield-curves";
constexpr size_t kPlainNumbers = 4, kSvenssonNumbers = 6;

/// Mean of e^-u over 0 … x.
double decay(double x) { return x == 0 ? 1 : -std::expm1(-x) / x; }

struct Points {
  std::vector<double> years, yields;
};

/// Pairs without nulls.
Points points_of(const Arguments& a) {
  const auto years = numeric_doubles(a.function(), a.vector(0, "maturity"));
  const auto yields = numeric_doubles(a.function(), a.vector(1, "yield"));
  if (years->size() != yields->size()) a.refuse("yield", "must have a value for each maturity.");
  Points points;
  for (size_t i = 0; i < years->size(); ++i) {
    if (years->is_null_at(i) || yields->is_null_at(i)) continue;
    if (years->values<double>()[i] < 0) a.refuse("maturity", "must not be negative.");
    points.years.push_back(years->values<double>()[i]);
    points.yields.push_back(yields->values<double>()[i]);
  }
  if (points.years.empty()) a.refuse("yield", "must have a value that is not null.");
  return points;
}

Point first_guess(const Arguments& a, size_t numbers) {
  Point guess(numbers, 0.01);
  std::fill(guess.begin() + (numbers == kPlainNumbers ? 3 : 4), guess.end(), 1.0);
  if (!a.has(5) || a[5].is_void()) return guess;
  const auto given = numeric_doubles(a.function(), a.vector(5, "initialGuess"));
  if (given->size() != numbers) a.refuse("initialGuess", "must have " + std::to_string(numbers) + " numbers.");
  return {given->values<double>().begin(), given->values<double>().end()};
}

/// Without an argument: yields of up to 100 %, humps within 30 years.
std::vector<Bound> bounds_of(const Arguments& a, size_t numbers) {
  if (a.has(4) && !a[4].is_void()) return bounds_argument(a, 4, numbers);
  std::vector<Bound> bounds(numbers, Bound{-1, 1});
  std::fill(bounds.begin() + (numbers == kPlainNumbers ? 3 : 4), bounds.end(), Bound{0.01, 30});
  return bounds;
}

Value fit(CallContext& context, std::string_view name, size_t numbers, std::span<Value> args) {
  const Arguments a(name, args);
  const auto points = points_of(a);
  const auto objective = [&points](const Point& p) {
    double squares = 0;
    for (size_t i = 0; i < points.years.size(); ++i) {
      const double error = yield_at(p, points.years[i]) - points.yields[i];
      squares += error * error;
    }
    return squares;
  };
  const auto method = a.text_or(2, "method", "nm");
  const auto turns = a.has(3) && !a[3].is_void() ? a.integer(3, "maxIter") : int64_t{0};
  if (turns < 0) a.refuse("maxIter", "must be positive.");
  Minimum found;
  if (method == "nm") {
    found = minimise_by_simplex(objective, first_guess(a, numbers),
                                {.x_tolerance = 1e-8,
                                 .value_tolerance = 1e-12,
                                 .iterations_max = turns,
                                 .calls_max = turns > 0 ? turns * 4 : int64_t{0}});
  } else if (method == "bfgs") {
    found = minimise_by_bfgs(objective, {}, first_guess(a, numbers), {.iterations_max = turns});
  } else if (method == "de") {
    const bool has_seed = a.has(6) && !a[6].is_void();
    std::mt19937_64 seeded(has_seed ? static_cast<uint64_t>(a.integer(6, "seed")) : context.random()());
    EvolutionOptions options;
    if (turns > 0) options.iterations_max = turns;
    found = minimise_by_evolution(objective, bounds_of(a, numbers), seeded, options);
  } else {
    a.refuse("method", "must be nm, bfgs or de; lbfgs and slsqp are not available.");
  }
  data::Dictionary model(Type::kString, Type::kAny, true);
  model.set(Scalar::of_string("modelName"), Value::of_string(std::string(name)));
  model.set(Scalar::of_string("params"), numbers_value(found.at));
  model.set(Scalar::of_string("fminResult"), minimum_value(found));
  if (const auto predict = context.find_function("nssPredict")) model.set(Scalar::of_string("predict"), *predict);
  return model;
}

Value predict(CallContext&, std::span<Value> args) {
  const Arguments a("nssPredict", args);
  const Value given = a[0].is_dictionary() ? a[0].dictionary().get(std::string_view("params")) : Value();
  const auto numbers = elements_of(given);
  const bool fits = numbers && ((*numbers)->size() == kPlainNumbers || (*numbers)->size() == kSvenssonNumbers);
  if (!fits || given.is_scalar())
    a.refuse("model", "must be a dictionary with 4 or 6 numbers at params, as ns and nss give.");
  const auto p = numeric_doubles(a.function(), *numbers);
  const Point point(p->values<double>().begin(), p->values<double>().end());
  const auto years = numeric_doubles(a.function(), a.vector(1, "T"));
  Vector result(Type::kDouble, years->size());
  for (size_t i = 0; i < years->size(); ++i)
    result.edit<double>()[i] =
        years->is_null_at(i) ? types::kNull<double> : yield_at(point, years->values<double>()[i]);
  return a[1].is_scalar() ? result.at(0) : Value(std::move(result));
}

}  // namespace

double yield_at(const std::vector<double>& p, double years) {
  const bool has_second = p.size() == kSvenssonNumbers;
  const double x = years / p[has_second ? 4 : 3];
  double yield = p[0] + p[1] * decay(x) + p[2] * (decay(x) - std::exp(-x));
  if (has_second) {
    const double z = years / p[5];
    yield += p[3] * (decay(z) - std::exp(-z));
  }
  return yield;
}

void register_yield_curves(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  constexpr std::string_view kNulls = "Pairs with a null are left out.";
  row({"ns", "maturity, yield, [method='nm'], [maxIter], [bounds], [initialGuess], [seed]",
       [](CallContext& context, std::span<Value> args) { return fit(context, "ns", kPlainNumbers, args); },
       "Fits Nelson and Siegel's yield curve: a dictionary of modelName, params, fminResult and predict.",
       "m = ns(1 2 3 5 10 20 30, 0.01 0.015 0.018 0.022 0.026 0.028 0.029, \"bfgs\"); "
       "abs(predict(m, 5.0) - 0.022) < 0.002",
       "true", kNulls});
  row({"nss", "maturity, yield, [method='nm'], [maxIter], [bounds], [initialGuess], [seed]",
       [](CallContext& context, std::span<Value> args) { return fit(context, "nss", kSvenssonNumbers, args); },
       "Fits Svensson's yield curve, Nelson and Siegel's with a second hump.",
       "m = nss(1 2 3 5 10 20 30, 0.01 0.015 0.018 0.022 0.026 0.028 0.029); abs(predict(m, 5.0) - 0.022) < 0.002",
       "true", kNulls});
  row({"nssPredict", "model, T", predict, "Yields of a curve that ns or nss fitted, T years away.",
       "nssPredict(dict(`modelName`params, (\"ns\", 0.03 -0.02 0.01 2)), 1 10)", "[0.0160653066,0.02794609642]",
       "Null stays null."});
}

}  // namespace pelorus::functions
