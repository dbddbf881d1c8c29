#pragma once
// Element-wise functions of one argument over vectors.

#include "functions/lift.h"
#include "kernels/elementwise.h"

namespace pelorus::functions {

/// Runs the row's kernel for the vector's representation, widened where the row has no slot; the result is of `type`,
/// the kernel writes `produced`.
Vector run_unary(const kernels::UnaryRow& row, const Vector& vector, Type type, types::Repr produced);
/// Result of the argument's own type: abs, neg. Numeric types only.
Value map_same_type(std::string_view function, const Value& x, const kernels::UnaryRow& row);
/// DOUBLE to DOUBLE: sqrt, sin.
Value map_double(std::string_view function, const Value& x, const kernels::UnaryRow& row);

/// Element by element over whole numbers and temporals: f(int64) → int64, nulls included; result of `type`.
template <class F>
Vector map_whole(const Vector& vector, Type type, F&& f) {
  Vector result(type, vector.size());
  types::visit_fixed(vector.repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      const auto in = vector.values<T>();
      types::visit_fixed(result.repr(), [&]<class R>() {
        if constexpr (std::is_integral_v<R>) {
          auto& out = result.edit<R>();
          for (size_t i = 0; i < in.size(); ++i) {
            const int64_t value = f(in[i] == types::kNull<T> ? types::kNull<int64_t> : static_cast<int64_t>(in[i]));
            out[i] = value == types::kNull<int64_t> ? types::kNull<R> : static_cast<R>(value);
          }
        }
      });
    }
  });
  return result;
}

/// Larger and smaller of two, element by element: max(X, Y), min(X, Y).
Value larger(const Value& x, const Value& y);
Value smaller(const Value& x, const Value& y);

}  // namespace pelorus::functions
