#pragma once
// Values as bytes. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_packing(Registry& registry);

}  // namespace pelorus::functions
