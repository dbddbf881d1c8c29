#pragma once
// Numbers of rows, in some order.

#include <cstdint>

#include "base/buffer.h"

namespace pelorus::kernels {

/// RowNumbers(n) and resize() leave the numbers uninitialised.
using RowNumbers = Buffer<int64_t>;

}  // namespace pelorus::kernels
