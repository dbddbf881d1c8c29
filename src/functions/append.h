#pragma once
// Growing what a script owns: vectors, tuples, sets, tables; building tables from columns.

#include "functions/arguments.h"
#include "functions/call_context.h"
#include "functions/type_argument.h"

namespace pelorus::functions {

/// Adds `what` at the end of `target` in place; the number of elements or rows added. Elements are converted to the
/// target's type. ScriptError "Incompatible type. Expected: INT, Actual: STRING" and the like; then nothing was
/// changed.
int64_t append_to(CallContext& context, std::string_view function, Value& target, const Value& what);

/// Rows to add to a table of `schema`, from a table, a tuple of columns, a dictionary by column name, or scalars.
data::Table rows_for(std::string_view function, const data::Schema& schema, const Value& what);

/// Columns of equal length; scalars repeat. ScriptError when lengths differ or names repeat.
data::Table assemble_table(std::vector<std::string> names, const std::vector<Value>& columns);

/// The colDefs table of schema(): name, typeString, typeInt, extra, comment.
data::Table column_definitions(const data::Schema& schema);

/// A scalar as string() gives it.
std::string cast_text(const Scalar& scalar);

}  // namespace pelorus::functions
