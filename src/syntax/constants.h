#pragma once
// Reserved names with a fixed value: types, forms, partition kinds, rights, hints, pi.

#include <optional>
#include <string_view>

#include "types/scalar.h"

namespace pelorus::syntax {

/// The session variable that holds the current catalog; no script can name it.
inline constexpr std::string_view kCurrentCatalog = "use catalog";

/// INT → 4 (its type code), DECIMAL64 → 38, VECTOR → 1, VALUE → 1, SHARED, HINT_LOCAL, pi …; nothing for other names.
std::optional<types::Scalar> find_constant(std::string_view name);
/// The value of a hint name without brackets ("HINT_KEEPORDER" → 128).
std::optional<int> find_hint(std::string_view name);
/// A decimal type with its scale as one INT, as DECIMAL64(4) gives it: the scale stands in the upper 16 bits.
constexpr int32_t type_code_with_scale(int32_t type, int32_t scale) { return type | scale << 16; }

}  // namespace pelorus::syntax
