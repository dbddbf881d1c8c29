#pragma once
// The families of models. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_decompositions(Registry& registry);
void register_clusters(Registry& registry);
void register_interpolation(Registry& registry);
void register_minima(Registry& registry);
void register_piecewise(Registry& registry);
void register_tensors(Registry& registry);

}  // namespace pelorus::functions
