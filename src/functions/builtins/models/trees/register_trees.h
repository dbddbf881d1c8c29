#pragma once
// Random forests and AdaBoost. Adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_trees(Registry& registry);

}  // namespace pelorus::functions
