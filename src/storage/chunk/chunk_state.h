#pragma once
// The rows of one generation of a chunk at one moment: segments on disk, then blocks in memory.

#include <memory>
#include <vector>

#include "data/table.h"
#include "storage/chunk/segment.h"

namespace pelorus::storage {

/// Committed rows that are not in a segment yet (the write buffer). SYMBOL columns hold the chunk's codes as INT.
/// Immutable.
struct MemoryBlock {
  data::Table rows;
  uint64_t bytes = 0;  // as counted in the buffer budget
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
  ChunkState(data::Schema schema, uint64_t generation) : schema_(std::move(schema)), generation_(generation) {}
  ChunkState(const ChunkState& before, std::vector<Part> parts);

  const data::Schema& schema() const { return schema_; }
  uint64_t generation() const { return generation_; }
  const std::vector<Part>& parts() const { return parts_; }
  size_t rows() const { return parts_.empty() ? 0 : parts_.back().first_row + parts_.back().rows; }
  /// How many parts are segments; they come first.
  size_t segment_count() const { return segments_; }
  uint64_t memory_bytes() const;
  size_t memory_rows() const;

  /// Adds rows of a column to `out` (make_stored).
  Status read(size_t column, RowRange range, data::Vector& out) const;

 private:
  const data::Schema schema_;
  const uint64_t generation_;
  std::vector<Part> parts_;
  size_t segments_ = 0;
};

/// Gives parts consecutive first rows.
void number_rows(std::vector<Part>& parts);

}  // namespace pelorus::storage
