// Series whose elements rest on those before them, as reactive engines need: stateIterate conditionalIterate
// genericStateIterate.

#include "functions/builtins/series/register_gaps.h"
#include "functions/call_context.h"
#include "functions/declare.h"
#include "functions/lift.h"

namespace pelorus::functions {
namespace {

using types::kNull;

/// What one iteration made of the results so far: the last element of func(results).
class Iteration {
 public:
  Iteration(const Arguments& a, size_t at, std::string_view parameter) : func_(a[at]) {
    if (!func_.is_function()) a.refuse(parameter, "must be a function of one argument, such as msum{, 3}.");
  }
  /// Null before there are results.
  Value of(CallContext& context, const Vector& results) const {
    if (results.size() == 0) return Value::null();
    const Value made = context.call(func_, {Value(results)});
    if (made.is_scalar()) return made;
    if (!made.is_vector() || made.vector().size() != results.size())
      throw ScriptError("The function of an iteration must give one value for each element.");
    return made.vector().at(made.vector().size() - 1);
  }

 private:
  const Value func_;
};

Shared<Vector> column_argument(const Arguments& a, size_t at, std::string_view name, size_t rows) {
  if (a[at].is_scalar()) return Vector::filled(a[at].scalar(), rows);
  const auto column = a.vector(at, name);
  if (column->size() != rows) refuse_lengths(a.function(), rows, column->size());
  return column;
}

void push(std::string_view function, Vector* results, const Value& value) {
  if (value.is_missing() || value.is_void() || value.is_null())
    results->push_null();
  else if (!results->push_back(value))
    throw ScriptError(std::string(function) +
                      ": the results of the function and the first values have types that do not "
                      "go together.");
}

/// stateIterate(X, initial, initialWindow, iterateFunc, combineCoeff)
Value state_iterate(CallContext& context, std::span<Value> args) {
  Arguments a("stateIterate", args);
  const auto x = as_doubles("stateIterate", a.vector(0, "X"));
  const auto initial = as_doubles("stateIterate", column_argument(a, 1, "initial", x->size()));
  const auto window = a.integer(2, "initialWindow");
  if (window < 1) a.refuse("initialWindow", "must be positive.");
  const Iteration iteration(a, 3, "iterateFunc");
  const auto factors = as_doubles("stateIterate", a.vector(4, "combineCoeff"));
  if (factors->size() != 2) a.refuse("combineCoeff", "must have two elements.");
  const double own = factors->values<double>()[0], before = factors->values<double>()[1];
  Vector results(Type::kDouble, 0);
  for (size_t k = 0; k < x->size(); ++k) {
    double value = kNull<double>;
    if (static_cast<int64_t>(k) < window) {
      value = initial->values<double>()[k];
    } else {
      const Value made = iteration.of(context, results);
      const double past = made.is_null() ? kNull<double> : made.scalar().as_double(), now = x->values<double>()[k];
      if (past != kNull<double> && now != kNull<double>) value = own * now + before * past;
    }
    results.edit<double>().push_back(value);
  }
  return results;
}

/// conditionalIterate(cond, trueValue, falseIterFunc)
Value conditional_iterate(CallContext& context, std::span<Value> args) {
  Arguments a("conditionalIterate", args);
  const auto cond = converted("conditionalIterate", a.vector(0, "cond"), Type::kBool);
  const auto chosen = column_argument(a, 1, "trueValue", cond->size());
  const Iteration iteration(a, 2, "falseIterFunc");
  const bool is_whole = types::is_integral(chosen->type());
  Vector results(is_whole ? Type::kLong : chosen->type(), 0, chosen->scale());
  for (size_t k = 0; k < cond->size(); ++k) {
    const bool holds = cond->values<int8_t>()[k] == 1;
    push("conditionalIterate", &results, holds ? chosen->at(k) : iteration.of(context, results));
  }
  return is_whole ? Value(converted("conditionalIterate", Shared<Vector>(results), chosen->type())) : Value(results);
}

/// genericStateIterate(X, initial, window, func): X is a column, a tuple of columns or [].
Value generic_iterate(CallContext& context, std::span<Value> args) {
  Arguments a("genericStateIterate", args);
  std::vector<Shared<Vector>> columns;
  const bool has_none = a[0].is_vector() && a[0].vector().size() == 0;
  if (a[0].is_tuple()) {
    for (const auto& part : a[0].vector().values_any()) {
      const auto elements = elements_of(part);
      if (!elements) a.refuse("X", "must be a column, a tuple of columns or [].");
      columns.push_back(*elements);
    }
  } else if (!has_none) {
    columns.push_back(a.vector(0, "X"));
  }
  const auto initial = a.vector(1, "initial");
  for (const auto& column : columns) {
    if (column->size() != initial->size()) refuse_lengths("genericStateIterate", initial->size(), column->size());
  }
  const auto window = a.integer(2, "window");
  if (window < 0) a.refuse("window", "must not be negative.");
  if (!a[3].is_function()) a.refuse("func", "must be a function.");
  const auto width = static_cast<size_t>(window);
  Vector results(types::is_integral(initial->type()) ? Type::kDouble : initial->type(), 0, initial->scale());
  for (size_t k = 0; k < initial->size(); ++k) {
    if (k < width) {
      push("genericStateIterate", &results, initial->at(k));
      continue;
    }
    std::vector<Value> arguments;
    if (width > 0)
      arguments.emplace_back(results.slice(k - width, width));
    else
      arguments.push_back(k == 0 ? initial->at(0) : results.at(k - 1));
    for (const auto& column : columns) arguments.push_back(column->at(k));
    const Value made = context.call(a[3], std::span<Value>(arguments));
    if (!made.is_scalar()) a.refuse("func", "must give a scalar.");
    push("genericStateIterate", &results, made);
  }
  return results;
}

}  // namespace

void register_state_iterations(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, "recursion", Nature::kVector, std::move(d)); };
  row({"stateIterate", "X, initial, initialWindow, iterateFunc, combineCoeff", state_iterate,
       "The first elements of initial, then combineCoeff[0] * X plus combineCoeff[1] times what iterateFunc makes of "
       "the "
       "results before.",
       "stateIterate(1 2 3 4, 10 10 10 10, 2, msum{, 2}, [0.5, 0.5])", "[10,10,11.5,12.75]"});
  row({"conditionalIterate", "cond, trueValue, falseIterFunc", conditional_iterate,
       "trueValue where the condition holds, else what falseIterFunc makes of the results before.",
       "conditionalIterate(false true false false, 1 2 3 4, msum{, 2})", "[null,2,2,4]"});
  row({"genericStateIterate", "X, initial, window, func", generic_iterate,
       "The first elements of initial, then what func makes of so many results before, and of the elements of X. "
       "window 0: "
       "of the one result before.",
       "genericStateIterate(1 2 3, 10 20 30, 0, def(last, x) { return last + x })", "[11,13,16]"});
}

}  // namespace pelorus::functions
