#include "exec/operators/row_placement.h"

#include <algorithm>
#include <numeric>

#include "exec/operators/take_rows.h"

namespace pelorus::exec {

using data::Vector;
using types::Repr;
using types::Type;

std::vector<int64_t> starts_of(std::span<const uint32_t> group_of_row, size_t groups) {
  std::vector<int64_t> starts(groups + 1);
  for (const auto group : group_of_row) ++starts[group + 1];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  return starts;
}

RowPlacement RowPlacement::of(const kernels::Groups& groups) {
  Stretch all{0, groups.of_row.size(), starts_of(groups.of_row, groups.count()), {}};
  return {Buffer<uint32_t>(groups.of_row.begin(), groups.of_row.end()), {std::move(all)}};
}

void RowPlacement::count(size_t stretch, size_t from, size_t to, size_t* rows) const {
  if (!directory_) {
    for (size_t row = from; row < to; ++row) ++rows[numbers_[row]];
    return;
  }
  const auto& values = stretches_[stretch].values;
  for (size_t part = from / kernels::kPartRows; part * kernels::kPartRows < to; ++part) {
    for (size_t g = 0; g < values.size(); ++g) rows[g] += directory_->count_of(part, values[g]);
  }
}

template <class T, class ElementOf>
void RowPlacement::put(WorkerPool* workers, T* out, ElementOf&& element_of) const {
  run_parts(workers, stretches_.size(), [&](size_t, size_t s) {
    const auto& stretch = stretches_[s];
    auto next = stretch.places;
    each(s, stretch.begin, stretch.end, next.data(), [&](size_t row, int64_t place) { out[place] = element_of(row); });
  });
}

template <class T>
void RowPlacement::put_values(WorkerPool* workers, const T* values, T* out) const {
  run_parts(workers, stretches_.size(), [&](size_t, size_t s) {
    const auto& stretch = stretches_[s];
    auto next = stretch.places;
    NearValues near;
    for (size_t first = stretch.begin; first < stretch.end; first += kernels::kPartRows) {
      const size_t end = std::min(stretch.end, first + kernels::kPartRows);
      const T* const part = near.of(values + first, end - first, goes_by_value());
      each(s, first, end, next.data(), [&](size_t row, int64_t place) { out[place] = part[row - first]; });
    }
  });
}

kernels::RowNumbers RowPlacement::order(WorkerPool* workers) const {
  kernels::RowNumbers out(rows());
  put(workers, out.data(), [](size_t row) { return static_cast<int64_t>(row); });
  return out;
}

bool RowPlacement::places(const Vector& column) {
  const auto repr = column.repr();
  return !column.is_array() && repr != Repr::kMixed && repr != Repr::kText && repr != Repr::kB16 &&
         column.type() != Type::kVoid;
}

Vector RowPlacement::place(const Vector& column, const kernels::RowNumbers* rows_shown, WorkerPool* workers) const {
  const auto placed = [&]<class T>() {
    data::Buffer<T> out(rows());
    const T* const values = column.values<T>().data();
    if (rows_shown)
      put(workers, out.data(), [&](size_t row) { return values[static_cast<size_t>((*rows_shown)[row])]; });
    else
      put_values(workers, values, out.data());
    return out;
  };
  return types::visit_fixed(column.repr(), [&]<class T>() -> Vector {
    if constexpr (std::is_same_v<T, types::Bytes16>)
      return column;  // see places()
    else
      return column_like(column, placed.template operator()<T>());
  });
}

}  // namespace pelorus::exec
