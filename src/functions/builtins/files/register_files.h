#pragma once
// Families of files. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_binary_files(Registry& registry);

}  // namespace pelorus::functions
