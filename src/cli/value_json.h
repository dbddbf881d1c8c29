#pragma once
// Values for programs: one JSON object with stable keys (docs/user/tool.md).

#include <string>

#include "data/value.h"

namespace pelorus::cli {

/// {"type": …, "value": …}. Numbers and booleans as such, null as null, times, decimals and other types as text. A
/// vector is an array; a table {"columns": [names], "types": [names], "rows": [[…]]}; a matrix an array of columns; a
/// dictionary an array of {"key", "value"}.
std::string value_json(const data::Value& value);

}  // namespace pelorus::cli
