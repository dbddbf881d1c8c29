#pragma once
// One version of a chunk, as a query sees it.

#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "data/table.h"

namespace pelorus::storage {

class ChunkState;
class ChunkDictionaries;

/// Rows [from, to) of a chunk, counted from its first row in stored (arrival) order.
struct RowRange {
  size_t from = 0;
  size_t to = 0;
  size_t size() const { return to - from; }
  bool operator==(const RowRange&) const = default;
};

/// Order-sensitive XXH3-128 over schema and rows. Two replicas with the same rows have the same one, however their
/// rows lie in buffers, segments and dictionaries.
struct ContentHash {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const ContentHash&) const = default;
};

/// What is surely known of one block of a column. `min` and `max` do not count nulls; absent when all are null or the
/// type is not ordered (text, SYMBOL, 16-byte types, array vectors).
struct Zone {
  RowRange rows;
  std::optional<types::Scalar> min;
  std::optional<types::Scalar> max;
  size_t nulls = 0;
};

/// Immutable; any number of threads may read. Holds the files and blocks it reads, so it should not outlive a query by
/// long. Nothing a writer, a flush or a compaction does changes or blocks it.
/// Errors of all reads: kCorrupt naming the file and block when bytes fail their checksum, kIo when the disk does.
class ChunkSnapshot {
 public:
  ChunkSnapshot(std::shared_ptr<const ChunkState> state, std::shared_ptr<ChunkDictionaries> dictionaries, ChunkId chunk,
                Version version, size_t rows);

  ChunkId chunk() const { return chunk_; }
  Version version() const { return version_; }
  const data::Schema& schema() const;
  size_t rows() const { return rows_; }

  /// All rows of a column. Without a copy when the rows are one block in memory. All SYMBOL vectors of one column of
  /// one snapshot share one SymbolBase, the chunk's dictionary (it may hold texts no row of this version uses).
  Result<data::Shared<data::Vector>> read(size_t column) const;
  /// Rows of a range (kInvalid beyond rows()). Cost: decodes the 64 Ki blocks the range touches.
  Result<data::Vector> read(size_t column, RowRange range) const;
  /// The ranges one after another in one vector.
  Result<data::Vector> read(size_t column, const std::vector<RowRange>& ranges) const;
  /// All columns.
  Result<data::Table> read_table() const;

  /// The zones of a column in row order, together covering all rows. Rows not flushed yet come as zones of their own.
  Result<std::vector<Zone>> zones(size_t column) const;
  /// The ranges whose zones do not exclude a value in [low, high]; a missing bound is open. In row order, neighbours
  /// joined. Nulls are taken to match nothing. Values must be of the column's own type, else everything is returned.
  Result<std::vector<RowRange>> matching(size_t column, const std::optional<types::Scalar>& low,
                                         const std::optional<types::Scalar>& high) const;

  /// Cost: reads every column.
  Result<ContentHash> content_hash() const;

 private:
  Status append_rows(size_t column, RowRange range, data::Vector& out) const;

  const std::shared_ptr<const ChunkState> state_;
  const std::shared_ptr<ChunkDictionaries> dictionaries_;
  const ChunkId chunk_;
  const Version version_;
  const size_t rows_;
};

}  // namespace pelorus::storage
