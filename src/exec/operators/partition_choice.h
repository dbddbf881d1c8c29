#pragma once
// partition(column, keys) and sample(column, size) of a where clause: they choose partitions of a stored table, not
// rows.

#include <functional>
#include <string>
#include <vector>

#include "exec/evaluator.h"
#include "exec/stored_table.h"
#include "syntax/sql.h"

namespace pelorus::exec {

/// The query without such conditions; they are added to `choices`. They are found where conditions stand between commas
/// or joined by `and`.
syntax::Query without_choices(const syntax::Query& query, std::vector<syntax::ExprRef>* choices);

/// Which of `partitions` one choice leaves; true for those. ScriptError for a column the table is not partitioned by,
/// and for keys that no partition can have. Keys are values for VALUE, numbers from 0 for RANGE, LIST and HASH. A
/// sample is drawn of the different keys of that column: so many of them, or a part when size is below 1.
std::vector<bool> chosen_by(const syntax::ExprRef& choice, const meta::PartitionScheme& scheme,
                            const std::vector<std::string>& columns, std::span<const StoredPartition> partitions,
                            Evaluator& evaluator);

/// The condition partition(column, key) for one partition's part of a key.
syntax::ExprRef choice_of(const meta::PartitionLevel& level, const std::string& column, const types::Scalar& part);

}  // namespace pelorus::exec
