#pragma once
// Small families over elements. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_element_checks(Registry& registry);
void register_in_place(Registry& registry);

}  // namespace pelorus::functions
