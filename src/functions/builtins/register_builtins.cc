#include "functions/builtins/register_builtins.h"

#include "functions/builtins/files/register_files.h"
#include "functions/builtins/finance/register_finance.h"
#include "functions/builtins/models/register_models.h"
#include "functions/builtins/models/register_penalized.h"
#include "functions/builtins/models/trees/register_trees.h"
#include "functions/builtins/register_elements.h"
#include "functions/builtins/series/register_gaps.h"
#include "functions/builtins/series/register_series.h"
#include "functions/builtins/tables/register_tables.h"
#include "functions/builtins/temporal/register_temporal.h"
#include "functions/builtins/text/register_packing.h"
#include "functions/builtins/text/register_text.h"

namespace pelorus::functions {

void register_builtins(Registry& registry) {
  register_operators(registry);
  register_mathematics(registry);
  register_constructors(registry);
  register_random(registry);
  register_types(registry);
  register_tables(registry);
  register_aggregates(registry);
  register_statistics(registry);
  register_running(registry);
  register_moving(registry);
  register_neighbours(registry);
  register_order(registry);
  register_nulls(registry);
  register_higher_order(registry);
  register_by_parts(registry);
  register_window_calls(registry);
  register_session_objects(registry);
  register_pieces(registry);
  register_strings(registry);
  register_patterns(registry);
  register_temporals(registry);
  register_formats(registry);
  register_distances(registry);
  register_rows(registry);
  register_matrices(registry);
  register_json(registry);
  register_json_table(registry);
  register_session(registry);
  register_technical(registry);
  register_top_n(registry);
  register_text_files(registry);
  register_paths(registry);
  register_file_handles(registry);
  register_binary_files(registry);
  register_distributions(registry);
  register_least_squares(registry);
  register_periods(registry);
  register_resampling(registry);
  register_calendars(registry);
  register_labelled(registry);
  register_recursions(registry);
  register_decompositions(registry);
  register_clusters(registry);
  register_interpolation(registry);
  register_aligned(registry);
  register_row_align(registry);
  register_window_extras(registry);
  register_orders(registry);
  register_gaps(registry);
  register_state_iterations(registry);
  register_copies(registry);
  register_word_search(registry);
  register_packing(registry);
  register_element_checks(registry);
  register_in_place(registry);
  register_tensors(registry);
  register_penalized(registry);
  register_trees(registry);
  register_instruments(registry);
  register_market_data(registry);
  register_curve_builder(registry);
  register_minima(registry);
  register_piecewise(registry);
  register_bonds(registry);
  register_yield_curves(registry);
}

}  // namespace pelorus::functions
