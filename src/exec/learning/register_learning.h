#pragma once
// The functions of searches for formulas.

#include "functions/registry.h"

namespace pelorus::exec {

/// createGPLearnEngine gpFit gpPredict
void register_genetic_programming(functions::Registry& registry);

}  // namespace pelorus::exec
