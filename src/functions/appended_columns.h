#pragma once
// What rows must have that are added to a table.

#include "data/table.h"

namespace pelorus::functions {

/// The property of a table that fills a column with the time of arrival by itself: that column's name.
inline constexpr const char* kArrivalColumn = "timestampColumn";

/// The columns of rows to add: all of the table's but the one it fills itself.
data::Schema appended_columns(const data::TableObject& table);

}  // namespace pelorus::functions
