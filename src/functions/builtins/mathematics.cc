// Element-wise mathematics: abs sqrt exp log sin round floor …; max and min of two live with the aggregates.

#include <array>
#include <cmath>

#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/unary.h"
#include "kernels/mathematics.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "mathematics";
constexpr std::string_view kNullsStay = "Null stays null.";

struct DoubleRow {
  std::string_view name;
  const kernels::UnaryRow* row;
  std::string_view summary;
  std::string_view example;
  std::string_view result;
};
const DoubleRow kDoubleRows[] = {
    {"sqrt", &kernels::kSquareRoot, "The square root; of a negative number null.", "sqrt(2.25)", "1.5"},
    {"cbrt", &kernels::kCubeRoot, "The cube root.", "cbrt(27)", "3"},
    {"exp", &kernels::kExponential, "e to the power of X.", "exp(0)", "1"},
    {"exp2", &kernels::kExponential2, "2 to the power of X.", "exp2(10)", "1024"},
    {"expm1", &kernels::kExponentialMinus1, "exp(X) - 1, exact near 0.", "expm1(0)", "0"},
    {"log", &kernels::kLogarithm, "The natural logarithm; of numbers below or equal 0 null.", "log(1)", "0"},
    {"log1p", &kernels::kLogarithm1Plus, "log(1 + X), exact near 0.", "log1p(0)", "0"},
    {"log2", &kernels::kLogarithm2, "The binary logarithm.", "log2(8)", "3"},
    {"log10", &kernels::kLogarithm10, "The decimal logarithm.", "log10(1000)", "3"},
    {"sin", &kernels::kSine, "The sine of X in radians.", "sin(0)", "0"},
    {"cos", &kernels::kCosine, "The cosine of X in radians.", "cos(0)", "1"},
    {"tan", &kernels::kTangent, "The tangent of X in radians.", "tan(0)", "0"},
    {"asin", &kernels::kArcSine, "The arc sine.", "asin(0)", "0"},
    {"acos", &kernels::kArcCosine, "The arc cosine.", "acos(1)", "0"},
    {"atan", &kernels::kArcTangent, "The arc tangent.", "atan(0)", "0"},
    {"sinh", &kernels::kHyperbolicSine, "The hyperbolic sine.", "sinh(0)", "0"},
    {"cosh", &kernels::kHyperbolicCosine, "The hyperbolic cosine.", "cosh(0)", "1"},
    {"tanh", &kernels::kHyperbolicTangent, "The hyperbolic tangent.", "tanh(0)", "0"},
    {"asinh", &kernels::kArcHyperbolicSine, "The inverse hyperbolic sine.", "asinh(0)", "0"},
    {"acosh", &kernels::kArcHyperbolicCosine, "The inverse hyperbolic cosine.", "acosh(1)", "0"},
    {"atanh", &kernels::kArcHyperbolicTangent, "The inverse hyperbolic tangent.", "atanh(0)", "0"},
    {"reciprocal", &kernels::kReciprocal, "1 / X; of 0 null.", "reciprocal(4)", "0.25"},
    {"rad2deg", &kernels::kDegrees, "Radians as degrees.", "rad2deg(0)", "0"},
    {"deg2rad", &kernels::kRadians, "Degrees as radians.", "deg2rad(0)", "0"},
};

/// Whole numbers stay as they are; floats go through `row` and become `type` (LONG or INT rounding results).
Value to_whole(std::string_view name, const Value& x, const kernels::UnaryRow& row, Type type) {
  return lift_map(name, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    if (!types::is_numeric(vector->type())) usage_error(name, "X must be numeric.");
    if (!types::is_floating(vector->type()) && !types::is_decimal(vector->type())) return *vector;
    const auto doubles = as_doubles(name, vector);
    return *converted(name, Shared<Vector>(run_unary(row, *doubles, Type::kDouble, types::Repr::kF64)), type);
  });
}

/// Half away from zero, by the shortest text: 2.675 rounded to 2 places gives 2.68.
double round_places(double value, int places) {
  if (value == types::kNull<double>) return value;
  const double scale = std::pow(10.0, places);
  const double scaled = value * scale;
  double rounded = std::round(scaled);
  const double nudged = std::round(std::nextafter(scaled, scaled < 0 ? -INFINITY : INFINITY));
  if (std::fabs(nudged) > std::fabs(rounded)) rounded = nudged;
  return std::isfinite(rounded) ? rounded / scale : value;
}

Value round_value(CallContext&, std::span<Value> args) {
  Arguments a("round", args);
  const auto places = a.integer_or(1, "precision", 0);
  if (places <= 0) return to_whole("round", args[0], kernels::kRound, Type::kLong);
  if (places > 15) a.refuse("precision", "must be between 0 and 15.");
  return lift_map("round", args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    Vector result = *as_doubles("round", vector);
    for (auto& value : result.edit<double>()) value = round_places(value, static_cast<int>(places));
    return result;
  });
}

Value logarithm(CallContext&, std::span<Value> args) {
  const Value natural = map_double("log", args[0], kernels::kLogarithm);
  return args.size() < 2 || args[1].is_missing() ? natural
                                                 : ratio(natural, map_double("log", args[1], kernels::kLogarithm));
}

Value signs(CallContext&, std::span<Value> args) {
  return lift_map("signum", args[0], Spread::kElements, [](const Shared<Vector>& vector) {
    const bool is_plain = types::is_integral(vector->type()) || types::is_floating(vector->type());
    const auto numbers = is_plain ? vector : as_doubles("signum", vector);
    return run_unary(kernels::kSign, *numbers, Type::kInt, types::Repr::kI32);
  });
}

Value clip(CallContext&, std::span<Value> args) {
  Value result = smaller(larger(args[0], args[1]), args[2]);
  if (!result.is_vector()) return result;
  for (const auto* bound : {&args[1], &args[2]}) {
    for (size_t i = 0; bound->is_vector() && i < bound->vector().size() && i < result.vector().size(); ++i) {
      if (bound->vector().is_null_at(i)) result.edit_vector().set_null(i);
    }
  }
  return result;
}

Value equal_floats(CallContext&, std::span<Value> args) {
  Arguments a("eqFloat", args);
  const double tolerance = std::pow(10.0, -static_cast<double>(a.integer_or(2, "precision", 9)));
  const auto difference = subtract(args[0], args[1]);
  return less(map_same_type("eqFloat", difference, kernels::kAbsolute), Value::of_double(tolerance));
}

}  // namespace

void register_mathematics(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kElementwise, std::move(d)); };
  for (const auto& r : kDoubleRows) {
    if (r.name == "log") continue;
    row({r.name, "X", [&r](CallContext&, std::span<Value> args) { return map_double(r.name, args[0], *r.row); },
         r.summary, r.example, r.result, kNullsStay});
  }
  row({"log", "X, [Y]", logarithm, "The logarithm, natural or to the base Y; of numbers below or equal 0 null.",
       "log(1)", "0", kNullsStay});
  row({"abs", "X",
       [](CallContext&, std::span<Value> args) { return map_same_type("abs", args[0], kernels::kAbsolute); },
       "The absolute value.", "abs(-4 0 7)", "[4,0,7]", kNullsStay});
  row({"square", "X", [](CallContext&, std::span<Value> args) { return multiply(args[0], args[0]); }, "X times X.",
       "square(3 4)", "[9,16]", kNullsStay});
  row({"signum", "X", signs, "-1, 0 or 1.", "signum(-5 0 3)", "[-1,0,1]", kNullsStay});
  registry.add_alias("sign", "signum");
  row({"floor", "X",
       [](CallContext&, std::span<Value> args) { return to_whole("floor", args[0], kernels::kFloor, Type::kInt); },
       "The next whole number below.", "floor(-1.2 1.8)", "[-2,1]", kNullsStay});
  row({"ceil", "X",
       [](CallContext&, std::span<Value> args) { return to_whole("ceil", args[0], kernels::kCeiling, Type::kInt); },
       "The next whole number above.", "ceil(-1.2 1.2)", "[-1,2]", kNullsStay});
  row({"round", "X, [precision]", round_value, "Rounds half away from zero; with a precision to that many places.",
       "round(-2.5)", "-3", kNullsStay});
  row({"clip", "X, Y, Z", clip, "X brought into the range from Y to Z.", "clip(1 5 9, 2, 6)", "[2,5,6]", kNullsStay});
  row({"eqFloat", "X, Y, [precision=9]", equal_floats, "Whether floats agree to so many places.",
       "eqFloat(1.0, 1.0000000001)", "true", "Null equals null."});
  registry.add_alias("power", "pow");
}

}  // namespace pelorus::functions
