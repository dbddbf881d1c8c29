#pragma once
// Columnar tuples: tuples that are columns of rows of unlike lengths, so that x[i] is column i, as of an array vector.

#include "data/value.h"

namespace pelorus::data {

/// The mark is the scale of the ANY vector, which has no decimals to count: it goes wherever slices and copies go.
inline constexpr int kColumnarScale = 1;

inline bool is_columnar(const Vector& vector) { return vector.is_tuple() && vector.scale() == kColumnarScale; }
inline bool is_columnar(const Value& value) { return value.is_vector() && is_columnar(value.vector()); }

/// Whether the elements can be rows of one column: vectors and scalars of one type, at least one of them a vector.
bool can_be_columnar(const Vector& tuple);
/// The same elements with the mark or without.
Vector marked_columnar(const Vector& tuple, bool on);

/// `tuple`, with the mark where it is wanted and can be.
Vector like_columnar(Vector tuple, bool wanted);

/// Row i of a columnar tuple or an array vector as a vector.
Shared<Vector> row_vector(const Vector& rows, size_t i);

}  // namespace pelorus::data
