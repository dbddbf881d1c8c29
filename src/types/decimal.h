#pragma once
// Exact decimal arithmetic on scaled integers: value = number / 10^scale. 128 bits inside, whatever the stored width.

#include <optional>
#include <string>
#include <string_view>

#include "types/representation.h"

namespace pelorus::types {

inline constexpr int kDecimalScaleMax = 38;

/// 10^exponent for 0 <= exponent <= 38 (checked).
Int128 power_of_ten(int exponent);
/// Whether `value` is in the range of the decimal type and is not its null.
bool fits_decimal(Int128 value, Type type);

/// From one scale to another; dropped digits round half away from zero. Nothing on overflow of 128 bits.
std::optional<Int128> rescale_decimal(Int128 value, int from_scale, int to_scale);
std::optional<Int128> decimal_from_double(double value, int scale);
double decimal_to_double(Int128 value, int scale);

/// Reads the leading number of `text` ("-1.005", "3e2"); nothing when there is none or it does not fit 128 bits.
std::optional<Int128> parse_decimal(std::string_view text, int scale);
/// All digits of the scale: 3750 with scale 3 is "3.750".
std::string format_decimal(Int128 value, int scale);

/// Both operands at the same scale. Nothing on overflow.
std::optional<Int128> add_decimal(Int128 left, Int128 right);
std::optional<Int128> subtract_decimal(Int128 left, Int128 right);
/// The result's scale is the sum of the operands' scales.
std::optional<Int128> multiply_decimal(Int128 left, Int128 right);
/// left / right with the left operand's scale, truncated toward zero; nothing for a zero divisor or overflow.
std::optional<Int128> divide_decimal(Int128 left, Int128 right, int right_scale);

}  // namespace pelorus::types
