#pragma once
// Registered functions as C++: what one built-in needs of another.

#include "functions/lift.h"

namespace pelorus::functions {

// The operators, all forms and types.
Value add(const Value& x, const Value& y);
Value subtract(const Value& x, const Value& y);
Value multiply(const Value& x, const Value& y);
Value divide(const Value& x, const Value& y);  // floors for integers
Value ratio(const Value& x, const Value& y);   // always floating
Value modulo(const Value& x, const Value& y);
Value equals(const Value& x, const Value& y);
Value less(const Value& x, const Value& y);
Value less_or_equal(const Value& x, const Value& y);
Value logical_and(const Value& x, const Value& y);
Value logical_not(const Value& x);
Value negate(const Value& x);

/// `x` moved by `count` of `unit`, all forms. ScriptError when the unit does not fit the type.
Value move_temporal(std::string_view function, const Value& x, int64_t count, types::Duration unit_of);

/// Concatenates two values: vectors, scalars, tuples; a column to a matrix; tables side by side.
Value join(const Value& x, const Value& y);

}  // namespace pelorus::functions
