#pragma once
// Values as JSON and back (RFC 8259). Nulls are null; temporals, UUIDs and the like are their printed text.

#include <string>
#include <string_view>

#include "data/value.h"

namespace pelorus::functions {

/// A table is an array of objects, a dictionary an object, a matrix an array of its columns, a pair or set an array.
std::string to_standard_json(const data::Value& value);
/// Numbers that are whole become INT or LONG, others DOUBLE; an array of one kind of scalar a vector, of objects or
/// anything mixed a tuple; an object a dictionary of STRING to ANY. ScriptError when the text is no JSON or nests too
/// deep.
data::Value from_standard_json(std::string_view function, std::string_view text);

/// The same with type and form around it, so that the value itself comes back: {"name","form","type","size","value"}.
std::string to_typed_json(const data::Value& value, std::string_view name);
data::Value from_typed_json(std::string_view text);

}  // namespace pelorus::functions
