#pragma once
// Families of dates and times that came after the first. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_resampling(Registry& registry);

}  // namespace pelorus::functions
