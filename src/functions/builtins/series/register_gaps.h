#pragma once
// Series with gaps, and series that rest on their own past. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_gaps(Registry& registry);
void register_state_iterations(Registry& registry);

}  // namespace pelorus::functions
