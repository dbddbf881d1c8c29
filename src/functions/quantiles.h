#pragma once
// Quantiles of sorted numbers, with the ways to treat a position between two of them.

#include <span>

#include "functions/arguments.h"

namespace pelorus::functions {

enum class Interpolation : uint8_t { kLinear, kLower, kHigher, kNearest, kMidpoint };

/// Of `sorted` (ascending, no nulls) at `share` in [0, 1], at position (n - 1) * share. Null when empty.
double quantile_of(std::span<const double> sorted, double share, Interpolation interpolation);
/// Of numbers in any order, nulls left out. Cost: O(n), nothing is sorted.
double quantile_among(std::span<const double> values, double share, Interpolation interpolation);
/// By its name in argument i; linear when absent.
Interpolation interpolation_of(const Arguments& arguments, size_t i);

}  // namespace pelorus::functions
