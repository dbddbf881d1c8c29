#pragma once
// Integers by how their steps change: times that come at a nearly even pace (docs/formats/column_file.md §4).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pelorus::storage {

/// In groups of 1,024. A group keeps its first two values and how much each further step differs from the one before;
/// one whose differences are too far apart (a null among times) is kept as it is.
std::string encode_step_groups(std::span<const int64_t> values);
/// Fills `out`. kCorrupt unless the bytes are groups of exactly as many values.
Status decode_step_groups(std::string_view bytes, std::span<int64_t> out);

}  // namespace pelorus::storage
