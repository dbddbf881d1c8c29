#pragma once
// What types metrics give, found out before rows come.

#include "data/table.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

/// Rows of a schema with something in them.
data::Table sample_of(const data::Schema& schema);
/// The column, yet without a name, that a metric gives over sample rows; DOUBLE when that says nothing: real rows
/// decide.
data::ColumnDefinition probed(const Metric& metric, exec::Scope& sample, exec::Evaluator& evaluator);

}  // namespace pelorus::stream
