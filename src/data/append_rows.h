#pragma once
// Chosen rows of one table, added to another in one copy.

#include <span>

#include "data/table.h"

namespace pelorus::data {

/// Adds `rows` of `from` (each of them there) to `to`, whose columns have the same types by position. Symbols are coded
/// by the base of `to`, which gets the texts it lacks in the order in which they come: nobody else may be using it.
/// Cost: a copy of the rows, and a look-up for each text of a column's base among them.
void append_rows(Table& to, const Table& from, std::span<const int64_t> rows);

}  // namespace pelorus::data
