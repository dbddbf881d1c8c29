#include "functions/type_argument.h"

#include <charconv>
#include <string>

#include "base/script_error.h"

namespace pelorus::functions {

using types::Type;

bool parse_type_code(int64_t code, TypeArgument* type) {
  if (code < 0 || code > INT32_MAX) return false;
  const int scale = static_cast<int>(code >> 16);
  int plain = static_cast<int>(code & 0xffff);
  const bool array = plain >= types::kArrayTypeOffset;
  if (array) plain -= types::kArrayTypeOffset;
  if (plain > static_cast<int>(Type::kDecimal128)) return false;
  const auto candidate = static_cast<Type>(plain);
  // Unused codes share the name of VOID.
  if (plain != 0 && types::name_of(candidate) == types::name_of(Type::kVoid)) return false;
  if (scale > types::scale_max(candidate)) return false;
  *type = {candidate, array, scale};
  return true;
}

bool parse_type_name(std::string_view name, TypeArgument* type) {
  TypeArgument found;
  std::string plain(name);
  if (const auto open = plain.find('('); open != std::string::npos) {
    const auto close = plain.find(')', open);
    if (close == std::string::npos) return false;
    const char* digits = plain.data() + open + 1;
    if (std::from_chars(digits, plain.data() + close, found.scale).ec != std::errc()) return false;
    plain.erase(open, close - open + 1);
  }
  if (!types::parse_type(plain, &found.type, &found.array)) return false;
  if (found.scale < 0 || found.scale > types::scale_max(found.type)) return false;
  *type = found;
  return true;
}

TypeArgument type_argument(std::string_view function, const data::Value& value) {
  TypeArgument type;
  if (value.is_text() && parse_type_name(value.text(), &type)) return type;
  // array(any, 3), array(int, 3): in lower case the names are those of functions.
  if (value.is_function() && parse_type_name(value.function()->print(), &type)) return type;
  if (value.is_scalar() && types::is_integral(value.type()) && parse_type_code(value.scalar().as_int64(), &type)) {
    return type;
  }
  throw ScriptError("Usage: " + std::string(function) +
                    "(...). A data type such as INT, DOUBLE or DECIMAL64(4) is expected.");
}

}  // namespace pelorus::functions
