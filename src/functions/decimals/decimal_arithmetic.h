#pragma once
// Sums, differences and products of decimals: exact, never wrapping.

#include <string_view>

#include "data/vector.h"
#include "functions/type_rules.h"

namespace pelorus::functions {

/// One side: a vector of decimals or whole numbers, or a scalar for every row.
struct DecimalLane {
  const data::Vector* vector = nullptr;
  const types::Scalar* scalar = nullptr;
};

/// Whether decimal_result() computes this: add, sub or mul with a decimal result.
bool is_decimal_arithmetic(std::string_view operation, const BinaryTypes& types);

/// `rows` results of types.result.scale. Null where a side is null. A product that its type can't hold widens the type
/// of all; other results that do not fit, and products wider than DECIMAL128, are a ScriptError.
data::Vector decimal_result(std::string_view operation, const BinaryTypes& types, DecimalLane left, DecimalLane right,
                            size_t rows);

}  // namespace pelorus::functions
