// Curves through points, areas under functions, moving regressions: kroghInterpolate integral mslr.

#include <boost/math/quadrature/gauss_kronrod.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "functions/aggregate_states.h"
#include "functions/builtins/models/register_models.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "interpolation";

std::vector<double> numbers_of(const Arguments& a, size_t i, std::string_view parameter) {
  const auto values = numeric_doubles(a.function(), a.vector(i, parameter));
  for (size_t r = 0; r < values->size(); ++r) {
    if (values->is_null_at(r)) a.refuse(parameter, "must not hold nulls.");
  }
  return {values->values<double>().begin(), values->values<double>().end()};
}

/// Coefficients of Newton's form; of equal x's that follow one another the later y's are derivatives, in order.
std::vector<double> newton_coefficients(const std::vector<double>& x, const std::vector<double>& y) {
  const size_t n = x.size();
  std::vector<size_t> first(n);  // of the equal ones
  for (size_t i = 0; i < n; ++i) first[i] = i > 0 && x[i] == x[i - 1] ? first[i - 1] : i;
  // differences[i] belongs to the points up to i of the order being worked out.
  std::vector<double> differences(n);
  for (size_t i = 0; i < n; ++i) differences[i] = y[first[i]];
  std::vector<double> coefficients(n);
  double factorial = 1;
  for (size_t order = 0; order < n; ++order) {
    if (order > 0) {
      factorial *= static_cast<double>(order);
      for (size_t i = n; i-- > order;) {
        const bool equal = x[i] == x[i - order];
        differences[i] =
            equal ? y[first[i] + order] / factorial : (differences[i] - differences[i - 1]) / (x[i] - x[i - order]);
      }
    }
    coefficients[order] = differences[order];
  }
  return coefficients;
}

/// kroghInterpolate(X, Y, newX, [der=0])
Value krogh(CallContext&, std::span<Value> args) {
  const Arguments a("kroghInterpolate", args);
  const auto x = numbers_of(a, 0, "X"), y = numbers_of(a, 1, "Y"), at = numbers_of(a, 2, "newX");
  if (x.size() != y.size()) refuse_lengths(a.function(), x.size(), y.size());
  if (x.empty()) a.refuse("X", "must have a point.");
  for (size_t i = 1; i < x.size(); ++i) {
    const auto here = x.begin() + static_cast<std::ptrdiff_t>(i);
    if (x[i] != x[i - 1] && std::find(x.begin(), here, x[i]) != here)
      a.refuse("X", "must have equal points next to each other.");
  }
  const auto derivative = a.integer_or(3, "der", 0);
  if (derivative < 0) a.refuse("der", "must not be negative.");
  const auto coefficients = newton_coefficients(x, y);
  const auto orders = static_cast<size_t>(derivative) + 1;
  Vector result(Type::kDouble, at.size());
  for (size_t p = 0; p < at.size(); ++p) {
    // By Horner's rule, derivatives over their factorials along with the value.
    std::vector<double> values(orders, 0.0);
    values[0] = coefficients.back();
    for (size_t k = coefficients.size() - 1; k-- > 0;) {
      for (size_t d = orders - 1; d > 0; --d) values[d] = values[d] * (at[p] - x[k]) + values[d - 1];
      values[0] = values[0] * (at[p] - x[k]) + coefficients[k];
    }
    double factorial = 1;
    for (size_t d = 2; d < orders; ++d) factorial *= static_cast<double>(d);
    result.edit<double>()[p] = values[orders - 1] * factorial;
  }
  if (args[2].is_scalar()) return result.at(0);
  return result;
}

constexpr unsigned int kDepthMax = 12;
constexpr double kTolerance = 1e-10;

double bound_of(const Arguments& a, const Value& value, std::string_view parameter) {
  if (!value.is_scalar() || value.is_null() || !types::is_numeric(value.type()))
    a.refuse(parameter, "must be a number.");
  return value.scalar().as_double();
}

double area(const std::function<double(double)>& f, double from, double to) {
  return boost::math::quadrature::gauss_kronrod<double, 15>::integrate(f, from, to, kDepthMax, kTolerance);
}

double called(CallContext& context, const Value& function, std::initializer_list<Value> arguments) {
  const Value value = context.call(function, arguments);
  const bool single = value.is_vector() && value.vector().size() == 1;
  const Value number = single ? value.vector().at(0) : value;
  if (!number.is_scalar() || number.is_null() || !types::is_numeric(number.type()))
    throw ScriptError("integral: func must give a number for a number.");
  return number.scalar().as_double();
}

/// integral(func, start, end, [start2], [end2]): of two arguments over a rectangle, the second one inside.
Value integral(CallContext& context, std::span<Value> args) {
  const Arguments a("integral", args);
  const Value function = a[0];
  if (!function.is_function()) a.refuse("func", "must be a function.");
  if (a.has(3) != a.has(4)) a.refuse("end2", "and start2 go together.");
  const auto one = [&](const Value& from, const Value& to) {
    const double start = bound_of(a, from, "start"), end = bound_of(a, to, "end");
    if (!a.has(3)) return area([&](double x) { return called(context, function, {Value::of_double(x)}); }, start, end);
    const double start2 = bound_of(a, a[3], "start2"), end2 = bound_of(a, a[4], "end2");
    return area(
        [&](double x) {
          return area(
              [&](double y) {
                return called(context, function, {Value::of_double(x), Value::of_double(y)});
              },
              start2, end2);
        },
        start, end);
  };
  if (a[1].is_scalar() && a[2].is_scalar()) return Value::of_double(one(a[1], a[2]));
  const auto starts = a.vector(1, "start"), ends = a.vector(2, "end");
  const size_t size = std::max(starts->size(), ends->size());
  const auto from = stretched(a.function(), starts, size), to = stretched(a.function(), ends, size);
  Vector result(Type::kDouble, size);
  for (size_t i = 0; i < size; ++i) result.edit<double>()[i] = one(from->at(i), to->at(i));
  return result;
}

/// mslr(Y, X, window, [minPeriods]): intercepts and slopes of Y on X in windows of rows.
Value moving_line(CallContext&, std::span<Value> args) {
  const Arguments a("mslr", args);
  const auto y = numeric_doubles(a.function(), a.vector(0, "Y")), x = numeric_doubles(a.function(), a.vector(1, "X"));
  if (y->size() != x->size()) refuse_lengths(a.function(), y->size(), x->size());
  const auto window = a.integer(2, "window");
  const auto least = a.has(3) && !a[3].is_void() ? a.integer(3, "minPeriods") : window;
  if (window < 2 || least < 1) a.refuse("window", "must be 2 at least, minPeriods positive.");
  Vector alphas = Vector::nulls(Type::kDouble, y->size()), betas = alphas;
  const auto ys = y->values<double>(), xs = x->values<double>();
  for (size_t i = 0; i < ys.size(); ++i) {
    const size_t from = i + 1 >= static_cast<size_t>(window) ? i + 1 - static_cast<size_t>(window) : 0;
    double n = 0, mean_x = 0, mean_y = 0, square = 0, product = 0;
    for (size_t r = from; r <= i; ++r) {
      if (types::is_null(ys[r]) || types::is_null(xs[r])) continue;
      n += 1;
      const double dx = xs[r] - mean_x;
      mean_x += dx / n;
      mean_y += (ys[r] - mean_y) / n;
      square += dx * (xs[r] - mean_x);
      product += dx * (ys[r] - mean_y);
    }
    const bool is_full =
        a.has(3) && !a[3].is_void() ? n >= static_cast<double>(least) : i + 1 >= static_cast<size_t>(window);
    if (!is_full || square == 0) continue;
    betas.edit<double>()[i] = product / square;
    alphas.edit<double>()[i] = mean_y - product / square * mean_x;
  }
  return Vector::tuple({Value(std::move(alphas)), Value(std::move(betas))});
}

}  // namespace

void register_interpolation(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"kroghInterpolate", "X, Y, newX, [der=0]", krogh,
       "The polynomial through the points, or its derivative, at newX; of equal X's that follow one another the later "
       "Y's "
       "are derivatives.",
       "kroghInterpolate(0 1 2, 1 2 5, 3 0.5)", "[10,1.25]", "Nulls are refused."});
  row({"integral", "func, start, end, [start2], [end2]", integral,
       "The area under a function between bounds, or under one of two arguments over a rectangle.",
       "round(integral(x -> x * x, 0, 3), 6)", "9", "Nulls are refused."});
  row({"mslr", "Y, X, window, [minPeriods]", moving_line,
       "Intercepts and slopes of lines fitted to Y over X in moving windows of rows, as a tuple.",
       "mslr(1 3 5 9, 0 1 2 3, 2)", "([null,1,1,-3],[null,2,2,4])",
       "Pairs with a null are left out; the first window - 1 results are null."});
}

}  // namespace pelorus::functions
