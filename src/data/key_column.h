#pragma once
// A vector as the kernels that sort, group and join see it.

#include <vector>

#include "data/vector.h"
#include "kernels/key_column.h"

namespace pelorus::data {

/// The values of `column` (not an array vector or a tuple; checked) without a copy. Of a SYMBOL column `ranks` takes
/// the dense ranks by text of the codes that occur. Both must outlive the result.
kernels::KeyColumn key_column(const Vector& column, std::vector<int32_t>& ranks);

}  // namespace pelorus::data
