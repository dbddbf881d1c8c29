#pragma once
// Putting the parts of a result together: bracket literals, results of each(), rows of a table.

#include <vector>

#include "data/value.h"

namespace pelorus::functions {

/// [e1, e2]: a vector of the common type when all parts are scalars of types that have one, else a tuple.
data::Value vector_or_tuple(std::vector<data::Value> parts);
/// The default rule of each(): scalars to a vector, vectors of one length and type to matrix columns, dictionaries with
/// equal keys to a table; otherwise a tuple.
data::Value assemble(std::vector<data::Value> parts);

/// Rows of elements of x, at `picks` (INT64_MAX: null): row r holds those from ends[r - 1] to ends[r]. An array vector;
/// a tuple where x holds what array vectors can't: texts, tuples, array vectors.
data::Vector picked_rows(const data::Vector& x, data::Buffer<int64_t> picks, data::Buffer<int64_t> ends);

}  // namespace pelorus::functions
