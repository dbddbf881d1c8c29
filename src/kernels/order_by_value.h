#pragma once
// Rows in the order of one 64-bit number each, put there by all threads.

#include <cstdint>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "base/worker_pool.h"

namespace pelorus::kernels {

struct NumberedRow {
  uint64_t value;
  uint32_t row;
};

/// Rows ascending by their values, those of equal values in any order. Equal values are in one part: part p is rows
/// starts[p] … starts[p + 1] - 1.
struct OrderedRuns {
  Buffer<NumberedRow> rows;
  std::vector<size_t> starts;
};

/// Fewer than 2^32 values. One pass puts rows to parts by the leading bits of the range; each part is then sorted in
/// the cache.
OrderedRuns order_by_value(std::span<const uint64_t> values, WorkerPool* workers);

}  // namespace pelorus::kernels
