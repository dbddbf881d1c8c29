#pragma once
// Operators on two plain scalars without going through the registry. Same results as the built-ins: wrapping integers,
// null in → null out, comparisons with null smallest. Whatever is not handled here is left to them.

#include <optional>

#include "data/value.h"
#include "syntax/operators.h"

namespace pelorus::exec {

/// Nothing when the operands' types or values need the built-in.
std::optional<data::Scalar> fast_binary(syntax::BinaryOperator op, const data::Scalar& left, const data::Scalar& right);

}  // namespace pelorus::exec
