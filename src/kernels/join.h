#pragma once
// Which rows of two sides belong together. Both sides' key columns must have equal representations, pairwise; symbol
// columns must share one code space (the caller translates).

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/worker_pool.h"
#include "kernels/group.h"
#include "kernels/key_column.h"
#include "kernels/part_directory.h"

namespace pelorus::kernels {

inline constexpr int64_t kNoRow = -1;

/// Both sides' keys as numbers below `count`: equal keys, equal numbers. kNoGroup: a left key the right side does not
/// have, or null when nulls do not match.
struct MatchedKeys {
  std::vector<uint32_t> left;
  std::span<const uint32_t> right;  // of `held`, or of a column that outlives this
  std::vector<uint32_t> held;
  size_t count = 0;
  std::shared_ptr<const PartDirectory> directory;  // of `right`, its values the numbers; null: there is none

  MatchedKeys() = default;
  MatchedKeys(MatchedKeys&&) = default;
  MatchedKeys& operator=(MatchedKeys&&) = default;
  /// Every row's key equals every other's.
  static MatchedKeys all_equal(size_t left, size_t right);
  void hold_right(std::vector<uint32_t> numbers) {
    held = std::move(numbers);
    right = held;
  }
};
MatchedKeys match_keys(std::span<const KeyColumn> left, std::span<const KeyColumn> right, bool nulls_match);
/// The right rows of the keys that left rows have, by key, in their order. Cost: a pass over the right keys, or where
/// they have a directory, over it and the rows that are wanted.
GroupDirectory wanted_rows(const MatchedKeys& keys, WorkerPool* workers);

/// Row numbers pairwise; kNoRow where a side has no partner.
struct RowPairs {
  RowNumbers left;
  RowNumbers right;
  size_t size() const { return left.size(); }
};

enum class JoinKind : uint8_t {
  kInner,      // all pairs
  kLeft,       // and unmatched left rows
  kLeftFirst,  // as kLeft, but only the first match of each left row
  kFull,       // and unmatched right rows, at the end
};
/// Pairs in left order, within one left row in right order. `pairs_max` guards memory: beyond it *too_many is set and
/// the result is empty.
RowPairs join_rows(const MatchedKeys& keys, JoinKind kind, size_t pairs_max, bool* too_many);

/// For each left row the last right row of the same key whose moment is <= the left one's (ties: the last), or kNoRow.
/// Where both sides ascend by their moments they are merged in one pass, each thread a stretch of the left rows;
/// otherwise each key's right rows are put in order. Null moments: a left null finds nothing but nulls. `workers` may
/// be null.
RowNumbers join_as_of(const MatchedKeys& keys, const KeyColumn& left_moments, const KeyColumn& right_moments,
                      WorkerPool* workers);

}  // namespace pelorus::kernels
