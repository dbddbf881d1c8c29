#pragma once
// Regressions with a penalty. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_penalized(Registry& registry);

}  // namespace pelorus::functions
