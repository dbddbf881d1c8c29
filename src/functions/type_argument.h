#pragma once
// How a type travels as an argument: the value of the constants INT, SYMBOL[], DECIMAL32(2) and of type names as text.

#include <string_view>

#include "data/value.h"

namespace pelorus::functions {

/// An element type as a script names it.
struct TypeArgument {
  types::Type type = types::Type::kVoid;
  bool array = false;  // INT[]
  int scale = 0;       // DECIMAL64(4)
};

/// The constants INT, DOUBLE[], … are INT scalars: the wire's type code (64 more for arrays); the constant DECIMAL64(4)
/// adds its scale in bits 16 and up.
constexpr int32_t type_code(TypeArgument type) {
  return static_cast<int32_t>(type.type) + (type.array ? types::kArrayTypeOffset : 0) + type.scale * 65536;
}
/// Reads such a code. False when it names no type.
bool parse_type_code(int64_t code, TypeArgument* type);
/// Reads "INT", "symbol", "DOUBLE[]", "DECIMAL32(2)". False when it names no type.
bool parse_type_name(std::string_view name, TypeArgument* type);
/// A code or a name; ScriptError "Usage: <function>…" otherwise.
TypeArgument type_argument(std::string_view function, const data::Value& value);

}  // namespace pelorus::functions
