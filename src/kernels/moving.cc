#include "kernels/moving.h"

namespace pelorus::kernels {

std::vector<size_t> window_starts(size_t rows, const Window& window) {
  std::vector<size_t> starts(rows);
  for (size_t i = 0; i < rows; ++i) starts[i] = window.start(i);
  return starts;
}

std::vector<size_t> time_window_starts(std::span<const int64_t> times, int64_t span) {
  std::vector<size_t> starts(times.size());
  size_t from = 0;
  for (size_t i = 0; i < times.size(); ++i) {
    while (from < i && times[from] <= times[i] - span) ++from;
    starts[i] = from;
  }
  return starts;
}

}  // namespace pelorus::kernels
