#pragma once
// Conversion between element types (language reference §2.5): the one place for casts, appends and column fits.

#include <optional>

#include "data/value.h"

namespace pelorus::data {

/// Whether values of `from` may be stored as `to` (INT into DOUBLE, STRING into SYMBOL, TIMESTAMP into DATE …). Text
/// into numbers is not storable, though castable.
bool is_storable_as(Type from, Type to);

/// `value` as `type`: floats round half away from zero, out of range gives null, temporals truncate, text is parsed
/// (unparsable: null). Nothing when there is no such conversion (UUID to INT).
std::optional<Scalar> convert(const Scalar& value, Type type, int scale = 0);

/// Element-wise; also tuple to typed vector when every element is a convertible scalar. Same type: a shared copy.
/// Nothing when there is no such conversion. Cost: O(n), no per-element allocation for fixed widths.
std::optional<Shared<Vector>> convert(const Shared<Vector>& vector, Type type, int scale = 0);

/// The narrowest type both can be converted to without loss of kind (INT + DOUBLE → DOUBLE, SYMBOL + STRING →
/// STRING); kAny when there is none.
Type common_type(Type left, Type right);

}  // namespace pelorus::data
