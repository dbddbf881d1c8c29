#include "storage/chunk/chunk_state.h"

#include <algorithm>

namespace pelorus::storage {

void number_rows(std::vector<Part>& parts) {
  size_t row = 0;
  for (auto& part : parts) {
    part.first_row = row;
    row += part.rows;
  }
}

ChunkState::ChunkState(const ChunkState& before, std::vector<Part> parts)
    : schema_(before.schema_), generation_(before.generation_), parts_(std::move(parts)) {
  number_rows(parts_);
  while (segments_ < parts_.size() && parts_[segments_].segment) ++segments_;
  for (size_t p = segments_; p < parts_.size(); ++p) CHECK(parts_[p].block != nullptr);
}

uint64_t ChunkState::memory_bytes() const {
  uint64_t bytes = 0;
  for (size_t p = segments_; p < parts_.size(); ++p) bytes += parts_[p].block->bytes;
  return bytes;
}

size_t ChunkState::memory_rows() const { return segments_ == parts_.size() ? 0 : rows() - parts_[segments_].first_row; }

Status ChunkState::read(size_t column, RowRange range, data::Vector& out) const {
  const auto first = std::partition_point(parts_.begin(), parts_.end(),
                                          [&](const Part& part) { return part.first_row + part.rows <= range.from; });
  for (auto part = first; part != parts_.end() && part->first_row < range.to; ++part) {
    const size_t from = std::max(range.from, part->first_row) - part->first_row;
    const size_t to = std::min(range.to, part->first_row + part->rows) - part->first_row;
    if (part->segment) {
      TRY_DONE(part->segment->read(column, {from, to}, out));
    } else if (from == 0 && to == part->rows) {
      out.append(part->block->rows.column(column));
    } else {
      out.append(part->block->rows.column(column).slice(from, to - from));
    }
  }
  return {};
}

}  // namespace pelorus::storage
