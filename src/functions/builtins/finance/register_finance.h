#pragma once
// The families of finance. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_bonds(Registry& registry);
void register_yield_curves(Registry& registry);
void register_instruments(Registry& registry);
void register_market_data(Registry& registry);
void register_curve_builder(Registry& registry);

}  // namespace pelorus::functions
