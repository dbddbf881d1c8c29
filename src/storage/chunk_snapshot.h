#pragma once
// One version of a chunk, as a query sees it.

#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "data/table.h"
#include "storage/row_selection.h"
#include "storage/sort_rule.h"

namespace pelorus::storage {

class ChunkState;
class ChunkDictionaries;

/// Order-sensitive XXH3-128 over schema and rows. Two replicas with the same rows have the same one, however their
/// rows lie in buffers, segments and dictionaries.
struct ContentHash {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const ContentHash&) const = default;
};

/// Rows whose value of a column lies in [low, high]; a missing end is open. Null is less than every value, so it lies
/// in those without a low end. Values must be of the column's own type (texts for SYMBOL), else every row may match.
struct Bound {
  size_t column = 0;
  std::optional<types::Scalar> low;
  std::optional<types::Scalar> high;
};

/// Of each group of rows with equal `keys`, in ascending order of `by` (nothing: as the rows come), only the first or
/// the last so many are wanted.
struct GroupEnds {
  std::vector<size_t> keys;
  std::optional<size_t> by;
  size_t first = 0;
  size_t last = 0;  // one of the two is 0
};

struct SelectedRows {
  std::shared_ptr<const RowSelection> rows;
  std::vector<bool> exact;  // for each bound: every row of `rows` meets it
};

/// Immutable; any number of threads may read. Holds the files and blocks it reads, so it should not outlive a query by
/// long. Nothing a writer, a flush or a compaction does changes or blocks it. Rows come as they arrived, or as the
/// chunk's SortRule says.
/// Errors of all reads: kCorrupt naming the file and block when bytes fail their checksum, kIo when the disk does.
class ChunkSnapshot {
 public:
  /// `rows`: the first so many of the state; of a sorted one all.
  ChunkSnapshot(std::shared_ptr<const ChunkState> state, std::shared_ptr<ChunkDictionaries> dictionaries, ChunkId chunk,
                Version version, size_t rows);

  ChunkId chunk() const { return chunk_; }
  Version version() const { return version_; }
  const data::Schema& schema() const;
  const SortRule& sort() const;
  /// Segments and blocks in memory that its rows lie in.
  size_t parts() const;
  /// Cost: nothing without a SortRule; else puts the rows of several runs in order, once for a version.
  Result<size_t> rows() const;

  /// All rows.
  Result<std::shared_ptr<const RowSelection>> select() const;
  /// The rows that may meet all bounds: what key directories and zones of rows cannot exclude.
  Result<SelectedRows> select(const std::vector<Bound>& bounds) const;
  /// The ends of groups and maybe more. Without all others where key directories know the groups: `keys` are sort keys,
  /// `by` is the last sort column, and no row is one of several of which KeepDuplicates chooses.
  Result<std::shared_ptr<const RowSelection>> select(const GroupEnds& ends) const;
  /// Rows of a column. All SYMBOL vectors of one column of one snapshot share one SymbolBase, the chunk's dictionary
  /// (it may hold texts no row of this version uses). Cost: decodes the 64 Ki blocks the selection touches.
  Result<data::Vector> read(size_t column, const RowSelection& selection) const;
  /// All rows of a column. Without a copy when the rows are one block in memory.
  Result<data::Shared<data::Vector>> read(size_t column) const;
  /// Some of all rows (kInvalid beyond rows()).
  Result<data::Vector> read(size_t column, RowRange range) const;
  /// All columns.
  Result<data::Table> read_table() const;

  /// Cost: reads every column.
  Result<ContentHash> content_hash() const;

 private:
  Status check_column(size_t column) const;
  /// Stored rows that key directories cannot exclude; says which bounds that decides.
  Result<std::vector<RowRange>> keyed(const std::vector<Bound>& bounds, std::vector<bool>& exact) const;
  /// A row must meet all its equals before KeepDuplicates can choose: only sort columns may exclude rows then, unless
  /// that choice was made when the one run was written.
  bool may_exclude(const Bound& bound) const;
  /// KeepDuplicates has nothing left to choose from: nothing is dropped, or all rows are in one run, without those.
  bool is_settled() const;

  const std::shared_ptr<const ChunkState> state_;
  const std::shared_ptr<ChunkDictionaries> dictionaries_;
  const ChunkId chunk_;
  const Version version_;
  const size_t rows_;  // stored
};

}  // namespace pelorus::storage
