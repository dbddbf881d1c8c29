#pragma once
// The yield curves of Nelson and Siegel, and of Svensson.

#include <vector>

namespace pelorus::functions {

/// Level, slope, hump and decay, or with six numbers a second hump (beta0 beta1 beta2 beta3 lambda0 lambda1). Decays
/// are not 0.
double yield_at(const std::vector<double>& numbers, double years);

}  // namespace pelorus::functions
