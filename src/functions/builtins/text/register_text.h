#pragma once
// The families of text. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_word_search(Registry& registry);

}  // namespace pelorus::functions
