#pragma once
// update and delete over rows in memory, for statements and for the functions that do the same.

#include "data/table.h"
#include "exec/evaluator.h"

namespace pelorus::exec {

/// The session variable that holds how many rows the latest statement was about; no script can name it.
inline constexpr std::string_view kMatchedRows = "matched rows";

/// The rows matched. ScriptError leaves `table` in no particular state: give a copy.
int64_t update_rows(const syntax::Update& update, data::Table& table, Evaluator& evaluator);
int64_t delete_rows(const syntax::Delete& statement, data::Table& table, Evaluator& evaluator);

/// A column that was added later.
data::Shared<data::Vector> null_column(const data::ColumnDefinition& column, size_t rows);

}  // namespace pelorus::exec
