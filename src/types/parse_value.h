#pragma once
// Reading values of a known type from text: casts from strings, CSV fields, LIST schemes.

#include <string_view>

#include "types/scalar.h"

namespace pelorus::types {

/// Reads `text` as `type`; leading and trailing blanks are dropped. Text that does not fit gives the type's null
/// (numbers read the leading number, as the language does). `scale` is for decimals.
Scalar parse_value(std::string_view text, Type type, int scale = 0);

}  // namespace pelorus::types
