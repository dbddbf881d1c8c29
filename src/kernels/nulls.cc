#include "kernels/nulls.h"

#include "base/wide_vectors.h"
#include "types/null.h"

namespace pelorus::kernels {

PELORUS_WIDE bool has_nulls(std::span<const double> values) {
  size_t nulls = 0;
  for (const double value : values) nulls += value == types::kNull<double>;
  return nulls > 0;
}

}  // namespace pelorus::kernels
