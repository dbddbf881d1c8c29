#include "data/part_bounds.h"

#include <algorithm>

#include "base/wide_vectors.h"
#include "data/vector.h"

namespace pelorus::data {
namespace {

template <class T>
PELORUS_WIDE void find_bounds(const T* values, size_t rows, T* least, T* greatest) {
  T low = values[0], high = values[0];
  for (size_t i = 1; i < rows; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  *least = low, *greatest = high;
}

size_t parts_of(const Vector& column) { return (column.size() + kBoundedRows - 1) / kBoundedRows; }

bool has_bounds(const Vector& column) {
  if (column.is_array() || column.size() < 2 * kBoundedRows) return false;
  if (!types::is_integral(column.type()) && !types::is_temporal(column.type())) return false;
  const auto repr = column.repr();
  return repr == Repr::kI8 || repr == Repr::kI16 || repr == Repr::kI32 || repr == Repr::kI64;
}

std::shared_ptr<const PartBounds> bounds_of(const Vector& column) {
  const size_t rows = column.size(), parts = parts_of(column);
  Vector least(column.type(), parts, column.scale()), greatest(column.type(), parts, column.scale());
  std::vector<int8_t> has_null(parts);
  types::visit_fixed(column.repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
      auto &low = least.edit<T>(), &high = greatest.edit<T>();
      for (size_t p = 0; p < parts; ++p) {
        const size_t begin = p * kBoundedRows;
        find_bounds(column.values<T>().data() + begin, std::min(kBoundedRows, rows - begin), &low[p], &high[p]);
        has_null[p] = types::is_null(low[p]);  // the lowest of all
      }
    }
  });
  return std::make_shared<const PartBounds>(
      PartBounds{Shared<Vector>(std::move(least)), Shared<Vector>(std::move(greatest)), std::move(has_null)});
}

}  // namespace

std::shared_ptr<const PartBounds> BoundsMemo::ask(const Vector& column) const {
  if (!has_bounds(column)) return nullptr;
  // What was moved from may know more than it has.
  if (auto known = bounds_.load(); known && known->has_null.size() == parts_of(column)) return known;
  if (times_asked_.exchange(1) == 0) return nullptr;
  auto found = bounds_of(column);
  bounds_ = found;
  return found;
}

}  // namespace pelorus::data
