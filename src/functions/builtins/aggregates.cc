// Aggregates of one vector: sum avg count min max first last std var …, with their group-wise forms.

#include <algorithm>

#include "functions/aggregate_states.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/series.h"
#include "functions/unary.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "aggregates";
constexpr std::string_view kSkipsNulls = "Nulls are skipped; nothing but nulls gives null.";

using data::Buffer;

// --- sum ---------------------------------------------------------------------------------------------------------

bool is_whole(Type type) { return type == Type::kBool || types::is_integral(type); }

Type decimal_sum_type(Type type) { return type == Type::kDecimal32 ? Type::kDecimal64 : Type::kDecimal128; }

Scalar decimal_sum(const Vector& values) {
  types::Int128 sum = 0;
  int64_t count = 0;
  types::visit_fixed(values.repr(), [&]<class T>() {
    if constexpr (!std::is_same_v<T, types::Bytes16> && !std::is_floating_point_v<T>) {
      for (const T value : values.values<T>()) {
        if (value != types::kNull<T>) sum += value, ++count;
      }
    }
  });
  const Type type = decimal_sum_type(values.type());
  if (count == 0) return Scalar::null_of(type, values.scale());
  if (type == Type::kDecimal128) return Scalar::of<types::Int128>(type, sum, values.scale());
  if (sum != static_cast<int64_t>(sum)) throw ScriptError("Decimal math overflow in sum.");
  return Scalar::of<int64_t>(type, static_cast<int64_t>(sum), values.scale());
}

Value sum_of(const Shared<Vector>& values) {
  if (types::is_decimal(values->type())) return decimal_sum(*values);
  if (is_whole(values->type())) {
    return types::visit_fixed(values->repr(), [&]<class T>() -> Value {
      if constexpr (std::is_integral_v<T>)
        return Value::of_long(kernels::fold<kernels::SumWhole, T>(values->values<T>()).result());
      else
        return Value::null();
    });
  }
  const auto numbers = numeric_doubles("sum", values);
  return Value::of_double(kernels::fold<kernels::Sum, double>(doubles(numbers)).result());
}

Vector sum_groups(const Vector& values, std::span<const uint32_t> group_of_row, size_t groups) {
  if (!is_whole(values.type())) return run_groups<kernels::Sum>(values, group_of_row, groups);
  std::vector<kernels::SumWhole> states(groups);
  types::visit_fixed(values.repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>)
      kernels::fold_groups<kernels::SumWhole, T>(values.values<T>(), group_of_row, states);
  });
  Vector result(Type::kLong, groups);
  for (size_t g = 0; g < groups; ++g) result.edit<int64_t>()[g] = states[g].result();
  return result;
}
bool sums(const Vector& values) { return is_plain_numeric(values) && !types::is_decimal(values.type()); }

// --- count -------------------------------------------------------------------------------------------------------

int64_t count_of(const Vector& values) {
  if (values.is_array() || values.is_tuple()) return static_cast<int64_t>(values.size());
  int64_t count = 0;
  if (has_reserved_null(values)) {
    types::visit_fixed(values.repr(), [&]<class T>() {
      for (const T& value : values.values<T>()) count += value != types::kNull<T>;
    });
    return count;
  }
  for (size_t i = 0; i < values.size(); ++i) count += !values.is_null_at(i);
  return count;
}

Value count(CallContext&, std::span<Value> args) {
  const auto& x = args[0];
  if (x.is_table()) return Value::of_int(static_cast<int32_t>(data::size_of(x)));
  if (x.is_matrix()) return Value::of_int(static_cast<int32_t>(count_of(x.matrix().values)));
  if (x.is_vector() && x.vector().is_array()) return Value::of_int(static_cast<int32_t>(x.vector().size()));
  if (x.is_tuple() && !x.vector().empty() && !x.vector().at(0).is_scalar())
    return Value::of_int(static_cast<int32_t>(x.vector().size()));
  return lift_reduce(
      "count", x, [](const Shared<Vector>& vector) { return Value::of_int(static_cast<int32_t>(count_of(*vector))); });
}

Vector count_groups(const Vector& values, std::span<const uint32_t> group_of_row, size_t groups) {
  Vector result(Type::kInt, groups);
  auto& counts = result.edit<int32_t>();
  std::fill(counts.begin(), counts.end(), 0);
  for (size_t i = 0; i < values.size(); ++i) counts[group_of_row[i]] += !values.is_null_at(i);
  return result;
}
Vector size_groups(const Vector&, std::span<const uint32_t> group_of_row, size_t groups) {
  Vector result(Type::kInt, groups);
  auto& counts = result.edit<int32_t>();
  std::fill(counts.begin(), counts.end(), 0);
  for (const auto group : group_of_row) ++counts[group];
  return result;
}
bool any_column(const Vector&) { return true; }

// --- positions: first last min max -------------------------------------------------------------------------------

/// Which of two rows to keep, by position in `values`.
enum class Extreme : uint8_t { kSmallest, kLargest };

/// Position of the extreme element for each group, the earliest of equals; INT64_MAX when all are null.
Buffer<int64_t> extremes(const Vector& values, std::span<const uint32_t> group_of_row, size_t groups, Extreme wanted) {
  Buffer<int64_t> best(groups, INT64_MAX);
  const auto scan = [&](auto&& is_null, auto&& is_less) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (is_null(i)) continue;
      auto& row = best[group_of_row.empty() ? 0 : group_of_row[i]];
      const auto held = static_cast<size_t>(row);
      if (row == INT64_MAX || (wanted == Extreme::kSmallest ? is_less(i, held) : is_less(held, i)))
        row = static_cast<int64_t>(i);
    }
  };
  if (types::is_literal(values.type())) {
    scan([&](size_t i) { return values.text_at(i).empty(); },
         [&](size_t a, size_t b) { return values.text_at(a) < values.text_at(b); });
  } else if (values.repr() == types::Repr::kB16 || values.repr() == types::Repr::kMixed) {
    scan([&](size_t i) { return values.is_null_at(i); },
         [&](size_t a, size_t b) { return types::compare(values.scalar_at(a), values.scalar_at(b)) < 0; });
  } else {
    types::visit_fixed(values.repr(), [&]<class T>() {
      const auto plain = values.values<T>();
      scan([&](size_t i) { return plain[i] == types::kNull<T>; },
           [&](size_t a, size_t b) { return plain[a] < plain[b]; });
    });
  }
  return best;
}

Value extreme_of(const Shared<Vector>& values, Extreme wanted) {
  if (values->type() == Type::kVoid) return Value::null();
  const auto row = extremes(*values, {}, 1, wanted)[0];
  if (row == INT64_MAX) return Scalar::null_of(values->type(), values->scale());
  return values->at(static_cast<size_t>(row));
}

template <Extreme kWanted>
Vector extreme_groups(const Vector& values, std::span<const uint32_t> group_of_row, size_t groups) {
  return values.take(extremes(values, group_of_row, groups, kWanted));
}
bool is_ordered(const Vector& values) { return !values.is_array() && values.repr() != types::Repr::kMixed; }

Vector first_groups(const Vector& values, std::span<const uint32_t> group_of_row, size_t groups) {
  Buffer<int64_t> rows(groups, INT64_MAX);
  for (size_t i = values.size(); i-- > 0;) rows[group_of_row[i]] = static_cast<int64_t>(i);
  return values.take(rows);
}
Vector last_groups(const Vector& values, std::span<const uint32_t> group_of_row, size_t groups) {
  Buffer<int64_t> rows(groups, INT64_MAX);
  for (size_t i = 0; i < values.size(); ++i) rows[group_of_row[i]] = static_cast<int64_t>(i);
  return values.take(rows);
}

Value end_of(std::string_view name, const Value& x, bool first) {
  if (x.is_tuple()) {
    const auto& tuple = x.vector();
    if (tuple.empty()) return Value::null();
    return tuple.at(first ? 0 : tuple.size() - 1);
  }
  return lift_reduce(name, x, [&](const Shared<Vector>& vector) -> Value {
    if (vector->empty()) return Scalar::null_of(vector->type(), vector->scale());
    return vector->at(first ? 0 : vector->size() - 1);
  });
}

/// Position of the first or last non-null element, -1 when there is none.
int64_t not_null_position(const Vector& values, bool first) {
  const auto size = static_cast<int64_t>(values.size());
  for (int64_t i = 0; i < size; ++i) {
    const int64_t row = first ? i : size - 1 - i;
    if (!values.is_null_at(static_cast<size_t>(row))) return row;
  }
  return -1;
}

/// The first or last element that is neither null nor equal to `besides`.
Value end_not(std::string_view name, std::span<Value> args, bool first) {
  const bool has_besides = args.size() > 1 && !args[1].is_void();
  if (has_besides && !args[1].is_scalar()) usage_error(name, "k must be a scalar.");
  return lift_reduce(name, args[0], [&](const Shared<Vector>& vector) -> Value {
    const auto size = static_cast<int64_t>(vector->size());
    for (int64_t i = 0; i < size; ++i) {
      const auto row = static_cast<size_t>(first ? i : size - 1 - i);
      if (vector->is_null_at(row)) continue;
      if (has_besides && types::compare(vector->scalar_at(row), args[1].scalar()) == 0) continue;
      return vector->at(row);
    }
    return Scalar::null_of(vector->type(), vector->scale());
  });
}

/// Where all vectors of a tuple, equally long ones, are not null; -1 when nowhere.
Value common_position(std::string_view name, std::span<const Value> vectors, bool first) {
  const size_t size = vectors[0].vector().size();
  for (const auto& vector : vectors) {
    if (vector.vector().size() != size) refuse_lengths(name, size, vector.vector().size());
  }
  for (size_t i = 0; i < size; ++i) {
    const size_t row = first ? i : size - 1 - i;
    const auto is_null = [row](const Value& vector) { return vector.vector().is_null_at(row); };
    if (std::none_of(vectors.begin(), vectors.end(), is_null)) return Value::of_int(static_cast<int32_t>(row));
  }
  return Value::of_int(-1);
}

Value position(std::string_view name, const Value& x, bool first) {
  if (x.is_tuple() && !x.vector().empty()) {
    const auto parts = x.vector().values_any();
    const auto is_vector = [](const Value& part) { return part.is_vector(); };
    if (std::all_of(parts.begin(), parts.end(), is_vector)) return common_position(name, parts, first);
  }
  return lift_reduce(name, x, [&](const Shared<Vector>& vector) {
    return Value::of_int(static_cast<int32_t>(not_null_position(*vector, first)));
  });
}

/// Position of the extreme; `last`: of equals the last.
Value extreme_position(std::string_view name, const Value& x, Extreme wanted, bool last) {
  return lift_reduce(name, x, [&](const Shared<Vector>& vector) -> Value {
    auto row = extremes(*vector, {}, 1, wanted)[0];
    if (row == INT64_MAX) return Value::of_int(-1);
    if (last) {
      const auto best = vector->scalar_at(static_cast<size_t>(row));
      for (size_t i = vector->size(); i-- > 0;) {
        if (vector->scalar_at(i) == best) return Value::of_int(static_cast<int32_t>(i));
      }
    }
    return Value::of_int(static_cast<int32_t>(row));
  });
}

Value at_extreme(std::string_view name, std::span<Value> args, Extreme wanted) {
  return lift_reduce2(name, args[0], args[1],
                      [&](const Shared<Vector>& location, const Shared<Vector>& values) -> Value {
                        if (location->size() != values->size()) refuse_lengths(name, location->size(), values->size());
                        const auto row = extremes(*location, {}, 1, wanted)[0];
                        if (row == INT64_MAX) return Scalar::null_of(values->type(), values->scale());
                        return values->at(static_cast<size_t>(row));
                      });
}

template <class State>
Native of_state(std::string_view name) {
  return [name](CallContext&, std::span<Value> args) { return reduce_numbers<State>(name, args[0]); };
}
template <class State>
Native of_state_biased(std::string_view name) {
  return [name](CallContext&, std::span<Value> args) {
    const bool biased = Arguments(name, args).flag_or(1, "biased", true);
    return lift_reduce(name, args[0], [&](const Shared<Vector>& vector) -> Value {
      const auto numbers = numeric_doubles(name, vector);
      const auto state = kernels::fold<State, double>(doubles(numbers));
      return Value::of_double(biased ? state.result() : state.unbiased());
    });
  };
}
template <Extreme kWanted>
Native extreme(std::string_view name) {
  return [name](CallContext&, std::span<Value> args) {
    if (args.size() == 2 && !args[1].is_missing())
      return kWanted == Extreme::kLargest ? larger(args[0], args[1]) : smaller(args[0], args[1]);
    return lift_reduce(name, args[0], [](const Shared<Vector>& vector) { return extreme_of(vector, kWanted); });
  };
}

void register_numbers(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kAggregate, std::move(d)); };
  using namespace kernels;
  row({"sum",
       "X",
       [](CallContext&, std::span<Value> args) { return lift_reduce("sum", args[0], sum_of); },
       "The sum; of whole numbers a LONG.",
       "sum(4 NULL 6)",
       "10",
       kSkipsNulls,
       {sums, sum_groups}});
  row({"avg", "X", of_state<Average>("avg"), "The mean.", "avg(4 NULL 6)", "5", kSkipsNulls, grouped_state<Average>()});
  registry.add_alias("mean", "avg");
  row({"sum2", "X", of_state<PowerSum<2>>("sum2"), "The sum of squares.", "sum2(1 2 3)", "14", kSkipsNulls,
       grouped_state<PowerSum<2>>()});
  row({"sum3", "X", of_state<PowerSum<3>>("sum3"), "The sum of cubes.", "sum3(1 2 3)", "36", kSkipsNulls,
       grouped_state<PowerSum<3>>()});
  row({"sum4", "X", of_state<PowerSum<4>>("sum4"), "The sum of fourth powers.", "sum4(1 2 3)", "98", kSkipsNulls,
       grouped_state<PowerSum<4>>()});
  row({"prod", "X", of_state<Product>("prod"), "The product.", "prod(1 2 3 4)", "24", kSkipsNulls,
       grouped_state<Product>()});
  row({"var", "X", of_state<SampleVariance>("var"), "The sample variance (n - 1).", "var(1 2 3 4)", "1.666666667",
       kSkipsNulls, grouped_state<SampleVariance>()});
  row({"varp", "X", of_state<PopulationVariance>("varp"), "The population variance (n).", "varp(1 2 3 4)", "1.25",
       kSkipsNulls, grouped_state<PopulationVariance>()});
  row({"std", "X", of_state<SampleDeviation>("std"), "The sample standard deviation (n - 1).", "std(1 2 3)", "1",
       kSkipsNulls, grouped_state<SampleDeviation>()});
  row({"stdp", "X", of_state<PopulationDeviation>("stdp"), "The population standard deviation (n).", "stdp(1 3)", "1",
       kSkipsNulls, grouped_state<PopulationDeviation>()});
  row({"sem", "X", of_state<StandardError>("sem"), "The standard error of the mean.", "sem(1 2 3)", "0.5773502692",
       kSkipsNulls, grouped_state<StandardError>()});
  row({"skew", "X, [biased=true]", of_state_biased<Skewness>("skew"), "The skewness.", "skew(1 2 3)", "0",
       kSkipsNulls});
  row({"kurtosis", "X, [biased=true]", of_state_biased<Kurtosis>("kurtosis"),
       "The kurtosis, 3 for the normal distribution.", "kurtosis(1 2 3 4)", "1.64", kSkipsNulls});
}

void register_ends(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kAggregate, std::move(d)); };
  row({"count",
       "X",
       count,
       "The number of elements that are not null; of a table its rows.",
       "count(4 NULL 6)",
       "2",
       "Nulls are not counted.",
       {any_column, count_groups}});
  row({"max",
       "X, [Y]",
       extreme<Extreme::kLargest>("max"),
       "The largest element; with Y the larger of each two.",
       "max(3 9 2)",
       "9",
       kSkipsNulls,
       {is_ordered, extreme_groups<Extreme::kLargest>}});
  row({"min",
       "X, [Y]",
       extreme<Extreme::kSmallest>("min"),
       "The smallest element; with Y the smaller of each two.",
       "min(3 9 2)",
       "2",
       kSkipsNulls,
       {is_ordered, extreme_groups<Extreme::kSmallest>}});
  row({"first",
       "X",
       [](CallContext&, std::span<Value> args) { return end_of("first", args[0], true); },
       "The first element.",
       "first(5 6)",
       "5",
       "May be null.",
       {any_column, first_groups}});
  row({"last",
       "X",
       [](CallContext&, std::span<Value> args) { return end_of("last", args[0], false); },
       "The last element.",
       "last(5 6)",
       "6",
       "May be null.",
       {any_column, last_groups}});
}

void register_positions(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kAggregate, std::move(d)); };
  row({"firstNot", "X, [k]", [](CallContext&, std::span<Value> args) { return end_not("firstNot", args, true); },
       "The first element that is neither null nor k.", "firstNot(NULL 0 7, 0)", "7", kSkipsNulls});
  row({"lastNot", "X, [k]", [](CallContext&, std::span<Value> args) { return end_not("lastNot", args, false); },
       "The last element that is neither null nor k.", "lastNot(3 4 NULL)", "4", kSkipsNulls});
  row({"ifirstNot", "X", [](CallContext&, std::span<Value> args) { return position("ifirstNot", args[0], true); },
       "The position of the first element that is not null, or -1.", "ifirstNot(NULL 3 4)", "1"});
  row({"ilastNot", "X", [](CallContext&, std::span<Value> args) { return position("ilastNot", args[0], false); },
       "The position of the last element that is not null, or -1.", "ilastNot(3 4 NULL)", "1"});
  row({"imax", "X",
       [](CallContext&, std::span<Value> args) { return extreme_position("imax", args[0], Extreme::kLargest, false); },
       "The position of the largest element.", "imax(3 9 2)", "1", kSkipsNulls});
  row({"imin", "X",
       [](CallContext&, std::span<Value> args) { return extreme_position("imin", args[0], Extreme::kSmallest, false); },
       "The position of the smallest element.", "imin(3 9 2)", "2", kSkipsNulls});
  row({"imaxLast", "X",
       [](CallContext&, std::span<Value> args) {
         return extreme_position("imaxLast", args[0], Extreme::kLargest, true);
       },
       "The last position of the largest element.", "imaxLast(9 3 9)", "2", kSkipsNulls});
  row({"iminLast", "X",
       [](CallContext&, std::span<Value> args) {
         return extreme_position("iminLast", args[0], Extreme::kSmallest, true);
       },
       "The last position of the smallest element.", "iminLast(1 3 1)", "2", kSkipsNulls});
  row({"atImax", "location, value",
       [](CallContext&, std::span<Value> args) { return at_extreme("atImax", args, Extreme::kLargest); },
       "The value where location is largest.", "atImax(1 9 2, 5 6 7)", "6", kSkipsNulls});
  row({"atImin", "location, value",
       [](CallContext&, std::span<Value> args) { return at_extreme("atImin", args, Extreme::kSmallest); },
       "The value where location is smallest.", "atImin(3 9 2, 5 6 7)", "7", kSkipsNulls});
}

}  // namespace

void register_aggregates(Registry& registry) {
  register_numbers(registry);
  register_ends(registry);
  register_positions(registry);
}

GroupedAggregate grouped_size() { return {any_column, size_groups}; }

}  // namespace pelorus::functions
