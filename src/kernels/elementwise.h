#pragma once
// Loops over plain types that serve every element-wise function; a function is a struct with apply(). Kernels know no
// forms and never throw.

#include <array>
#include <cfloat>
#include <cstddef>
#include <type_traits>

#include "base/wide_vectors.h"
#include "types/null.h"
#include "types/representation.h"

namespace pelorus::kernels {

using types::Int128;
using types::kNull;
using types::Repr;

inline constexpr size_t kReprCount = static_cast<size_t>(Repr::kMixed) + 1;

/// One operand: `data` points at plain values; `repeats`: one value for all rows.
struct Lane {
  const void* data;
  bool repeats;
};
using BinaryKernel = void (*)(Lane left, Lane right, void* out, size_t rows);
using UnaryKernel = void (*)(const void* in, void* out, size_t rows);
/// By representation of the operands; an empty slot: not defined there.
using KernelRow = std::array<BinaryKernel, kReprCount>;
using UnaryRow = std::array<UnaryKernel, kReprCount>;

template <class... Ts>
struct TypeList {};
/// What arithmetic is computed in; narrower types are widened to one of these.
using Numeric = TypeList<int32_t, int64_t, Int128, double>;
using Whole = TypeList<int32_t, int64_t>;

template <class T>
inline constexpr Repr kReprOf = std::is_same_v<T, int8_t>    ? Repr::kI8
                                : std::is_same_v<T, int16_t> ? Repr::kI16
                                : std::is_same_v<T, int32_t> ? Repr::kI32
                                : std::is_same_v<T, int64_t> ? Repr::kI64
                                : std::is_same_v<T, Int128>  ? Repr::kI128
                                : std::is_same_v<T, float>   ? Repr::kF32
                                                             : Repr::kF64;

/// Infinite and undefined results are null.
inline double finite_or_null(double value) { return value >= -DBL_MAX && value <= DBL_MAX ? value : kNull<double>; }

/// The null rule of arithmetic: null if either operand is. Computes, then selects, so that it vectorises.
template <class Op>
struct NullIfEither {
  template <class T>
  static auto apply(T a, T b) {
    const auto value = Op::apply(a, b);
    using R = std::remove_const_t<decltype(value)>;
    return ((a == kNull<T>) | (b == kNull<T>)) ? kNull<R> : value;
  }
};
template <class Op>
struct NullIfNull {
  template <class T>
  static auto apply(T a) {
    const auto value = Op::apply(a);
    using R = std::remove_const_t<decltype(value)>;
    return a == kNull<T> ? kNull<R> : value;
  }
};

template <class Op, class T>
PELORUS_WIDE void elementwise(Lane left, Lane right, void* out, size_t rows) {
  using R = std::remove_const_t<decltype(Op::apply(T{}, T{}))>;
  const T* a = static_cast<const T*>(left.data);
  const T* b = static_cast<const T*>(right.data);
  R* __restrict result = static_cast<R*>(out);
  if (left.repeats && right.repeats) {
    const R value = rows > 0 ? Op::apply(*a, *b) : R{};
    for (size_t i = 0; i < rows; ++i) result[i] = value;
  } else if (right.repeats) {
    const T y = *b;
    for (size_t i = 0; i < rows; ++i) result[i] = Op::apply(a[i], y);
  } else if (left.repeats) {
    const T x = *a;
    for (size_t i = 0; i < rows; ++i) result[i] = Op::apply(x, b[i]);
  } else {
    for (size_t i = 0; i < rows; ++i) result[i] = Op::apply(a[i], b[i]);
  }
}

template <class Op, class T>
PELORUS_WIDE void elementwise_unary(const void* in, void* out, size_t rows) {
  using R = std::remove_const_t<decltype(Op::apply(T{}))>;
  const T* a = static_cast<const T*>(in);
  R* __restrict result = static_cast<R*>(out);
  for (size_t i = 0; i < rows; ++i) result[i] = Op::apply(a[i]);
}

template <class Op, class... Ts>
constexpr KernelRow kernels_for(TypeList<Ts...>) {
  KernelRow row{};
  ((row[static_cast<size_t>(kReprOf<Ts>)] = &elementwise<Op, Ts>), ...);
  return row;
}
template <class Op, class... Ts>
constexpr UnaryRow unary_kernels_for(TypeList<Ts...>) {
  UnaryRow row{};
  ((row[static_cast<size_t>(kReprOf<Ts>)] = &elementwise_unary<Op, Ts>), ...);
  return row;
}

}  // namespace pelorus::kernels
