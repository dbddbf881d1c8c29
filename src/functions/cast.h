#pragma once
// int(x), cast(x, TYPE), x$TYPE, x$r:c: one set of rules for all of them (language reference §2.5).

#include "functions/arguments.h"
#include "functions/type_argument.h"

namespace pelorus::functions {

/// `x` with element type `type`, form kept; tuples of rows become array vectors for array types, typed vectors where
/// their elements allow it. `function` is for messages. ScriptError when there is no such conversion.
Value cast_to(std::string_view function, const Value& x, TypeArgument type);

/// Elements of x as a rows x columns matrix, filled by column.
Value reshape_to(std::string_view function, const Value& x, size_t rows, size_t columns);

/// `text` ("3d", "15m", "1XNYS") as a DURATION; a null one when it is none.
types::Duration parse_duration(std::string_view text);
/// A DURATION scalar, or a text that reads as one. Nothing otherwise.
std::optional<types::Duration> duration_of(const Value& value);

}  // namespace pelorus::functions
