#pragma once
// x[i] = v in every form; reading is the built-ins' affair.

#include <span>

#include "functions/indexing.h"

namespace pelorus::exec {

using data::Value;
using functions::index_value;
using functions::member_value;
using functions::pair_positions;

/// Writes value into container[positions]; copy on write. Errors: ScriptError "Incompatible type. Expected: …".
void assign_index(Value& container, std::span<const Value> positions, const Value& value);

}  // namespace pelorus::exec
