#pragma once
// select over a stored table: prune, send fragments to the partitions, merge what comes back.

#include <memory>
#include <string>
#include <vector>

#include "exec/evaluator.h"
#include "exec/operators/explanation.h"
#include "exec/operators/resolve_source.h"
#include "exec/stored_table.h"

namespace pelorus::exec {

Value select_stored(const syntax::Query& query, const std::shared_ptr<StoredTable>& table, const std::string& qualifier,
                    Evaluator& evaluator, Scope* outer, Explanation* explanation = nullptr);

/// Tells a partition being read what the query will ignore. The conditions of `where` that its rows may still fail.
std::vector<syntax::ExprRef> narrow_source(const syntax::Query& query, const NamedTable& table, Evaluator& evaluator);

}  // namespace pelorus::exec
