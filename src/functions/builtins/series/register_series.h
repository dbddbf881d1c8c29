#pragma once
// Families of series and labelled matrices. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_aligned(Registry& registry);

}  // namespace pelorus::functions
