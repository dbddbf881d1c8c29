#include "data/part_bounds.h"

#include <algorithm>

#include "base/memory_limit.h"
#include "base/wide_vectors.h"
#include "kernels/visit_number.h"

namespace pelorus::data {
namespace {

/// Below so many parts reading them is as cheap as looking them up.
constexpr size_t kPartsLeast = 4;

/// Memory that nobody would miss is left to those who need it: so many bytes more would leave less than a quarter of
/// it.
bool is_scarce(size_t bytes) {
  const uint64_t limit = memory::limit_bytes();
  return limit != 0 && memory::held_bytes() + bytes > limit / 4 * 3;
}

/// Returns whether no value is below the one before.
template <class T>
PELORUS_WIDE bool find_bounds(const T* values, size_t rows, T* least, T* greatest) {
  T low = values[0], high = values[0], falls = 0;
  for (size_t i = 1; i < rows; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
    falls |= values[i] < values[i - 1] ? T{1} : T{0};
  }
  *least = low, *greatest = high;
  return falls == 0;
}

size_t parts_of(const Vector& column) { return (column.size() + kPartRows - 1) / kPartRows; }

bool has_bounds(const Vector& column) {
  if (column.is_array() || column.size() < 2 * kPartRows) return false;
  if (!types::is_integral(column.type()) && !types::is_temporal(column.type())) return false;
  const auto repr = column.repr();
  return repr == Repr::kI8 || repr == Repr::kI16 || repr == Repr::kI32 || repr == Repr::kI64;
}

std::shared_ptr<const PartBounds> found_bounds(const Vector& column) {
  const size_t rows = column.size(), parts = parts_of(column);
  Vector least(column.type(), parts, column.scale()), greatest(column.type(), parts, column.scale());
  std::vector<int8_t> has_null(parts), ascends(parts);
  types::visit_fixed(column.repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
      auto &low = least.edit<T>(), &high = greatest.edit<T>();
      for (size_t p = 0; p < parts; ++p) {
        const size_t begin = p * kPartRows;
        ascends[p] =
            find_bounds(column.values<T>().data() + begin, std::min(kPartRows, rows - begin), &low[p], &high[p]);
        has_null[p] = types::is_null(low[p]);  // the lowest of all
      }
    }
  });
  return std::make_shared<const PartBounds>(PartBounds{
      Shared<Vector>(std::move(least)), Shared<Vector>(std::move(greatest)), std::move(has_null), std::move(ascends)});
}

}  // namespace

std::shared_ptr<const PartBounds> bounds_of(const Vector& column) {
  if (!has_bounds(column)) return nullptr;
  return column.memos().bounds.ask(parts_of(column), [&] { return found_bounds(column); });
}

std::shared_ptr<const kernels::PartDirectory> directory_of(const Vector& column, int64_t lowest, size_t values,
                                                           WorkerPool* workers) {
  if (column.is_array() || column.size() < kPartsLeast * kPartRows || values > kernels::PartDirectory::kValuesMax)
    return nullptr;
  using Directory = std::shared_ptr<const kernels::PartDirectory>;
  return column.memos().directory.ask(parts_of(column), [&] {
    const size_t bytes = (column.size() + parts_of(column) * (values + 1)) * sizeof(uint16_t);
    if (is_scarce(bytes)) return Directory();
    return kernels::visit_whole(column.repr(), [&]<class T>() -> Directory {
      const kernels::WholeKey key{column.repr(), column.values<T>().data()};
      return std::make_shared<const kernels::PartDirectory>(key, column.size(), lowest, values, workers);
    });
  });
}

}  // namespace pelorus::data
