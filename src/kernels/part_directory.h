#pragma once
// Where the values of a column are, part by part, so that queries that ask for some of them look at no other rows.

#include <cstdint>
#include <span>

#include "base/buffer.h"
#include "base/worker_pool.h"
#include "kernels/group_numbers.h"

namespace pelorus::kernels {

/// Columns are looked at by parts of so many rows.
inline constexpr size_t kPartRows = 16384;

/// Of a column of symbols, by code, or of whole numbers that lie close together. Part p: rows p * kPartRows on.
/// Memory: 2 bytes a row, and 2 bytes for each value and part.
class PartDirectory {
 public:
  /// Of more values the table of where they begin is not small beside the rows.
  static constexpr size_t kValuesMax = 4096;

  /// Value v: lowest + v, v < values <= kValuesMax; the column has no others. Cost: two passes over it, shared by
  /// `workers`, which may be null.
  PartDirectory(const WholeKey& column, size_t rows, int64_t lowest, size_t values, WorkerPool* workers);

  size_t parts() const { return parts_; }
  size_t values() const { return values_; }
  int64_t lowest() const { return lowest_; }
  /// The part's rows that have the value, ascending, counted from the part's first row.
  std::span<const uint16_t> rows_of(size_t part, size_t value) const {
    const auto* starts = starts_.data() + part * (values_ + 1);
    return {rows_.data() + part * kPartRows + starts[value], static_cast<size_t>(starts[value + 1] - starts[value])};
  }
  size_t count_of(size_t part, size_t value) const {
    const auto* starts = starts_.data() + part * (values_ + 1);
    return static_cast<size_t>(starts[value + 1] - starts[value]);
  }

 private:
  template <class T>
  void fill(const T* values, size_t part, size_t rows);

  const int64_t lowest_;
  const size_t values_, parts_;
  Buffer<uint16_t> rows_;    // by part, there by value
  Buffer<uint16_t> starts_;  // by part and value, and where the last one ends
};

}  // namespace pelorus::kernels
