#pragma once
// Values by runs of rows, row by row.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pelorus::kernels {

/// out[i]: the value of the run that row i is in; run r ends before row ends[r]. As many rows as the last end.
template <class T>
void fill_runs(std::span<const T> values, std::span<const uint32_t> ends, T* out) {
  size_t begin = 0;
  for (size_t run = 0; run < ends.size(); begin = ends[run++]) std::fill(out + begin, out + ends[run], values[run]);
}

}  // namespace pelorus::kernels
