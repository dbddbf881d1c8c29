#pragma once
// The element-wise binary functions of the operators, one row each: null if either operand is null unless said
// otherwise.

#include "kernels/elementwise.h"

namespace pelorus::kernels {

// Integers wrap; floats that overflow give null.
extern const KernelRow kAdd, kSubtract, kMultiply;
/// Integers round towards minus infinity; by zero: null.
extern const KernelRow kDivide;
/// Sign of the divisor; by zero: null.
extern const KernelRow kModulo;
/// kF64 only.
extern const KernelRow kRatio, kPower, kArcTangent2;
/// Whole numbers only. Shifts take the count modulo the width.
extern const KernelRow kBitAnd, kBitOr, kBitXor, kShiftLeft, kShiftRight;
/// BOOL bytes only. `or`: the other operand if one is null.
extern const KernelRow kAnd, kOr, kXor;
/// Null is smaller than everything and equal to itself. Result: BOOL bytes, never null.
extern const KernelRow kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual;
/// The other operand if one is null.
extern const KernelRow kMaximum, kMinimum;

/// Brings whole numbers into [0, modulus): times of day wrap at midnight. Nulls stay.
void wrap_modulo(int32_t* values, size_t rows, int32_t modulus);
void wrap_modulo(int64_t* values, size_t rows, int64_t modulus);

}  // namespace pelorus::kernels
