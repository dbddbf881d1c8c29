#pragma once
// Elements of a column at row numbers, gathered by all threads of a statement.

#include <functional>
#include <span>

#include "base/worker_pool.h"
#include "data/vector.h"
#include "kernels/row_numbers.h"

namespace pelorus::exec {

/// As Vector::take. `workers` may be null.
data::Vector take_rows(const data::Vector& values, std::span<const int64_t> rows, WorkerPool* workers);

/// Calls work(from, to) for stretches of [0, count), one beside another; all at once when there is little to do.
void share_range(WorkerPool* workers, size_t count, const std::function<void(size_t from, size_t to)>& work);

}  // namespace pelorus::exec
