#pragma once
// The families of built-ins that need no server, cluster or query engine. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_operators(Registry& registry);
void register_mathematics(Registry& registry);
void register_constructors(Registry& registry);
void register_random(Registry& registry);
void register_types(Registry& registry);
void register_tables(Registry& registry);
void register_aggregates(Registry& registry);
void register_statistics(Registry& registry);
void register_running(Registry& registry);
void register_moving(Registry& registry);
void register_neighbours(Registry& registry);
void register_order(Registry& registry);
void register_nulls(Registry& registry);
void register_higher_order(Registry& registry);
void register_by_parts(Registry& registry);
void register_window_calls(Registry& registry);
void register_session_objects(Registry& registry);
void register_pieces(Registry& registry);
void register_strings(Registry& registry);
void register_patterns(Registry& registry);
void register_temporals(Registry& registry);
void register_formats(Registry& registry);
void register_rows(Registry& registry);
void register_matrices(Registry& registry);
void register_json(Registry& registry);
void register_session(Registry& registry);
void register_technical(Registry& registry);
void register_top_n(Registry& registry);
void register_text_files(Registry& registry);
void register_paths(Registry& registry);
void register_file_handles(Registry& registry);
void register_distributions(Registry& registry);
void register_least_squares(Registry& registry);
void register_periods(Registry& registry);
void register_calendars(Registry& registry);
void register_labelled(Registry& registry);
void register_recursions(Registry& registry);

/// size() by group; declared with the types, made with the aggregates.
GroupedAggregate grouped_size();

/// All of the above.
void register_builtins(Registry& registry);

}  // namespace pelorus::functions
