#pragma once
// Whether a column has nulls at all: loops without them are often simpler.

#include <span>

namespace pelorus::kernels {

bool has_nulls(std::span<const double> values);

}  // namespace pelorus::kernels
