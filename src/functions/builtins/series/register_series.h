#pragma once
// Families of series and labelled matrices. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_aligned(Registry& registry);
void register_row_align(Registry& registry);
void register_window_extras(Registry& registry);
void register_distances(Registry& registry);
void register_orders(Registry& registry);

}  // namespace pelorus::functions
