#include "kernels/moving_rows.h"

#include <array>
#include <cmath>

#include "base/check.h"
#include "base/wide_vectors.h"

namespace pelorus::kernels {
namespace {

/// So many windows at a time: what is kept of them fits the first-level cache.
constexpr size_t kAtOnce = 512;

/// Of windows that end in neighbouring rows.
struct Batch {
  std::array<double, kAtOnce> sums, counts, squares;
};

/// Oldest elements first. `first`: the oldest of the first window.
PELORUS_WIDE void add_up(const double* first, size_t window, size_t windows, double* sums, double* counts) {
  std::fill(sums, sums + windows, 0.0);
  std::fill(counts, counts + windows, 0.0);
  for (size_t k = 0; k < window; ++k) {
    for (size_t i = 0; i < windows; ++i) {
      const double value = first[i + k];
      sums[i] += value == kNull<double> ? 0.0 : value;
      counts[i] += value == kNull<double> ? 0.0 : 1.0;
    }
  }
}

/// Squares of what is away from the means.
PELORUS_WIDE void add_squares(const double* first, size_t window, size_t windows, const double* sums,
                              const double* counts, double* squares) {
  std::fill(squares, squares + windows, 0.0);
  for (size_t k = 0; k < window; ++k) {
    for (size_t i = 0; i < windows; ++i) {
      const double value = first[i + k];
      const double away = value == kNull<double> ? 0.0 : value - sums[i] / counts[i];
      squares[i] += away * away;
    }
  }
}

double result_of(RowsAggregate aggregate, double count, double sum, double squares) {
  switch (aggregate) {
    case RowsAggregate::kSum: return count < 1 ? kNull<double> : finite_or_null(sum);
    case RowsAggregate::kAverage: return count < 1 ? kNull<double> : finite_or_null(sum / count);
    case RowsAggregate::kSampleVariance: return count < 2 ? kNull<double> : squares / (count - 1);
    case RowsAggregate::kPopulationVariance: return count < 1 ? kNull<double> : squares / count;
    case RowsAggregate::kSampleDeviation: return count < 2 ? kNull<double> : std::sqrt(squares / (count - 1));
    case RowsAggregate::kPopulationDeviation: return count < 1 ? kNull<double> : std::sqrt(squares / count);
  }
  return kNull<double>;
}

}  // namespace

void sliding_rows(std::span<const double> values, const Window& window, RowsAggregate aggregate, double* out) {
  CHECK(window.rows >= 1 && window.rows <= kShortWindowRows);
  const bool wants_squares = aggregate != RowsAggregate::kSum && aggregate != RowsAggregate::kAverage;
  Batch batch;
  // The windows that end in rows [row, row + windows), all of `rows` elements.
  const auto give = [&](size_t row, size_t rows, size_t windows) {
    const double* const first = values.data() + row + 1 - rows;
    add_up(first, rows, windows, batch.sums.data(), batch.counts.data());
    if (wants_squares) add_squares(first, rows, windows, batch.sums.data(), batch.counts.data(), batch.squares.data());
    for (size_t i = 0; i < windows; ++i) {
      const bool counts = window.counts(row + i, static_cast<int64_t>(batch.counts[i]));
      out[row + i] = counts ? result_of(aggregate, batch.counts[i], batch.sums[i], batch.squares[i]) : kNull<double>;
    }
  };
  const auto rows = static_cast<size_t>(window.rows);
  const size_t short_ones = std::min(rows - 1, values.size());
  for (size_t row = 0; row < short_ones; ++row) give(row, row + 1, 1);
  for (size_t row = short_ones; row < values.size(); row += kAtOnce)
    give(row, rows, std::min(kAtOnce, values.size() - row));
}

}  // namespace pelorus::kernels
