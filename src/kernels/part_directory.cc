#include "kernels/part_directory.h"

#include <algorithm>
#include <array>

#include "kernels/visit_number.h"

namespace pelorus::kernels {

PartDirectory::PartDirectory(const WholeKey& column, size_t rows, int64_t lowest, size_t values, WorkerPool* workers)
    : lowest_(lowest),
      values_(values),
      parts_((rows + kPartRows - 1) / kPartRows),
      rows_(rows),
      starts_(parts_ * (values + 1)) {
  visit_whole(column.repr, [&]<class T>() {
    const auto* all = static_cast<const T*>(column.values);
    run_parts(workers, parts_, [&](size_t, size_t part) {
      const size_t from = part * kPartRows;
      fill(all + from, part, std::min(kPartRows, rows - from));
    });
  });
}

/// Sorts the part's rows by counting.
template <class T>
void PartDirectory::fill(const T* values, size_t part, size_t rows) {
  const auto place_of = [&](size_t row) { return static_cast<size_t>(values[row] - static_cast<T>(lowest_)); };
  std::array<uint16_t, kValuesMax + 1> next{};
  for (size_t row = 0; row < rows; ++row) ++next[place_of(row) + 1];
  for (size_t v = 0; v < values_; ++v) next[v + 1] = static_cast<uint16_t>(next[v + 1] + next[v]);
  std::copy_n(next.begin(), values_ + 1, starts_.begin() + static_cast<std::ptrdiff_t>(part * (values_ + 1)));
  auto* const out = rows_.data() + part * kPartRows;
  for (size_t row = 0; row < rows; ++row) out[next[place_of(row)]++] = static_cast<uint16_t>(row);
}

}  // namespace pelorus::kernels
