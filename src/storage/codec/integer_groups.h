#pragma once
// Integers in groups of 1,024, each bit-packed in the way that is smallest for it (docs/formats/column_file.md §4).

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "storage/row_selection.h"

namespace pelorus::storage {

inline constexpr size_t kGroupRows = 1024;

/// Null is INT64_MIN. Every group is either values less their minimum, or the differences of neighbours less their
/// minimum (never with nulls), so that one outlier widens one group only.
std::string encode_groups(std::span<const int64_t> values);

/// Takes the values of a stretch of rows: `first_row`, counted from the block's first.
using GroupSink = std::function<void(size_t first_row, std::span<const int64_t> values)>;

/// Decodes the groups that hold rows of `ranges` (ascending, within `rows`) and gives those rows, a stretch at a time.
/// kCorrupt unless the bytes are groups of exactly `rows` values; what was given by then is worth nothing.
Status decode_groups(std::string_view bytes, size_t rows, std::span<const RowRange> ranges, const GroupSink& sink);

}  // namespace pelorus::storage
