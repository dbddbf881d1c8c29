#include "types/decimal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/check.h"
#include "types/null.h"

namespace pelorus::types {
namespace {

constexpr std::array<Int128, kDecimalScaleMax + 1> kPowers = [] {
  std::array<Int128, kDecimalScaleMax + 1> powers{};
  Int128 power = 1;
  for (auto& entry : powers) {
    entry = power;
    if (&entry != &powers.back()) power *= 10;
  }
  return powers;
}();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool append_digit(Int128* value, char digit) {
  return !__builtin_mul_overflow(*value, Int128{10}, value) && !__builtin_add_overflow(*value, Int128{digit - '0'}, value);
}

/// The exponent behind "e" at `i`; 0 when there is none.
int parse_exponent(std::string_view text, size_t i) {
  if (i >= text.size() || (text[i] != 'e' && text[i] != 'E')) return 0;
  ++i;
  bool negative = false;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
  int exponent = 0;
  for (; i < text.size() && is_digit(text[i]) && exponent < 1000; ++i) exponent = exponent * 10 + (text[i] - '0');
  return negative ? -exponent : exponent;
}

}  // namespace

Int128 power_of_ten(int exponent) {
  CHECK(exponent >= 0 && exponent <= kDecimalScaleMax);
  return kPowers[static_cast<size_t>(exponent)];
}

bool fits_decimal(Int128 value, Type type) {
  switch (type) {
    case Type::kDecimal32: return value > kNull<int32_t> && value <= INT32_MAX;
    case Type::kDecimal64: return value > kNull<int64_t> && value <= INT64_MAX;
    default: return value != kNull<Int128>;
  }
}

std::optional<Int128> rescale_decimal(Int128 value, int from_scale, int to_scale) {
  if (to_scale >= from_scale) {
    if (to_scale - from_scale > kDecimalScaleMax) return value == 0 ? std::optional<Int128>(0) : std::nullopt;
    Int128 result = 0;
    if (__builtin_mul_overflow(value, power_of_ten(to_scale - from_scale), &result)) return std::nullopt;
    return result;
  }
  if (from_scale - to_scale > kDecimalScaleMax) return 0;
  const Int128 divisor = power_of_ten(from_scale - to_scale);
  const Int128 quotient = value / divisor;
  const Int128 rest = value % divisor;
  const Int128 distance = rest < 0 ? -rest : rest;
  if (distance < divisor - distance) return quotient;
  return value < 0 ? quotient - 1 : quotient + 1;
}

std::optional<Int128> decimal_from_double(double value, int scale) {
  // The shortest decimal text of the double, so that 1.005 is taken as written and not as 1.00499999….
  char text[40];
  if (!std::isfinite(value)) return std::nullopt;
  std::snprintf(text, sizeof text, "%.15g", value);
  return parse_decimal(text, scale);
}

double decimal_to_double(Int128 value, int scale) {
  return static_cast<double>(static_cast<long double>(value) / static_cast<long double>(power_of_ten(scale)));
}

std::optional<Int128> parse_decimal(std::string_view text, int scale) {
  size_t i = 0;
  bool negative = false;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
  Int128 value = 0;
  int decimals = 0;
  bool any = false;
  bool point = false;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(text[i])) break;
    any = true;
    if (point && decimals > scale + 18) continue;  // cannot change the rounding any more
    if (!append_digit(&value, text[i])) return std::nullopt;
    decimals += point ? 1 : 0;
  }
  if (!any) return std::nullopt;
  const auto rescaled = rescale_decimal(negative ? -value : value, decimals - parse_exponent(text, i), scale);
  if (!rescaled || *rescaled == kNull<Int128>) return std::nullopt;
  return rescaled;
}

std::string format_decimal(Int128 value, int scale) {
  const bool negative = value < 0;
  __extension__ using Unsigned128 = unsigned __int128;
  Unsigned128 rest = negative ? -static_cast<Unsigned128>(value) : static_cast<Unsigned128>(value);
  std::string digits;
  for (int count = 0; rest > 0 || count <= scale; ++count, rest /= 10) {
    if (count == scale && scale > 0) digits += '.';
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  }
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::optional<Int128> add_decimal(Int128 left, Int128 right) {
  Int128 result = 0;
  if (__builtin_add_overflow(left, right, &result)) return std::nullopt;
  return result;
}

std::optional<Int128> subtract_decimal(Int128 left, Int128 right) {
  Int128 result = 0;
  if (__builtin_sub_overflow(left, right, &result)) return std::nullopt;
  return result;
}

std::optional<Int128> multiply_decimal(Int128 left, Int128 right) {
  Int128 result = 0;
  if (__builtin_mul_overflow(left, right, &result)) return std::nullopt;
  return result;
}

std::optional<Int128> divide_decimal(Int128 left, Int128 right, int right_scale) {
  if (right == 0) return std::nullopt;
  Int128 scaled = 0;
  if (__builtin_mul_overflow(left, power_of_ten(right_scale), &scaled)) return std::nullopt;
  return scaled / right;
}

}  // namespace pelorus::types
