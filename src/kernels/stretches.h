#pragma once
// Rows cut into as many stretches of neighbours as there are threads worth while.

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/worker_pool.h"

namespace pelorus::kernels {

class Stretches {
 public:
  /// `workers` may be null: one stretch.
  Stretches(size_t rows, WorkerPool* workers)
      : rows_(rows),
        workers_(workers),
        count_(std::clamp<size_t>(rows / kRowsLeast, 1, workers ? workers->threads() : 1)) {}

  size_t count() const { return count_; }
  /// The rows [first, second).
  std::pair<size_t, size_t> bounds(size_t stretch) const {
    return {rows_ * stretch / count_, rows_ * (stretch + 1) / count_};
  }
  /// Calls work(stretch, from, to) for each, one beside another.
  template <class Work>
  void each(Work&& work) const {
    run_parts(workers_, count_, [&](size_t, size_t stretch) {
      const auto [from, to] = bounds(stretch);
      work(stretch, from, to);
    });
  }

 private:
  static constexpr size_t kRowsLeast = 1 << 16;

  const size_t rows_;
  WorkerPool* const workers_;
  const size_t count_;
};

}  // namespace pelorus::kernels
