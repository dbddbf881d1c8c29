#pragma once
// The families of text. Each adds its rows to the registry.

#include "functions/registry.h"

namespace pelorus::functions {

void register_word_search(Registry& registry);
void register_json_table(Registry& registry);

}  // namespace pelorus::functions
