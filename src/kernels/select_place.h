#pragma once
// The element at one place of the ascending order, without sorting.

#include <span>
#include <utility>

namespace pelorus::kernels {

/// The elements that would stand at `place` and after it (the last one has none after it: itself). place <
/// values.size(); no nulls. Cost: three passes over the values, a few ns each.
std::pair<double, double> elements_at(std::span<const double> values, size_t place);

}  // namespace pelorus::kernels
