#pragma once
// update and delete of stored tables: the partitions a condition may touch are rewritten where they lie.

#include "exec/evaluator.h"
#include "exec/stored_table.h"

namespace pelorus::exec {

/// The rows changed. ScriptError as the statements tell it.
int64_t update_stored(const syntax::Update& update, StoredTable& table, Evaluator& evaluator);
int64_t delete_stored(const syntax::Delete& statement, StoredTable& table, Evaluator& evaluator);

}  // namespace pelorus::exec
