#pragma once
// Rows put side by side by their groups, without a list of their numbers: columns go to their places directly.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "base/worker_pool.h"
#include "data/vector.h"
#include "kernels/group.h"
#include "kernels/part_directory.h"
#include "kernels/row_numbers.h"

namespace pelorus::exec {

/// Values of a part that are read in another order than they stand in are read from here: what goes through them from
/// end to end waits less for the memory than what jumps about in them.
class NearValues {
 public:
  /// The values themselves where they are read in their order.
  template <class T>
  const T* of(const T* values, size_t count, bool jumps) {
    if (!jumps) return values;
    held_.resize(kernels::kPartRows * sizeof(T));
    std::memcpy(held_.data(), values, count * sizeof(T));
    return reinterpret_cast<const T*>(held_.data());
  }

 private:
  Buffer<std::byte> held_;
};

/// A permutation of rows 0 … rows() - 1, each stretch of neighbouring rows with groups of its own. Immutable.
class RowPlacement {
 public:
  struct Stretch {
    size_t begin = 0, end = 0;     // rows; of a directory: whole parts, but for the last one
    std::vector<int64_t> places;   // by group of the stretch: where its first row goes
    std::vector<uint32_t> values;  // by group, of a directory: the value of its rows there
  };
  /// `numbers`: the group of each row in its stretch.
  RowPlacement(Buffer<uint32_t> numbers, std::vector<Stretch> stretches)
      : rows_(numbers.size()), numbers_(std::move(numbers)), stretches_(std::move(stretches)) {}
  /// The rows of one value of the directory are a group.
  RowPlacement(std::shared_ptr<const kernels::PartDirectory> directory, std::vector<Stretch> stretches)
      : rows_(stretches.back().end), directory_(std::move(directory)), stretches_(std::move(stretches)) {}
  static RowPlacement of(const kernels::Groups& groups);

  size_t rows() const { return rows_; }
  const std::vector<Stretch>& stretches() const { return stretches_; }
  /// Whether each() jumps about in a part, taking one value's rows after the other's.
  bool goes_by_value() const { return directory_ != nullptr; }
  /// Adds how many of the rows [from, to) of a stretch, a part or some whole ones, each group has.
  void count(size_t stretch, size_t from, size_t to, size_t* rows) const;
  /// Calls put(row, next[group]++) for the same rows, those of a group in their order.
  template <class Place, class Put>
  void each(size_t stretch, size_t from, size_t to, Place* next, Put&& put) const;
  /// By place: the number of its row.
  kernels::RowNumbers order(WorkerPool* workers) const;
  /// Only columns of fixed width that are no array vectors.
  static bool places(const data::Vector& column);
  /// The column's elements at their rows' places; `rows`: row i shows element rows[i], null: element i. Cost: one pass,
  /// the elements read in the order of the rows, or part by part.
  data::Vector place(const data::Vector& column, const kernels::RowNumbers* rows, WorkerPool* workers) const;

 private:
  template <class T, class ElementOf>
  void put(WorkerPool* workers, T* out, ElementOf&& element_of) const;
  /// values[row], read part by part where each() jumps about.
  template <class T>
  void put_values(WorkerPool* workers, const T* values, T* out) const;

  size_t rows_;
  Buffer<uint32_t> numbers_;                                 // or
  std::shared_ptr<const kernels::PartDirectory> directory_;  // this
  std::vector<Stretch> stretches_;
};

template <class Place, class Put>
void RowPlacement::each(size_t stretch, size_t from, size_t to, Place* next, Put&& put) const {
  if (!directory_) {
    for (size_t row = from; row < to; ++row) put(row, next[numbers_[row]]++);
    return;
  }
  const auto& values = stretches_[stretch].values;
  for (size_t first = from; first < to; first += kernels::kPartRows) {
    for (size_t g = 0; g < values.size(); ++g) {
      auto place = next[g];
      for (const auto row : directory_->rows_of(first / kernels::kPartRows, values[g])) put(first + row, place++);
      next[g] = place;
    }
  }
}

/// Where each group begins: the rows of group g get the places starts[g] … starts[g + 1] - 1.
std::vector<int64_t> starts_of(std::span<const uint32_t> group_of_row, size_t groups);

}  // namespace pelorus::exec
