#include "exec/interpreter/fast_scalars.h"

#include <cmath>

namespace pelorus::exec {
namespace {

using data::Scalar;
using data::Type;
using syntax::BinaryOperator;

void set_flag(bool flag, PlainScalar* result) {
  result->type = Type::kBool;
  result->whole = flag ? 1 : 0;
}

template <class T>
bool compare(BinaryOperator op, T a, T b, PlainScalar* result) {
  switch (op) {
    case BinaryOperator::kLess: set_flag(a < b, result); return true;
    case BinaryOperator::kLessEqual: set_flag(a <= b, result); return true;
    case BinaryOperator::kGreater: set_flag(a > b, result); return true;
    case BinaryOperator::kGreaterEqual: set_flag(a >= b, result); return true;
    case BinaryOperator::kEqual: set_flag(a == b, result); return true;
    case BinaryOperator::kNotEqual: set_flag(a != b, result); return true;
    default: return false;
  }
}

/// T: int32_t or int64_t; wraps around.
template <class T>
bool whole(BinaryOperator op, T a, T b, PlainScalar* result) {
  using U = std::make_unsigned_t<T>;
  const bool is_null = a == types::kNull<T> || b == types::kNull<T>;
  const U x = static_cast<U>(a), y = static_cast<U>(b);
  T value = types::kNull<T>;
  switch (op) {
    case BinaryOperator::kAdd: value = static_cast<T>(x + y); break;
    case BinaryOperator::kSubtract: value = static_cast<T>(x - y); break;
    case BinaryOperator::kMultiply: value = static_cast<T>(x * y); break;
    case BinaryOperator::kDivide:
    case BinaryOperator::kModulo: {
      if (is_null || b == 0 || b == -1) return false;
      T quotient = a / b;
      T rest = a % b;
      if (rest != 0 && (rest < 0) != (b < 0)) {
        --quotient;
        rest += b;
      }
      value = op == BinaryOperator::kDivide ? quotient : rest;
      break;
    }
    default: return compare(op, a, b, result);
  }
  result->type = sizeof(T) == sizeof(int32_t) ? Type::kInt : Type::kLong;
  result->whole = is_null ? types::kNull<T> : value;
  return true;
}

bool floating(BinaryOperator op, double a, double b, PlainScalar* result) {
  if (std::isnan(a) || std::isnan(b)) return false;
  if (syntax::is_comparison(op)) return compare(op, a, b, result);
  if (a == types::kNull<double> || b == types::kNull<double>) return false;
  double value = 0;
  switch (op) {
    case BinaryOperator::kAdd: value = a + b; break;
    case BinaryOperator::kSubtract: value = a - b; break;
    case BinaryOperator::kMultiply: value = a * b; break;
    case BinaryOperator::kDivide:
    case BinaryOperator::kRatio:
      if (b == 0) return false;
      value = a / b;
      break;
    default: return false;
  }
  if (!std::isfinite(value)) return false;
  result->type = Type::kDouble;
  result->real = value;
  return true;
}

int64_t widened(const PlainScalar& value) {
  const bool is_null = value.type == Type::kInt && value.whole == types::kNull<int32_t>;
  return is_null ? types::kNull<int64_t> : value.whole;
}

/// False when it is null.
bool as_double(const PlainScalar& value, double* number) {
  if (value.type == Type::kDouble) {
    *number = value.real;
    return true;
  }
  const int64_t wide = widened(value);
  *number = static_cast<double>(wide);
  return wide != types::kNull<int64_t>;
}

}  // namespace

bool plain_of(const Scalar& scalar, PlainScalar* plain) {
  plain->type = scalar.type();
  switch (scalar.type()) {
    case Type::kInt: plain->whole = scalar.get<int32_t>(); return true;
    case Type::kLong: plain->whole = scalar.get<int64_t>(); return true;
    case Type::kDouble: plain->real = scalar.get<double>(); return true;
    case Type::kBool: plain->whole = scalar.get<int8_t>(); return true;
    default: return false;
  }
}

Scalar scalar_of(const PlainScalar& plain) {
  switch (plain.type) {
    case Type::kInt: return Scalar::of_int(static_cast<int32_t>(plain.whole));
    case Type::kLong: return Scalar::of_long(plain.whole);
    case Type::kDouble: return Scalar::of_double(plain.real);
    default: return Scalar::of<int8_t>(Type::kBool, static_cast<int8_t>(plain.whole));
  }
}

bool fast_binary(BinaryOperator op, const PlainScalar& left, const PlainScalar& right, PlainScalar* result) {
  const Type a = left.type, b = right.type;
  if (a == Type::kInt && b == Type::kInt && op != BinaryOperator::kRatio)
    return whole(op, static_cast<int32_t>(left.whole), static_cast<int32_t>(right.whole), result);
  if (a == Type::kBool || b == Type::kBool) {
    const bool is_logical = a == b && (op == BinaryOperator::kAnd || op == BinaryOperator::kOr);
    if (!is_logical || left.whole == types::kNull<int8_t> || right.whole == types::kNull<int8_t>) return false;
    const bool x = left.whole != 0, y = right.whole != 0;
    set_flag(op == BinaryOperator::kAnd ? x && y : x || y, result);
    return true;
  }
  if (a != Type::kDouble && b != Type::kDouble && op != BinaryOperator::kRatio)
    return whole(op, widened(left), widened(right), result);
  double x = 0, y = 0;
  return as_double(left, &x) && as_double(right, &y) && floating(op, x, y, result);
}

std::optional<Scalar> fast_binary(BinaryOperator op, const Scalar& left, const Scalar& right) {
  PlainScalar a, b;
  if (!plain_of(left, &a) || !plain_of(right, &b) || !fast_binary(op, a, b, &a)) return std::nullopt;
  return scalar_of(a);
}

}  // namespace pelorus::exec
