// fmin fminBFGS differentialEvolution, and how minima are shown.

#include "functions/builtins/models/minima.h"

#include <algorithm>

#include "functions/aggregate_states.h"
#include "functions/builtins/models/register_models.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "minima";

Point point_argument(const Arguments& a, size_t i, std::string_view parameter) {
  const auto given = numeric_doubles(a.function(), a.vector(i, parameter));
  for (size_t k = 0; k < given->size(); ++k) {
    if (given->is_null_at(k)) a.refuse(parameter, "must not hold nulls.");
  }
  if (given->size() == 0) a.refuse(parameter, "must have a number.");
  return {given->values<double>().begin(), given->values<double>().end()};
}

/// The function gets what X0 is: a number or a vector.
Objective objective_of(const Arguments& a, CallContext& context, bool is_scalar) {
  if (!a[0].is_function()) a.refuse("func", "must be a function.");
  return [&context, function = a[0], name = a.function(), is_scalar](const Point& at) {
    const Value point = is_scalar ? Value::of_double(at[0]) : numbers_value(at);
    const Value given = context.call(function, {point});
    const auto elements = elements_of(given);
    const Value number = elements && (*elements)->size() == 1 ? (*elements)->at(0) : Value();
    if (!number.is_scalar() || !types::is_numeric(number.type()))
      throw ScriptError(std::string(name) + ": func must give a number.");
    return number.is_null() ? std::numeric_limits<double>::quiet_NaN() : number.scalar().as_double();
  };
}

Gradient gradient_of(const Arguments& a, size_t i, CallContext& context, bool is_scalar) {
  if (!a.has(i) || a[i].is_void()) return {};
  if (!a[i].is_function()) a.refuse("fprime", "must be a function.");
  return [&context, function = a[i], name = a.function(), is_scalar](const Point& at) {
    const Value given = context.call(function, {is_scalar ? Value::of_double(at[0]) : numbers_value(at)});
    const auto parts = elements_of(given);
    if (!parts || (*parts)->size() != at.size())
      throw ScriptError(std::string(name) + ": fprime must give a number for each of X0.");
    const auto numbers = numeric_doubles(name, *parts);
    return Point(numbers->values<double>().begin(), numbers->values<double>().end());
  };
}

bool given(const Arguments& a, size_t i) { return a.has(i) && !a[i].is_void(); }

/// fmin(func, X0, [fargs], [xtol], [ftol], [maxIter], [maxFun])
Value by_simplex(CallContext& context, std::span<Value> args) {
  const Arguments a("fmin", args);
  if (given(a, 2)) a.refuse("fargs", "is not available; fix the other arguments with func{, y}.");
  SimplexOptions options;
  if (given(a, 3)) options.x_tolerance = a.number(3, "xtol");
  if (given(a, 4)) options.value_tolerance = a.number(4, "ftol");
  if (given(a, 5)) options.iterations_max = a.integer(5, "maxIter");
  if (given(a, 6)) options.calls_max = a.integer(6, "maxFun");
  const auto start = point_argument(a, 1, "X0");
  return minimum_value(minimise_by_simplex(objective_of(a, context, a[1].is_scalar()), start, options));
}

/// fminBFGS(func, X0, [fprime], [gtol], [norm], [epsilon], [maxIter], [xrtol], [c1], [c2])
Value by_bfgs(CallContext& context, std::span<Value> args) {
  const Arguments a("fminBFGS", args);
  if (given(a, 4)) a.refuse("norm", "is not available; the largest part of the gradient is looked at.");
  BfgsOptions options;
  if (given(a, 3)) options.gradient_tolerance = a.number(3, "gtol");
  if (given(a, 5)) options.epsilon = a.number(5, "epsilon");
  if (given(a, 6)) options.iterations_max = a.integer(6, "maxIter");
  if (given(a, 7) && a.number(7, "xrtol") != 0) a.refuse("xrtol", "must be 0; the gradient ends the search.");
  if (given(a, 8)) options.decrease = a.number(8, "c1");
  if (given(a, 9)) options.flatness = a.number(9, "c2");
  if (!(options.decrease > 0 && options.decrease < options.flatness && options.flatness < 1))
    a.refuse("c2", "must be larger than c1, both between 0 and 1.");
  if (options.gradient_tolerance <= 0 || options.epsilon <= 0) a.refuse("gtol", "and epsilon must be positive.");
  const auto start = point_argument(a, 1, "X0");
  const bool is_scalar = a[1].is_scalar();
  return minimum_value(
      minimise_by_bfgs(objective_of(a, context, is_scalar), gradient_of(a, 2, context, is_scalar), start, options));
}

}  // namespace

Value numbers_value(const std::vector<double>& numbers) {
  Vector vector(Type::kDouble, numbers.size());
  std::copy(numbers.begin(), numbers.end(), vector.edit<double>().begin());
  return vector;
}

Value minimum_value(const Minimum& minimum) {
  data::Dictionary result(Type::kString, Type::kAny, true);
  const auto put = [&](const char* name, Value value) { result.set(Scalar::of_string(name), value); };
  put("xopt", numbers_value(minimum.at));
  put("fopt", Value::of_double(minimum.value));
  if (!minimum.gradient.empty()) put("gopt", numbers_value(minimum.gradient));
  put("iterations", Value::of_long(minimum.iterations));
  if (!minimum.curvature.empty()) {
    std::vector<double> flat;
    for (const auto& column : minimum.curvature) flat.insert(flat.end(), column.begin(), column.end());
    const size_t n = minimum.curvature.size();
    put("Hinv", data::Matrix{.values = numbers_value(flat).vector(), .rows = n, .columns = n});
  }
  put("warnFlag", Value::of_int(minimum.warning));
  put("fcalls", Value::of_long(minimum.calls));
  if (!minimum.gradient.empty()) put("gcalls", Value::of_long(minimum.gradient_calls));
  return result;
}

std::vector<Bound> bounds_argument(const Arguments& a, size_t i, size_t numbers) {
  if (!a[i].is_matrix() || a[i].matrix().rows != numbers || a[i].matrix().columns != 2)
    a.refuse("bounds", "must be a matrix of " + std::to_string(numbers) + " rows and two columns.");
  const auto values = numeric_doubles(a.function(), Shared<Vector>(a[i].matrix().values));
  std::vector<Bound> bounds;
  for (size_t r = 0; r < numbers; ++r) {
    const Bound bound{values->values<double>()[r], values->values<double>()[r + numbers]};
    if (values->is_null_at(r) || values->is_null_at(r + numbers) || bound.high < bound.low)
      a.refuse("bounds", "must have the least, then the most of each number.");
    bounds.push_back(bound);
  }
  return bounds;
}

void register_minima(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"fmin", "func, X0, [fargs], [xtol=0.0001], [ftol=0.0001], [maxIter], [maxFun]", by_simplex,
       "A minimum of a function near X0, by Nelder and Mead's simplex: a dictionary of xopt, fopt, iterations, fcalls "
       "and warnFlag (1: maxFun, 2: maxIter reached).",
       "round(fmin(x -> square(x[0] - 3) + square(x[1] + 1), 1.0 1.0).xopt, 3)", "[3,-1]", "Nulls are refused."});
  row({"fminBFGS",
       "func, X0, [fprime], [gtol=1e-5], [norm], [epsilon=1.4901161193847656e-08], [maxIter], [xrtol=0], [c1=1e-4], "
       "[c2=0.9]",
       by_bfgs, "A minimum of a smooth function near X0, by BFGS; fprime is its gradient.",
       "round(fminBFGS(x -> square(x[0] - 3) + square(x[1] + 1), 1.0 1.0).xopt, 4)", "[3,-1]", "Nulls are refused."});
}

}  // namespace pelorus::functions
