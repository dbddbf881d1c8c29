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

/// A State of the elements [start, row] while both go up: states of the tails of what was there when tails were last
/// made, and one of what came since. O(1) a row and merge, however long the windows.
template <class State>
class MergedWindow {
 public:
  /// `row` is one more than in the call before; add(state, k) puts element k in.
  template <class Add>
  State advance(size_t start, size_t row, Add&& add) {
    add(since_, row);
    if (start >= middle_) {
      tails_.resize(row + 1 - start);
      State tail;
      for (size_t k = row + 1; k-- > start;) {
        add(tail, k);
        tails_[k - start] = tail;
      }
      first_ = start;
      middle_ = row + 1;
      since_ = State();
    }
    State all = tails_[start - first_];
    all.merge(since_);
    return all;
  }

 private:
  std::vector<State> tails_;  // of [first_ + i, middle_)
  size_t first_ = 0, middle_ = 0;
  State since_;  // of [middle_, row]
};

/// Slides a State over windows [starts[i], i]; keeps(i, count) says whether the result counts. O(1) a row.
template <class State, class T, class R, class Keeps>
void sliding(std::span<const T> values, std::span<const size_t> starts, R* out, Keeps&& keeps) {
  State state;
  MergedWindow<State> merged;
  int64_t count = 0;
  size_t from = 0;
  const auto add = [&](State& to, size_t k) {
    if (values[k] != kNull<T>) to.add(static_cast<typename State::Input>(values[k]));
  };
  for (size_t i = 0; i < values.size(); ++i) {
    for (; from < starts[i]; ++from) {
      if (values[from] == kNull<T>) continue;
      if constexpr (Removable<State>) state.remove(static_cast<typename State::Input>(values[from]));
      --count;
    }
    count += values[i] != kNull<T>;
    if constexpr (Removable<State>)
      add(state, i);
    else
      state = merged.advance(starts[i], i, add);
    out[i] = keeps(i, count) ? state.result() : kNull<R>;
  }
}

template <class State, class Keeps>
void sliding2(std::span<const double> x, std::span<const double> y, std::span<const size_t> starts, double* out,
              Keeps&& keeps) {
  State state;
  MergedWindow<State> merged;
  int64_t count = 0;
  size_t from = 0;
  const auto both = [&](size_t k) { return x[k] != kNull<double> && y[k] != kNull<double>; };
  const auto add = [&](State& to, size_t k) {
    if (both(k)) to.add(x[k], y[k]);
  };
  for (size_t i = 0; i < x.size(); ++i) {
    for (; from < starts[i]; ++from) {
      if (!both(from)) continue;
      if constexpr (Removable2<State>) state.remove(x[from], y[from]);
      --count;
    }
    count += both(i);
    if constexpr (Removable2<State>)
      add(state, i);
    else
      state = merged.advance(starts[i], i, add);
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
