#pragma once
// The other VOID object of the language besides NULL: what a parameter holds whose place in the call was left empty.

#include "data/value.h"

namespace pelorus::data {

/// A VOID null in every respect but is_nothing().
inline Value nothing() { return Scalar::of<int8_t>(Type::kVoid, 1); }

inline bool is_nothing(const Value& value) {
  if (value.is_missing()) return true;
  return value.is_scalar() && value.type() == Type::kVoid && value.scalar().get<int8_t>() == 1;
}

}  // namespace pelorus::data
