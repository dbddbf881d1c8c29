#pragma once
// x[i] for reading in every form (language reference §1.8), as pure functions on values. Positions that were left empty
// are Value::missing(); open ends of a pair are nulls.

#include <span>
#include <string>
#include <vector>

#include "data/value.h"

namespace pelorus::functions {

using data::Value;

/// Positions out of range read as null. ScriptError for what can't be an index.
Value index_value(const Value& object, std::span<const Value> positions);
/// x.name for dictionaries, tables and tuples of them; ScriptError when there is none.
Value member_value(const Value& object, const std::string& name);

/// The half-open, possibly descending positions of a:b in something of `size` elements.
std::vector<int64_t> pair_positions(const data::Pair& pair, int64_t size);

/// Row i: of a matrix a vector, of a table a dictionary, of an array vector or tuple its row. ScriptError out of range.
Value row_of(const Value& object, int64_t row);

}  // namespace pelorus::functions
