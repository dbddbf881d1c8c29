#pragma once
// Integers in groups of 1,024, each bit-packed in the way that is smallest for it (docs/formats/column_file.md §4).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pelorus::storage {

/// Null is INT64_MIN. Every group is either values less their minimum, or the differences of neighbours less their
/// minimum (never with nulls), so that one outlier widens one group only.
std::string encode_groups(std::span<const int64_t> values);

/// kCorrupt unless the bytes make exactly `rows` values, which go to `out`.
Status decode_groups(std::string_view bytes, size_t rows, int64_t* out);

}  // namespace pelorus::storage
