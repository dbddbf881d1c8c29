#pragma once
// Elements of a column at row numbers, gathered by all threads of a statement.

#include <cstring>
#include <functional>
#include <span>

#include "base/worker_pool.h"
#include "data/vector.h"
#include "kernels/row_numbers.h"

namespace pelorus::exec {

/// As Vector::take. `workers` may be null.
data::Vector take_rows(const data::Vector& values, std::span<const int64_t> rows, WorkerPool* workers);

/// Numbers of the elements that are 1, into `out`; returns how many. `out` has a place more than there are
/// such elements: a number is written before it is known whether it stays. Skips eight at a time where none is set.
template <class NumberOf>
size_t pick_set(std::span<const int8_t> flags, NumberOf&& number_of, kernels::RowNumbers& out) {
  size_t count = 0, i = 0;
  const auto one = [&](size_t at) {
    out[count] = number_of(at);
    count += flags[at] == 1;
  };
  for (; i + 8 <= flags.size(); i += 8) {
    uint64_t eight;
    std::memcpy(&eight, flags.data() + i, sizeof eight);
    if (eight == 0) continue;
    for (size_t k = 0; k < 8; ++k) one(i + k);
  }
  for (; i < flags.size(); ++i) one(i);
  return count;
}

/// Calls work(from, to) for stretches of [0, count), one beside another; all at once when there is little to do.
void share_range(WorkerPool* workers, size_t count, const std::function<void(size_t from, size_t to)>& work);

}  // namespace pelorus::exec
