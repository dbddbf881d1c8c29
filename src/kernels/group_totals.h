#pragma once
// Groups and their sums, counts and extremes in one pass, where the keys have so few values that a table indexed by
// them replaces hashing. Rows go by blocks that stay in the first-level cache; workers keep tables of their own.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/worker_pool.h"
#include "types/representation.h"

namespace pelorus::kernels {

/// Whole numbers of 8 to 64 bits; null is the reserved value, or code 0 for SYMBOL codes.
struct DirectKey {
  types::Repr repr = types::Repr::kI32;
  const void* values = nullptr;
  uint32_t codes = 0;  // SYMBOL: every code is below; 0: plain values
};

/// A column and what is wanted of it. Whole numbers of 8 to 64 bits, or floating ones.
struct Measure {
  types::Repr repr = types::Repr::kF64;
  const void* values = nullptr;
  bool sum = false;       // whole numbers add up in 64 bits and wrap
  bool real_sum = false;  // of whole numbers as doubles
  bool extremes = false;
};

/// By group. Floating columns: real and low/high_real; others the whole ones. Without values: count 0, the rest
/// undefined.
struct MeasureTotals {
  std::vector<int64_t> count;  // rows that are not null
  std::vector<double> real;
  std::vector<int64_t> whole;
  std::vector<double> low_real, high_real;
  std::vector<int64_t> low, high;
};

struct GroupTotals {
  /// By key, by group: 0 is null, 1 + value - low[key] the others; SYMBOL: the code. Groups ascend by these.
  std::vector<std::vector<uint32_t>> keys;
  std::vector<int64_t> low;   // by key
  std::vector<int64_t> rows;  // by group
  std::vector<MeasureTotals> measures;
};

/// Nothing when the keys have too many values for a table. No keys: one group, even of no rows. rows < 2^32.
/// Doubles add up by parts in a different order than the rows have, with compensation between parts.
/// `workers` may be null. Cost: about 1 ns a row and measure.
std::optional<GroupTotals> total_groups(std::span<const DirectKey> keys, std::span<const Measure> measures, size_t rows,
                                        WorkerPool* workers);

}  // namespace pelorus::kernels
