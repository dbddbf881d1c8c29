#pragma once
// Patterns over paths of partitions, as functions about chunks and backups take them.

#include <string_view>

namespace pelorus::functions {

/// True when the whole text fits: '%' and '*' stand for any number of characters, '?' for one.
bool fits_pattern(std::string_view pattern, std::string_view text);

}  // namespace pelorus::functions
