#pragma once
// x[i] in every form (language reference §1.8), as pure functions on values. Positions that were left empty are
// Value::missing(); open ends of a pair are nulls.

#include <span>

#include "data/value.h"

namespace pelorus::exec {

using data::Value;

/// Reads. Errors: ScriptError.
Value index_value(const Value& object, std::span<const Value> positions);
/// x.name for dictionaries, tables and tuples of them; ScriptError when there is none.
Value member_value(const Value& object, const std::string& name);

/// Writes value into container[positions]; copy on write. Errors: ScriptError "Incompatible type. Expected: …".
void assign_index(Value& container, std::span<const Value> positions, const Value& value);

/// The half-open, possibly descending positions of a:b in something of `size` elements.
std::vector<int64_t> pair_positions(const data::Pair& pair, int64_t size);

}  // namespace pelorus::exec
