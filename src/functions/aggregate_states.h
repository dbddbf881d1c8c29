#pragma once
// Carries the states of kernels/aggregate.h over vectors of any numeric type: whole and by group.

#include "functions/lift.h"
#include "functions/registry.h"
#include "kernels/aggregate.h"

namespace pelorus::functions {

inline std::span<const double> doubles(const Shared<Vector>& vector) { return vector->values<double>(); }

/// `vector` as doubles, or ScriptError naming the function: numeric types only.
inline Shared<Vector> numeric_doubles(std::string_view function, const Shared<Vector>& vector) {
  if (vector->type() != Type::kVoid && !types::is_numeric(vector->type())) {
    usage_error(function, "X must be numeric, not " + std::string(types::name_of(vector->type())) + ".");
  }
  return as_doubles(function, vector);
}

template <class State>
Value reduce_numbers(std::string_view function, const Value& x) {
  return lift_reduce(function, x, [&](const Shared<Vector>& vector) -> Value {
    const auto numbers = numeric_doubles(function, vector);
    return Value::of_double(kernels::fold<State, double>(doubles(numbers)).result());
  });
}

template <class State>
Value reduce_pairs(std::string_view function, const Value& x, const Value& y) {
  return lift_reduce2(function, x, y, [&](const Shared<Vector>& left, const Shared<Vector>& right) -> Value {
    if (left->size() != right->size()) refuse_lengths(function, left->size(), right->size());
    const auto a = numeric_doubles(function, left), b = numeric_doubles(function, right);
    return Value::of_double(kernels::fold2<State>(doubles(a), doubles(b)).result());
  });
}

inline bool is_plain_numeric(const Vector& values) { return types::is_numeric(values.type()) && !values.is_array(); }

/// GroupedAggregate::run for a state over doubles.
template <class State>
Vector run_groups(const Vector& values, std::span<const uint32_t> group_of_row, size_t groups) {
  std::vector<State> states(groups);
  const std::span<State> all(states);
  if (types::is_decimal(values.type())) {
    const auto numbers = as_doubles("group by", Shared<Vector>(values));
    kernels::fold_groups<State, double>(doubles(numbers), group_of_row, all);
  } else {
    types::visit_fixed(values.repr(), [&]<class T>() {
      if constexpr (!std::is_same_v<T, types::Bytes16>)
        kernels::fold_groups<State, T>(values.values<T>(), group_of_row, all);
    });
  }
  Vector result(Type::kDouble, groups);
  auto& out = result.edit<double>();
  for (size_t g = 0; g < groups; ++g) out[g] = states[g].result();
  return result;
}
template <class State>
constexpr GroupedAggregate grouped_state() {
  return {is_plain_numeric, run_groups<State>};
}

}  // namespace pelorus::functions
