#pragma once
// Operators on two plain scalars without going through the registry. Same results as the built-ins: wrapping integers,
// null in → null out, comparisons with null smallest. Whatever is not handled here is left to them.

#include <optional>

#include "data/value.h"
#include "syntax/operators.h"

namespace pelorus::exec {

/// An INT, LONG, DOUBLE or BOOL, null or not.
struct PlainScalar {
  data::Type type = data::Type::kVoid;
  union {
    int64_t whole = 0;  // BOOL, INT and LONG as they are, each with its own null
    double real;
  };
};

/// False when it is of another type.
bool plain_of(const data::Scalar& scalar, PlainScalar* plain);
data::Scalar scalar_of(const PlainScalar& plain);

/// False when the operands' types or values need the built-in; `result` may be one of the operands.
bool fast_binary(syntax::BinaryOperator op, const PlainScalar& left, const PlainScalar& right, PlainScalar* result);
/// Nothing when the operands' types or values need the built-in.
std::optional<data::Scalar> fast_binary(syntax::BinaryOperator op, const data::Scalar& left, const data::Scalar& right);

}  // namespace pelorus::exec
