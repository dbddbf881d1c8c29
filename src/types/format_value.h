#pragma once
// The printed form of one value.

#include <string>

#include "types/scalar.h"

namespace pelorus::types {

/// As `string(x)` and print show it: 2021.05.06T10:11:12.000, 1.5, 3.750, true, text without quotes. Null: "".
/// Doubles: shortest text that reads back the same, at most 15 significant digits shown (%.15g style), no ".0".
std::string format_value(const Scalar& value);
/// The literal a script would contain: text quoted and escaped, nulls as 00i, 00F …, DATE 2021.05.06, SHORT 5h.
std::string format_literal(const Scalar& value);

}  // namespace pelorus::types
