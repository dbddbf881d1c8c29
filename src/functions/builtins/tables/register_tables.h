#pragma once
// Families about whole values and tables. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_copies(Registry& registry);

}  // namespace pelorus::functions
