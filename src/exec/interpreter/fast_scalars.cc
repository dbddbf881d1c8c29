#include "exec/interpreter/fast_scalars.h"

#include <cmath>

namespace pelorus::exec {
namespace {

using data::Scalar;
using data::Type;
using syntax::BinaryOperator;

template <class T>
constexpr Type type_of() {
  if constexpr (std::is_same_v<T, int32_t>) return Type::kInt;
  if constexpr (std::is_same_v<T, int64_t>) return Type::kLong;
  return Type::kDouble;
}

template <class T>
T wrapping(BinaryOperator op, T a, T b) {
  using U = std::make_unsigned_t<T>;
  const U x = static_cast<U>(a);
  const U y = static_cast<U>(b);
  switch (op) {
    case BinaryOperator::kAdd: return static_cast<T>(x + y);
    case BinaryOperator::kSubtract: return static_cast<T>(x - y);
    default: return static_cast<T>(x * y);
  }
}

template <class T>
std::optional<Scalar> compare(BinaryOperator op, T a, T b) {
  switch (op) {
    case BinaryOperator::kLess: return Scalar::of_bool(a < b);
    case BinaryOperator::kLessEqual: return Scalar::of_bool(a <= b);
    case BinaryOperator::kGreater: return Scalar::of_bool(a > b);
    case BinaryOperator::kGreaterEqual: return Scalar::of_bool(a >= b);
    case BinaryOperator::kEqual: return Scalar::of_bool(a == b);
    case BinaryOperator::kNotEqual: return Scalar::of_bool(a != b);
    default: return std::nullopt;
  }
}

template <class T>
std::optional<Scalar> whole(BinaryOperator op, T a, T b) {
  if (syntax::is_comparison(op)) return compare(op, a, b);
  const bool is_null = a == types::kNull<T> || b == types::kNull<T>;
  switch (op) {
    case BinaryOperator::kAdd:
    case BinaryOperator::kSubtract:
    case BinaryOperator::kMultiply: return Scalar::of<T>(type_of<T>(), is_null ? types::kNull<T> : wrapping(op, a, b));
    case BinaryOperator::kDivide:
    case BinaryOperator::kModulo: {
      if (is_null || b == 0 || b == -1) return std::nullopt;
      T quotient = a / b;
      T rest = a % b;
      if (rest != 0 && (rest < 0) != (b < 0)) {
        --quotient;
        rest += b;
      }
      return Scalar::of<T>(type_of<T>(), op == BinaryOperator::kDivide ? quotient : rest);
    }
    default: return std::nullopt;
  }
}

std::optional<Scalar> floating(BinaryOperator op, double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::nullopt;
  if (syntax::is_comparison(op)) return compare(op, a, b);
  if (a == types::kNull<double> || b == types::kNull<double>) return std::nullopt;
  double result = 0;
  switch (op) {
    case BinaryOperator::kAdd: result = a + b; break;
    case BinaryOperator::kSubtract: result = a - b; break;
    case BinaryOperator::kMultiply: result = a * b; break;
    case BinaryOperator::kDivide:
    case BinaryOperator::kRatio:
      if (b == 0) return std::nullopt;
      result = a / b;
      break;
    default: return std::nullopt;
  }
  if (!std::isfinite(result)) return std::nullopt;
  return Scalar::of_double(result);
}

int64_t widened(const Scalar& value) {
  if (value.type() == Type::kLong) return value.get<int64_t>();
  const auto number = value.get<int32_t>();
  return number == types::kNull<int32_t> ? types::kNull<int64_t> : number;
}

std::optional<double> as_double(const Scalar& value) {
  if (value.type() == Type::kDouble) return value.get<double>();
  const int64_t number = widened(value);
  if (number == types::kNull<int64_t>) return std::nullopt;
  return static_cast<double>(number);
}

bool is_plain(Type type) { return type == Type::kInt || type == Type::kLong || type == Type::kDouble; }

}  // namespace

std::optional<Scalar> fast_binary(BinaryOperator op, const Scalar& left, const Scalar& right) {
  const Type a = left.type();
  const Type b = right.type();
  if (a == Type::kInt && b == Type::kInt && op != BinaryOperator::kRatio) {
    return whole(op, left.get<int32_t>(), right.get<int32_t>());
  }
  if (a == Type::kBool && b == Type::kBool && (op == BinaryOperator::kAnd || op == BinaryOperator::kOr)) {
    const auto x = left.get<int8_t>();
    const auto y = right.get<int8_t>();
    if (x == types::kNull<int8_t> || y == types::kNull<int8_t>) return std::nullopt;
    return Scalar::of_bool(op == BinaryOperator::kAnd ? x != 0 && y != 0 : x != 0 || y != 0);
  }
  if (!is_plain(a) || !is_plain(b)) return std::nullopt;
  const bool is_whole = a != Type::kDouble && b != Type::kDouble;
  if (is_whole && op != BinaryOperator::kRatio) return whole(op, widened(left), widened(right));
  const auto x = as_double(left);
  const auto y = as_double(right);
  if (!x || !y) return std::nullopt;
  return floating(op, *x, *y);
}

}  // namespace pelorus::exec
