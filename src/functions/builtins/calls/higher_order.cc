// Functions that call functions: each, loop, eachLeft …, accumulate, reduce, call.

#include "functions/assemble.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/lift.h"
#include "functions/parts.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "higher-order";

/// Arguments cut in step; scalars repeat. ScriptError when lengths differ.
class Steps {
 public:
  Steps(std::string_view function, std::span<Value> arguments) {
    bool any = false;
    for (const auto& argument : arguments) {
      auto parts = parts_of(argument);
      repeats_.push_back(!parts.has_value());
      if (!parts) {
        parts_.push_back({argument});
        continue;
      }
      if (any && parts->size() != size_) usage_error(function, "All arguments must have the same length.");
      any = true;
      size_ = parts->size();
      parts_.push_back(*std::move(parts));
    }
    if (!any) size_ = 1;
  }
  size_t size() const { return size_; }
  std::vector<Value> at(size_t i) const {
    std::vector<Value> step;
    for (size_t a = 0; a < parts_.size(); ++a) step.push_back(parts_[a][repeats_[a] ? 0 : i]);
    return step;
  }

 private:
  std::vector<std::vector<Value>> parts_;
  std::vector<bool> repeats_;
  size_t size_ = 0;
};

std::vector<Value> run_steps(CallContext& context, std::string_view name, std::span<Value> arguments) {
  const Value function = arguments[0];
  const Steps steps(name, arguments.subspan(1));
  std::vector<Value> results;
  results.reserve(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    auto step = steps.at(i);
    results.push_back(context.call(function, std::span<Value>(step)));
  }
  return results;
}

Value each(CallContext& context, std::span<Value> arguments) {
  const bool is_dictionary = arguments.size() == 2 && arguments[1].is_dictionary();
  const Value keys = is_dictionary ? Value(arguments[1].dictionary().keys()) : Value();
  const bool ordered = is_dictionary && arguments[1].dictionary().ordered();
  Value result = assemble(run_steps(context, "each", arguments));
  if (!is_dictionary || !result.is_vector()) return result;
  return data::Dictionary(keys.vector(), result.vector(), ordered);
}

Value loop(CallContext& context, std::span<Value> arguments) {
  return Vector::tuple(run_steps(context, "loop", arguments));
}

/// split_left: f(x[i], y); else f(x, y[i]).
Value each_side(CallContext& context, std::span<Value> arguments, bool split_left) {
  std::vector<Value> results;
  for (const auto& part : parts_or_self(arguments[split_left ? 1 : 2])) {
    results.push_back(split_left ? context.call(arguments[0], {part, arguments[2]})
                                 : context.call(arguments[0], {arguments[1], part}));
  }
  return assemble(std::move(results));
}

Value null_like(const Value& value) {
  if (value.is_vector() && !value.is_tuple()) return Scalar::null_of(value.vector().type(), value.vector().scale());
  return Value::null();
}

/// f(x[i], neighbour); the end without a neighbour takes `outside`.
Value each_neighbour(CallContext& context, std::span<Value> arguments, bool previous) {
  const auto parts = parts_or_self(arguments[1]);
  const bool is_given = arguments.size() > 2 && !arguments[2].is_missing() && !arguments[2].is_void();
  const Value outside = is_given ? arguments[2] : null_like(arguments[1]);
  std::vector<Value> results;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool at_end = previous ? i == 0 : i + 1 == parts.size();
    const Value& neighbour = at_end ? outside : parts[previous ? i - 1 : i + 1];
    results.push_back(context.call(arguments[0], {parts[i], neighbour}));
  }
  return assemble(std::move(results));
}

Value cross(CallContext& context, std::span<Value> arguments) {
  const Value& left = arguments[1];
  const Value& right = arguments.size() > 2 ? arguments[2] : arguments[1];
  const auto rows = parts_or_self(left);
  const auto columns = parts_or_self(right);
  std::vector<Value> cells;
  cells.reserve(rows.size() * columns.size());
  for (const auto& column : columns) {
    for (const auto& row : rows) cells.push_back(context.call(arguments[0], {row, column}));
  }
  Value flat = vector_or_tuple(std::move(cells));
  if (flat.is_tuple()) {  // row by row
    std::vector<Value> lists;
    for (size_t r = 0; r < rows.size(); ++r) {
      std::vector<Value> list;
      for (size_t c = 0; c < columns.size(); ++c) list.push_back(flat.vector().at(c * rows.size() + r));
      lists.emplace_back(Vector::tuple(std::move(list)));
    }
    return Vector::tuple(std::move(lists));
  }
  data::Matrix matrix;
  matrix.values = flat.vector();
  matrix.rows = rows.size();
  matrix.columns = columns.size();
  if (left.is_vector() && !left.is_tuple()) matrix.row_labels = left.vector_shared();
  if (right.is_vector() && !right.is_tuple()) matrix.column_labels = right.vector_shared();
  return matrix;
}

/// Turns of an iteration of one value that seems not to settle.
constexpr int64_t kTurnsMax = 10'000'000;

/// f applied again and again: X times, while the predicate X holds, or until the value no longer changes (X null).
std::vector<Value> iterate(CallContext& context, const Value& function, const Value& x, Value state) {
  std::vector<Value> states{state};
  if (x.is_scalar() && !x.is_null() && !types::is_integral(x.type()))
    throw ScriptError("X must be a number of turns or a vector to go through, not " + x.type_text() + ".");
  const int64_t turns = x.is_scalar() && !x.is_null() ? x.scalar().as_int64() : kTurnsMax;
  for (int64_t i = 0; i < turns; ++i) {
    if (x.is_function()) {
      const Value goes_on = context.call(x, {state});
      if (!goes_on.is_scalar() || goes_on.is_null()) break;
      if (goes_on.type() != Type::kBool && !types::is_numeric(goes_on.type()))
        throw ScriptError("The condition of the turns must give a truth value, not " + goes_on.type_text() + ".");
      if (goes_on.scalar().as_double() == 0) break;
    }
    Value next = context.call(function, {state});
    if (x.is_void() && data::equal(next, state)) break;
    state = std::move(next);
    states.push_back(state);
  }
  return states;
}

/// All states of f(state, x[i]), or of f(state, x[i], y[i]) when X is a tuple of two vectors and `is_ternary`.
std::vector<Value> fold(CallContext& context, std::span<Value> arguments) {
  const Value& function = arguments[0];
  const Value& x = arguments[1];
  const bool has_start = arguments.size() > 2 && !arguments[2].is_missing() && !arguments[2].is_void();
  if ((x.is_scalar() || x.is_function()) && has_start) return iterate(context, function, x, arguments[2]);
  const bool is_ternary = function.is_function() && function.function()->parameter_count() == 3;
  std::vector<Value> states;
  if (is_ternary) {
    if (!x.is_tuple() || x.vector().size() != 2)
      usage_error("accumulate", "A function of three arguments needs a tuple of two vectors.");
    std::vector<Value> columns{x.vector().at(0), x.vector().at(1)};
    const Steps steps("accumulate", columns);
    Value state = has_start ? arguments[2] : Value::null();
    for (size_t i = 0; i < steps.size(); ++i) {
      const auto step = steps.at(i);
      state = context.call(function, {state, step[0], step[1]});
      states.push_back(state);
    }
    return states;
  }
  const auto parts = parts_or_self(x);
  size_t first = 0;
  if (!has_start && !parts.empty()) {
    states.push_back(parts[0]);
    first = 1;
  }
  Value state = has_start ? arguments[2] : parts.empty() ? Value::null() : parts[0];
  for (size_t i = first; i < parts.size(); ++i) {
    state = context.call(function, {state, parts[i]});
    states.push_back(state);
  }
  return states;
}

Value accumulate(CallContext& context, std::span<Value> arguments) { return assemble(fold(context, arguments)); }

Value reduce(CallContext& context, std::span<Value> arguments) {
  auto states = fold(context, arguments);
  if (!states.empty()) return std::move(states.back());
  return arguments.size() > 2 ? arguments[2] : Value::null();
}

Value call_with(CallContext& context, std::span<Value> arguments) {
  return context.call(arguments[0], arguments.subspan(1));
}

Value unified_call(CallContext& context, std::span<Value> arguments) {
  auto parts = parts_or_self(arguments[1]);
  return context.call(arguments[0], std::span<Value>(parts));
}

/// Comparisons that give null where either side is null.
/// Nulls in `flags` where `side` has them: at the same place, or everywhere when it is a scalar or a pair.
void mark_nulls(const Value& side, Vector* flags) {
  const auto elements = side.is_matrix()   ? side.matrix().values
                        : side.is_vector() ? side.vector()
                                           : Vector(Type::kVoid, 0);
  if (elements.size() == flags->size()) {
    for (size_t i = 0; i < elements.size(); ++i) {
      if (elements.is_null_at(i)) flags->set_null(i);
    }
    return;
  }
  const bool has_null = side.is_pair() ? side.pair().elements.is_null_at(0) || side.pair().elements.is_null_at(1)
                                       : side.is_scalar() && side.is_null();
  for (size_t i = 0; has_null && i < flags->size(); ++i) flags->set_null(i);
}

Value null_compare(CallContext& context, std::span<Value> arguments) {
  Value result = context.call(arguments[0], {arguments[1], arguments[2]});
  if (result.is_scalar()) {
    Vector flag(result.type(), 1);
    for (const Value* side : {&arguments[1], &arguments[2]}) mark_nulls(*side, &flag);
    const bool is_null = flag.is_null_at(0) || arguments[1].is_null() || arguments[2].is_null();
    return is_null ? Value(Scalar::null_of(result.type())) : result;
  }
  if (!result.is_vector() && !result.is_matrix()) return result;
  Vector& flags = result.is_matrix() ? result.edit_matrix().values : result.edit_vector();
  for (const Value* side : {&arguments[1], &arguments[2]}) mark_nulls(*side, &flags);
  return result;
}

Value quantifier(std::string_view name, const Value& x, bool any) {
  return lift_reduce(name, x, [&](const Shared<Vector>& vector) -> Value {
    const auto flags = converted(name, vector, Type::kBool);
    bool found = false;
    for (const int8_t flag : flags->values<int8_t>()) {
      if (flag == types::kNull<int8_t>) continue;
      if ((flag != 0) == any) found = true;
    }
    return Value::of_bool(any ? found : !found);
  });
}

/// any(X), all(X), or whether func(X[i], …) holds for some or every i.
Value quantified(CallContext& context, std::string_view name, std::span<Value> arguments, bool any) {
  if (arguments.size() == 1) return quantifier(name, arguments[0], any);
  auto outcomes = vector_or_tuple(run_steps(context, name, arguments));
  const Value each = quantifier(name, outcomes, any);
  return each.is_scalar() ? each : quantifier(name, each, any);
}

std::vector<Value> functions_of(const Arguments& a, size_t at, std::string_view name) {
  std::vector<Value> found;
  if (a[at].is_tuple())
    found.assign(a[at].vector().values_any().begin(), a[at].vector().values_any().end());
  else
    found.push_back(a[at]);
  for (const auto& one : found) {
    if (!one.is_function()) a.refuse(name, "must be a function or a tuple of functions.");
  }
  return found;
}

/// pipeline(initTasks, followers, [queueDepth]): every task's steps, one task after another.
Value pipeline(CallContext& context, std::span<Value> args) {
  Arguments a("pipeline", args);
  const auto tasks = functions_of(a, 0, "initTasks"), steps = functions_of(a, 1, "followers");
  if (a.integer_or(2, "queueDepth", 2) < 1) a.refuse("queueDepth", "must be positive.");
  std::vector<Value> results;
  bool gives = false;
  for (const auto& task : tasks) {
    Value value = context.call(task, std::span<Value>());
    for (const auto& step : steps) value = context.call(step, {std::move(value)});
    gives = gives || !value.is_void();
    results.push_back(std::move(value));
  }
  return gives ? Value(Vector::tuple(std::move(results))) : Value::null();
}

}  // namespace

void register_higher_order(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  const auto aggregate = [&](Declaration d) { declare(registry, kFamily, Nature::kAggregate, std::move(d)); };
  row({"each", "func, args...", each, "Applies a function to each part of its arguments.", "each(x -> x + 1, 1 5 9)",
       "[2,6,10]"});
  row({"peach", "func, args...", each, "Like each.", "peach(x -> x * 2, 1 2 3)", "[2,4,6]"});
  row({"loop", "func, args...", loop, "Like each; the result is always a tuple.", "loop(x -> 1..x, 1 2)",
       "([1],[1,2])"});
  row({"ploop", "func, args...", loop, "Like loop.", "ploop(x -> x * 2, 1 2)", "(2,4)"});
  row({"eachLeft", "func, X, Y", [](CallContext& c, std::span<Value> a) { return each_side(c, a, true); },
       "func(X[i], Y) for each part of X.", "eachLeft(add, 1 2, 10 20)", "matrix[[11,21],[12,22]]"});
  row({"eachRight", "func, X, Y", [](CallContext& c, std::span<Value> a) { return each_side(c, a, false); },
       "func(X, Y[i]) for each part of Y.", "eachRight(add, 1 2, 10 20)", "matrix[[11,12],[21,22]]"});
  row({"eachPre", "func, X, [pre]", [](CallContext& c, std::span<Value> a) { return each_neighbour(c, a, true); },
       "func(X[i], X[i-1]); the first takes pre or null.", "eachPre(sub, 4 9 11)", "[null,5,2]"});
  row({"eachPost", "func, X, [post]", [](CallContext& c, std::span<Value> a) { return each_neighbour(c, a, false); },
       "func(X[i], X[i+1]); the last takes post or null.", "eachPost(sub, 4 9 11)", "[-5,-2,null]"});
  row({"cross", "func, X, [Y]", cross, "func of all pairs as a matrix: rows from X, columns from Y.",
       "cross(add, 1 2, 10 20)", "matrix[[11,12],[21,22]]"});
  row({"pcross", "func, X, [Y]", cross, "Like cross.", "pcross(mul, 1 2, 3 4)", "matrix[[3,6],[4,8]]"});
  row({"accumulate", "func, X, [init]", accumulate,
       "All states of func(state, X[i]), or of func applied X times to init.", "accumulate(mul, 1..5)",
       "[1,2,6,24,120]"});
  row({"reduce", "func, X, [init]", reduce, "The last state of accumulate.", "reduce(mul, 1..4, 10)", "240"});
  row({"call", "func, args...", call_with, "Calls func with the arguments.", "call(add, 3, 4)", "7"});
  row({"pcall", "func, args...", call_with, "Like call.", "pcall(sum, 1 2 3)", "6"});
  row({"talib", "func, args...", call_with, "Calls func with the arguments.", "talib(msum, 1 2 3, 2)", "[null,3,5]"});
  row({"unifiedCall", "func, args", unified_call, "Calls func with the elements of a tuple as arguments.",
       "unifiedCall(add, (3, 4))", "7"});
  row({"pipeline", "initTasks, followers, [queueDepth=2]", pipeline,
       "What the followers, one of the other, make of each task's result; tasks take no arguments and run in order.",
       "pipeline(each(partial{add, 1}, 10 20), x -> x * 2)", "(22,42)"});
  row({"nullCompare", "func, X, Y", null_compare, "A comparison that gives null where either side is null.",
       "nullCompare(<, 1 NULL 5, 3)", "[true,null,false]"});
  aggregate({"any", "X, [args...]", [](CallContext& c, std::span<Value> a) { return quantified(c, "any", a, true); },
             "Whether some element holds, or func does for some parts of the arguments.", "any(1 2 > 1)", "true",
             "Nulls are skipped."});
  aggregate({"all", "X, [args...]", [](CallContext& c, std::span<Value> a) { return quantified(c, "all", a, false); },
             "Whether every element holds, or func does for all parts of the arguments.", "all(lt, 1 2, 3 4)", "true",
             "Nulls are skipped."});
}

}  // namespace pelorus::functions
