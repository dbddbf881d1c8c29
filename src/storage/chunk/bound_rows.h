#pragma once
// Which rows of a chunk's state meet a bound on a column.

#include <vector>

#include "base/error.h"
#include "storage/chunk/chunk_state.h"
#include "storage/chunk_snapshot.h"

namespace pelorus::storage {

struct BoundRows {
  std::vector<RowRange> rows;  // ascending
  bool exact = false;          // these and no others; else the bound does not exclude all that it could
};

/// Of `wanted` (ascending stored ranges) those that may meet the bound. Exact where the column holds integers or
/// temporals and neighbours tend to be alike: zones of blocks and of groups decide most rows, and only groups that lie
/// across an end of the bound are read. Cost: the zones; a block of the column the first time its groups are told
/// apart.
Result<BoundRows> bound_rows(const ChunkState& state, const Bound& bound, const std::vector<RowRange>& wanted);

/// The bound's values are of the column's own type and no nulls.
bool is_of(const Bound& bound, const data::ColumnDefinition& column);

}  // namespace pelorus::storage
