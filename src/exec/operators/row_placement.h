#pragma once
// Rows put side by side by their groups, without a list of their numbers: columns go to their places directly.

#include <cstdint>
#include <span>
#include <vector>

#include "base/worker_pool.h"
#include "data/vector.h"
#include "kernels/group.h"
#include "kernels/row_numbers.h"

namespace pelorus::exec {

/// A permutation of rows 0 … rows() - 1, each stretch of neighbouring rows with groups of its own. Immutable.
class RowPlacement {
 public:
  struct Stretch {
    size_t begin = 0, end = 0;    // rows
    std::vector<int64_t> places;  // by group of the stretch: where its first row goes
  };
  /// `numbers`: the group of each row in its stretch.
  RowPlacement(Buffer<uint32_t> numbers, std::vector<Stretch> stretches)
      : numbers_(std::move(numbers)), stretches_(std::move(stretches)) {}
  static RowPlacement of(const kernels::Groups& groups);

  size_t rows() const { return numbers_.size(); }
  std::span<const uint32_t> numbers() const { return numbers_; }
  const std::vector<Stretch>& stretches() const { return stretches_; }
  /// By place: the number of its row.
  kernels::RowNumbers order(WorkerPool* workers) const;
  /// Only columns of fixed width that are no array vectors.
  static bool places(const data::Vector& column);
  /// The column's elements at their rows' places; `rows`: row i shows element rows[i], null: element i. Cost: one pass,
  /// the elements read in the order of the rows.
  data::Vector place(const data::Vector& column, const kernels::RowNumbers* rows, WorkerPool* workers) const;

 private:
  template <class T, class ElementOf>
  void put(WorkerPool* workers, T* out, ElementOf&& element_of) const;

  Buffer<uint32_t> numbers_;
  std::vector<Stretch> stretches_;
};

/// Where each group begins: the rows of group g get the places starts[g] … starts[g + 1] - 1.
std::vector<int64_t> starts_of(std::span<const uint32_t> group_of_row, size_t groups);

}  // namespace pelorus::exec
