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

}  // namespace pelorus::functions
