#pragma once
// Element-wise functions of text: STRING, SYMBOL and BLOB vectors alike; a SYMBOL is worked out once per code.

#include <functional>

#include "functions/lift.h"

namespace pelorus::functions {

/// Text to text; a SYMBOL column stays SYMBOL. Numbers are refused, VOID counts as "".
Value map_text(std::string_view function, const Value& x, const std::function<std::string(const std::string&)>& map);
/// Text to a fixed-width `type`; `null`: what an empty text gives (the map is asked too when not set).
Value map_text_to(std::string_view function, const Value& x, Type type,
                  const std::function<Scalar(const std::string&)>& map);
/// Text and a second text, which may be a scalar or a vector in step.
Value map_text2(std::string_view function, const Value& x, const Value& y, Type type,
                const std::function<Scalar(const std::string&, const std::string&)>& map);

/// Positions of `%` (any run) and `?` (any one byte) in a pattern, matched against all of `text`.
bool matches_wildcard(std::string_view text, std::string_view pattern);

}  // namespace pelorus::functions
