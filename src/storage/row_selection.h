#pragma once
// Which stored rows of a chunk a reader gets, and in which order.

#include <functional>
#include <optional>
#include <vector>

#include "data/vector.h"

namespace pelorus::storage {

/// Rows [from, to) of a chunk, counted from its first row as stored: segments one after another, then memory.
struct RowRange {
  size_t from = 0;
  size_t to = 0;
  size_t size() const { return to - from; }
  bool operator==(const RowRange&) const = default;
};

/// The rows that are in both lists. Ranges of each ascend and do not meet; so do the result's.
std::vector<RowRange> intersect(const std::vector<RowRange>& left, const std::vector<RowRange>& right);
/// The parts of ascending ranges that lie within `all`, counted from its first row. `next`: the first range that may
/// reach into it; moves on, so that one pass serves stretches that follow one another.
std::vector<RowRange> ranges_within(const std::vector<RowRange>& ranges, size_t& next, RowRange all);
/// Adds a range behind all others; neighbours join.
void add_range(std::vector<RowRange>& ranges, RowRange range);

/// Immutable.
class RowSelection {
 public:
  /// The ranges as they lie.
  explicit RowSelection(std::vector<RowRange> stored);
  /// `pieces` in order, each a range of positions in the rows of `stored` one after another. Positions not named are
  /// left out.
  RowSelection(std::vector<RowRange> stored, std::vector<RowRange> pieces);

  size_t rows() const { return rows_; }
  /// What has to be read; ascending.
  const std::vector<RowRange>& stored() const { return stored_; }
  /// Rows [range.from, range.to) of this selection. Cost: O(log pieces), and the pieces it takes over.
  RowSelection part(RowRange range) const;
  /// Those whose position in the rows of stored() meets `wanted`. Cost: O(rows).
  RowSelection where(const std::function<bool(size_t position)>& wanted) const;
  /// From the rows of stored() to the selected ones.
  data::Vector arranged(data::Vector read) const;
  /// The same for several columns.
  std::vector<data::Vector> arranged(std::vector<data::Vector> read) const;

 private:
  std::vector<RowRange> stored_;
  std::optional<std::vector<RowRange>> pieces_;
  std::vector<size_t> piece_ends_;  // rows up to the end of each piece; of stored_ without pieces
  size_t rows_ = 0;
};

}  // namespace pelorus::storage
