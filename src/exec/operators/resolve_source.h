#pragma once
// `from`: tables, nested queries, join functions and join keywords as one relation.

#include <memory>
#include <string>

#include "exec/evaluator.h"
#include "exec/operators/relation.h"
#include "exec/stored_table.h"
#include "syntax/sql.h"

namespace pelorus::exec {

/// A table expression's value with the name its columns may be qualified by.
struct NamedTable {
  data::Value table;
  std::string qualifier;
};

/// ScriptError: "Can't recognize table …" when the value is no table.
Relation resolve_source(const syntax::Source& source, Evaluator& evaluator, Scope* outer);
/// The table and name of a source that is neither a join nor a join function; an empty value otherwise.
std::optional<NamedTable> resolve_single(const syntax::Source& source, Evaluator& evaluator, Scope* outer);
/// Rows of a stored table are read (budgeted); a partition being read stays lazy.
Relation relation_of(const NamedTable& table, Evaluator& evaluator);
/// The stored table behind a value; null when it is none.
std::shared_ptr<StoredTable> stored_table_of(const data::Value& value);

}  // namespace pelorus::exec
