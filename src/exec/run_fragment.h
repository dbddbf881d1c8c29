#pragma once
// The half of a distributed query that runs at the node holding the partition.

#include <memory>

#include "exec/column_source.h"
#include "exec/stored_table.h"
#include "functions/call_context.h"

namespace pelorus::exec {

/// Runs a select fragment over one partition; reads only the columns it names (count(*): none). `context` belongs to a
/// fresh session of fragment.user. Errors: kScript with the script's message, or what the source reports.
Result<data::Table> run_fragment(const Fragment& fragment, std::shared_ptr<ColumnSource> partition,
                                 functions::CallContext& context);

/// What a change fragment leaves of a partition, in row order.
struct ChangedPartition {
  data::Table rows;
  int64_t changed = 0;  // rows updated, deleted or added
};
/// Runs an update, delete or upsert! fragment over `rows`. Errors as above.
Result<ChangedPartition> run_change(const Fragment& fragment, data::Table rows, functions::CallContext& context);

}  // namespace pelorus::exec
