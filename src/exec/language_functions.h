#pragma once
// Built-ins that build or take apart what only the interpreter knows: CODE, definitions, indexing.

#include "functions/registry.h"

namespace pelorus::exec {

/// at, eachAt, print, defs; expr, makeCall, sqlCol, sql, sqlUpdate, sqlDelete and their kin.
void register_language_functions(functions::Registry& registry);
void register_metaprogramming(functions::Registry& registry);
void register_files_to_run(functions::Registry& registry);
void register_charts(functions::Registry& registry);
void register_tests_to_run(functions::Registry& registry);

}  // namespace pelorus::exec
