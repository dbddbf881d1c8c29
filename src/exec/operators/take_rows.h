#pragma once
// Elements of a column at row numbers, gathered by all threads of a statement.

#include <functional>
#include <span>

#include "base/worker_pool.h"
#include "data/vector.h"
#include "kernels/row_numbers.h"

namespace pelorus::exec {

/// A column of the type, scale and symbols of `like`. T: the type of its elements.
template <class T>
data::Vector column_like(const data::Vector& like, data::Buffer<T> values) {
  if constexpr (std::is_same_v<T, int32_t>) {
    if (like.type() == data::Type::kSymbol) return data::Vector::of_symbols(like.symbols_shared(), std::move(values));
  }
  return data::Vector::adopt<T>(like.type(), std::move(values), like.scale());
}

/// As Vector::take. `workers` may be null.
data::Vector take_rows(const data::Vector& values, std::span<const int64_t> rows, WorkerPool* workers);

/// Calls work(from, to) for stretches of [0, count), one beside another; all at once when there is little to do.
void share_range(WorkerPool* workers, size_t count, const std::function<void(size_t from, size_t to)>& work);

}  // namespace pelorus::exec
