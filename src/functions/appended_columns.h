#pragma once
// What rows must have that are added to a table.

#include "data/table.h"
#include "data/value.h"

namespace pelorus::functions {

/// The property of a table that fills a column with the time of arrival by itself: that column's name.
inline constexpr const char* kArrivalColumn = "timestampColumn";

/// The columns of rows to add: all of the table's but the one it fills itself.
data::Schema appended_columns(const data::TableObject& table);

/// Rows as append! adds them to `table`, from what it may be given. To a stored table also rows of the columns that it
/// had before more were added, which become null. ScriptError naming `function`.
data::Table appended_rows(std::string_view function, const data::TableObject& table, const data::Value& what);

}  // namespace pelorus::functions
