#pragma once
// In which order a chunk keeps its rows, and which of equal rows it shows.

#include <cstdint>
#include <vector>

namespace pelorus::storage {

/// Of rows that agree in all sort columns: all, the one that came first, the one that came last; the one that came last
/// unless the last column of the schema, a BOOL, is true in it: that row only says that the others are deleted.
enum class KeepDuplicates : uint8_t { kAll = 0, kFirst = 1, kLast = 2, kLastUnlessDeleted = 3 };

/// No columns: rows stay as they came (OLAP). Else rows are sorted by the columns (TSDB), nulls lowest, texts bytewise;
/// equal rows in the order they came. All columns but the last make the sort key; the last one is an integer or
/// temporal, none is an array.
struct SortRule {
  std::vector<uint32_t> columns;  // positions in the schema
  KeepDuplicates keep = KeepDuplicates::kAll;

  bool sorts() const { return !columns.empty(); }
  bool marks_deletions() const { return sorts() && keep == KeepDuplicates::kLastUnlessDeleted; }
  bool drops_rows() const { return sorts() && keep != KeepDuplicates::kAll; }
  bool operator==(const SortRule&) const = default;
};

}  // namespace pelorus::storage
