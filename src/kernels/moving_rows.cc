#include "kernels/moving_rows.h"

#include <array>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/wide_vectors.h"
#include "kernels/column_facts.h"

namespace pelorus::kernels {
namespace {

/// So many windows at a time: what is kept of them fits the first-level cache.
constexpr size_t kAtOnce = 512;

/// Of windows that end in neighbouring rows.
struct Batch {
  std::array<double, kAtOnce> sums, counts, means, squares;
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
PELORUS_WIDE void add_squares(const double* first, size_t window, size_t windows, const double* means,
                              double* squares) {
  std::fill(squares, squares + windows, 0.0);
  for (size_t k = 0; k < window; ++k) {
    for (size_t i = 0; i < windows; ++i) {
      const double value = first[i + k];
      const double away = value == kNull<double> ? 0.0 : value - means[i];
      squares[i] += away * away;
    }
  }
}

// Where none is null: sixteen windows at a time, whose sums stay in registers.
using Four = double __attribute__((vector_size(4 * sizeof(double)), aligned(alignof(double)), may_alias));
constexpr size_t kTogether = 16;

const Four& four_at(const double* values) { return *reinterpret_cast<const Four*>(values); }
Four& four_at(double* values) { return *reinterpret_cast<Four*>(values); }

PELORUS_WIDE void add_up_whole(const double* first, size_t window, size_t windows, double* sums) {
  size_t i = 0;
  for (; i + kTogether <= windows; i += kTogether) {
    Four a = {}, b = {}, c = {}, d = {};
    for (const double *at = first + i, *end = at + window; at < end; ++at)
      a += four_at(at), b += four_at(at + 4), c += four_at(at + 8), d += four_at(at + 12);
    four_at(sums + i) = a, four_at(sums + i + 4) = b, four_at(sums + i + 8) = c, four_at(sums + i + 12) = d;
  }
  for (; i < windows; ++i) sums[i] = std::accumulate(first + i, first + i + window, 0.0);
}

PELORUS_WIDE void add_squares_whole(const double* first, size_t window, size_t windows, const double* means,
                                    double* squares) {
  size_t i = 0;
  for (; i + kTogether / 2 <= windows; i += kTogether / 2) {
    Four a = {}, b = {};
    const Four mean_a = four_at(means + i), mean_b = four_at(means + i + 4);
    for (const double *at = first + i, *end = at + window; at < end; ++at) {
      const Four away_a = four_at(at) - mean_a, away_b = four_at(at + 4) - mean_b;
      a += away_a * away_a, b += away_b * away_b;
    }
    four_at(squares + i) = a, four_at(squares + i + 4) = b;
  }
  add_squares(first + i, window, windows - i, means + i, squares + i);
}

/// out[i]: null with less than `least` elements.
template <RowsAggregate kAggregate>
PELORUS_WIDE void put_results(const Batch& batch, size_t windows, double least, double* out) {
  for (size_t i = 0; i < windows; ++i) {
    const double sum = batch.sums[i], count = batch.counts[i], squares = batch.squares[i];
    double value = 0;
    if constexpr (kAggregate == RowsAggregate::kSum) value = finite_or_null(sum);
    if constexpr (kAggregate == RowsAggregate::kAverage) value = finite_or_null(sum / count);
    if constexpr (kAggregate == RowsAggregate::kSampleVariance) value = squares / (count - 1);
    if constexpr (kAggregate == RowsAggregate::kPopulationVariance) value = squares / count;
    if constexpr (kAggregate == RowsAggregate::kSampleDeviation) value = std::sqrt(squares / (count - 1));
    if constexpr (kAggregate == RowsAggregate::kPopulationDeviation) value = std::sqrt(squares / count);
    out[i] = count >= least ? value : kNull<double>;
  }
}

void put_results(RowsAggregate aggregate, const Batch& batch, size_t windows, int64_t periods, double* out) {
  const auto put = [&]<RowsAggregate kAggregate>(int64_t needed) {
    put_results<kAggregate>(batch, windows, static_cast<double>(std::max(periods, needed)), out);
  };
  switch (aggregate) {
    case RowsAggregate::kSum: return put.operator()<RowsAggregate::kSum>(1);
    case RowsAggregate::kAverage: return put.operator()<RowsAggregate::kAverage>(1);
    case RowsAggregate::kSampleVariance: return put.operator()<RowsAggregate::kSampleVariance>(2);
    case RowsAggregate::kPopulationVariance: return put.operator()<RowsAggregate::kPopulationVariance>(1);
    case RowsAggregate::kSampleDeviation: return put.operator()<RowsAggregate::kSampleDeviation>(2);
    case RowsAggregate::kPopulationDeviation: return put.operator()<RowsAggregate::kPopulationDeviation>(1);
  }
}

}  // namespace

void sliding_rows(std::span<const double> values, size_t from, const Window& window, RowsAggregate aggregate,
                  double* out) {
  CHECK(window.rows >= 1 && window.rows <= kShortWindowRows);
  const bool wants_squares = aggregate != RowsAggregate::kSum && aggregate != RowsAggregate::kAverage;
  const bool is_whole = !has_nulls(values);
  Batch batch;
  // The windows that end in rows [row, row + windows), all of `rows` elements.
  const auto give = [&](size_t row, size_t rows, size_t windows) {
    const double* const first = values.data() + row + 1 - rows;
    double* const to = out + (row - from);
    if (window.only_full && rows < static_cast<size_t>(window.rows)) return std::fill(to, to + windows, kNull<double>);
    if (is_whole) {
      add_up_whole(first, rows, windows, batch.sums.data());
      std::fill(batch.counts.data(), batch.counts.data() + windows, static_cast<double>(rows));
    } else {
      add_up(first, rows, windows, batch.sums.data(), batch.counts.data());
    }
    for (size_t i = 0; wants_squares && i < windows; ++i) batch.means[i] = batch.sums[i] / batch.counts[i];
    const auto square = is_whole ? add_squares_whole : add_squares;
    if (wants_squares) square(first, rows, windows, batch.means.data(), batch.squares.data());
    put_results(aggregate, batch, windows, window.periods, to);
  };
  const auto rows = static_cast<size_t>(window.rows);
  const size_t short_ones = std::min(rows - 1, values.size());
  for (size_t row = from; row < short_ones; ++row) give(row, row + 1, 1);
  for (size_t row = std::max(from, short_ones); row < values.size(); row += kAtOnce)
    give(row, rows, std::min(kAtOnce, values.size() - row));
}

}  // namespace pelorus::kernels
