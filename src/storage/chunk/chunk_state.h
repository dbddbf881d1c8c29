#pragma once
// The rows of one generation of a chunk at one moment: segments on disk, then blocks in memory.

#include <memory>
#include <mutex>
#include <vector>

#include "data/table.h"
#include "storage/chunk/arrange_rows.h"
#include "storage/chunk/dictionaries.h"
#include "storage/chunk/key_directory.h"
#include "storage/chunk/segment.h"

namespace pelorus::storage {

/// Committed rows that are not in a segment yet (the write buffer). SYMBOL columns hold the chunk's codes as INT.
/// Immutable.
struct MemoryBlock {
  data::Table rows;
  uint64_t bytes = 0;  // as counted in the buffer budget
  // Of a chunk that sorts its rows:
  std::shared_ptr<const KeyDirectory> directory;
  Version first_version = 0;  // that added rows to it
  Version last_version = 0;
  std::vector<uint32_t> row_versions;  // less first_version; empty when there is only one
};

/// Rows [first_row, first_row + rows): of a segment or, when that is null, of a block.
struct Part {
  size_t first_row = 0;
  size_t rows = 0;
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const MemoryBlock> block;
};

/// Immutable; every commit, flush and compaction publishes another one.
class ChunkState {
 public:
  ChunkState(data::Schema schema, SortRule sort, uint64_t generation)
      : schema_(std::move(schema)), sort_(std::move(sort)), generation_(generation) {}
  /// The same with other parts; they are given consecutive first rows.
  ChunkState(const ChunkState& before, std::vector<Part> parts);

  /// Another generation.
  ChunkState(const ChunkState& before, std::vector<Part> parts, uint64_t generation);

  const data::Schema& schema() const { return schema_; }
  const SortRule& sort() const { return sort_; }
  uint64_t generation() const { return generation_; }
  const std::vector<Part>& parts() const { return parts_; }
  /// As stored: with the rows that KeepDuplicates hides.
  size_t rows() const { return parts_.empty() ? 0 : parts_.back().first_row + parts_.back().rows; }
  /// How many parts are segments; they come first.
  size_t segment_count() const { return segments_; }
  uint64_t memory_bytes() const;
  size_t memory_rows() const;

  /// Rows of ascending ranges as one vector. Every block the ranges touch is decoded once.
  Result<data::Vector> read(size_t column, const std::vector<RowRange>& ranges) const;

  // Of a state that sorts its rows.
  /// One run for each part. kCorrupt, kIo.
  Result<std::vector<SortedRun>> runs() const;
  /// `wanted` rows in order (arrange_rows); `keep` instead of the rule's. With kLastUnlessDeleted rows that mark
  /// deletions go too.
  Result<RowSelection> arrange(const std::vector<RowRange>& wanted, ChunkDictionaries& dictionaries,
                               KeepDuplicates keep) const;
  /// All rows in order by the rule, made once.
  Result<std::shared_ptr<const RowSelection>> arranged(ChunkDictionaries& dictionaries) const;
  /// The rows in memory that came after `after` and not after `to`, behind the segments when `segments`.
  std::shared_ptr<const ChunkState> with_versions(Version after, Version to, bool segments) const;
  /// Forgets what was learnt of its files and the order of its rows, unless somebody is just putting them in order.
  void let_go() const;
  /// The newest version with rows in memory; 0: none.
  Version newest_in_memory() const;

 private:
  Result<bool> has_deletions() const;
  /// Those of `selected` that mark no deletion.
  Result<RowSelection> without_deletions(RowSelection selected) const;

  const data::Schema schema_;
  const SortRule sort_;
  const uint64_t generation_;
  std::vector<Part> parts_;
  size_t segments_ = 0;
  bool shows_deletions_ = false;  // it holds only newer rows: what they delete lies elsewhere
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const RowSelection> arranged_;  // guarded by mutex_
};

/// Gives parts consecutive first rows.
void number_rows(std::vector<Part>& parts);

/// The directory of rows that lie as `sort` wants them.
std::shared_ptr<const KeyDirectory> directory_of(const data::Table& rows, const SortRule& sort);

}  // namespace pelorus::storage
