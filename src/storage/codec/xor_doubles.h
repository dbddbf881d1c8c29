#pragma once
// Doubles by the bits in which each differs from the one before: the Chimp method (docs/formats/column_file.md §4).

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pelorus::storage {

/// Every bit comes back, nulls, NaN and signs of zero too.
std::string encode_xor_doubles(std::span<const double> values);
/// Fills `out`. kCorrupt unless the bytes make exactly as many values.
Status decode_xor_doubles(std::string_view bytes, std::span<double> out);

}  // namespace pelorus::storage
