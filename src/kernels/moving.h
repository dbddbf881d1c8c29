#pragma once
// Windows over rows: the last `window` elements up to and with each one, nulls skipped. A window with fewer than
// `periods` non-null elements, or (periods == window, "strict") not yet full, gives null.

#include <algorithm>
#include <deque>
#include <span>
#include <vector>

#include "kernels/aggregate.h"

namespace pelorus::kernels {

/// How large, and when a window counts.
struct Window {
  int64_t rows = 1;
  int64_t periods = 1;    // non-null elements needed
  bool only_full = true;  // and the window must have begun at or after row 0

  /// Whether the window ending at `row` with `count` non-null elements gives a result.
  bool counts(size_t row, int64_t count) const {
    return count >= periods && (!only_full || static_cast<int64_t>(row) + 1 >= rows);
  }
  size_t start(size_t row) const {
    const auto end = static_cast<int64_t>(row) + 1;
    return end <= rows ? 0 : static_cast<size_t>(end - rows);
  }
};

/// First row of the window that ends at each row: for windows of rows and of time alike.
std::vector<size_t> window_starts(size_t rows, const Window& window);
/// (t - span, t]: `times` ascending.
std::vector<size_t> time_window_starts(std::span<const int64_t> times, int64_t span);

/// Slides a State over windows [starts[i], i]; keeps(i, count) says whether the result counts. States that can remove
/// cost O(1) a row, others the window's length.
template <class State, class T, class R, class Keeps>
void sliding(std::span<const T> values, std::span<const size_t> starts, R* out, Keeps&& keeps) {
  State state;
  int64_t count = 0;
  size_t from = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if constexpr (Removable<State>) {
      for (; from < starts[i]; ++from) {
        if (values[from] != kNull<T>) state.remove(static_cast<typename State::Input>(values[from])), --count;
      }
      if (values[i] != kNull<T>) state.add(static_cast<typename State::Input>(values[i])), ++count;
    } else {
      state = State();
      count = 0;
      for (size_t k = starts[i]; k <= i; ++k) {
        if (values[k] != kNull<T>) state.add(static_cast<typename State::Input>(values[k])), ++count;
      }
    }
    out[i] = keeps(i, count) ? state.result() : kNull<R>;
  }
}

template <class State, class Keeps>
void sliding2(std::span<const double> x, std::span<const double> y, std::span<const size_t> starts, double* out,
              Keeps&& keeps) {
  State state;
  int64_t count = 0;
  size_t from = 0;
  const auto both = [&](size_t k) { return x[k] != kNull<double> && y[k] != kNull<double>; };
  for (size_t i = 0; i < x.size(); ++i) {
    if constexpr (Removable2<State>) {
      for (; from < starts[i]; ++from) {
        if (both(from)) state.remove(x[from], y[from]), --count;
      }
      if (both(i)) state.add(x[i], y[i]), ++count;
    } else {
      state = State();
      count = 0;
      for (size_t k = starts[i]; k <= i; ++k) {
        if (both(k)) state.add(x[k], y[k]), ++count;
      }
    }
    out[i] = keeps(i, count) ? state.result() : kNull<double>;
  }
}

/// Position of the smallest (or largest) element of each window, the earliest of equals; -1 where there is none or
/// keeps() says no. O(1) a row by a monotone queue.
template <class T, class Keeps>
void sliding_extreme(std::span<const T> values, std::span<const size_t> starts, bool largest, int64_t* out,
                     Keeps&& keeps) {
  std::deque<size_t> queue;
  int64_t count = 0;
  size_t from = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    for (; from < starts[i]; ++from) {
      if (values[from] != kNull<T>) --count;
    }
    while (!queue.empty() && queue.front() < starts[i]) queue.pop_front();
    if (values[i] != kNull<T>) {
      ++count;
      while (!queue.empty() && (largest ? values[queue.back()] < values[i] : values[i] < values[queue.back()]))
        queue.pop_back();
      queue.push_back(i);
    }
    out[i] = !queue.empty() && keeps(i, count) ? static_cast<int64_t>(queue.front()) : -1;
  }
}

/// The non-null elements of each window in ascending order, handed to use(i, sorted). O(window) a row.
template <class Use>
void sliding_sorted(std::span<const double> values, std::span<const size_t> starts, Use&& use) {
  std::vector<double> sorted;
  size_t from = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    for (; from < starts[i]; ++from) {
      if (values[from] == kNull<double>) continue;
      sorted.erase(std::lower_bound(sorted.begin(), sorted.end(), values[from]));
    }
    if (values[i] != kNull<double>) sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), values[i]), values[i]);
    use(i, std::span<const double>(sorted));
  }
}

}  // namespace pelorus::kernels
