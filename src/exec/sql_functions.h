#pragma once
// Functions that do what SQL statements do: joins by call, keyed tables, changes of a table's rows and columns.

#include "functions/registry.h"

namespace pelorus::exec {

/// They need an interpreter as their CallContext.
void register_sql_functions(functions::Registry& registry);

}  // namespace pelorus::exec
