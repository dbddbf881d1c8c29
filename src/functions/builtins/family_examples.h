#pragma once
// Examples of functions that are made by families: moving and time windows, top-n, rows.

#include <string_view>

namespace pelorus::functions {

/// Empty when the function is none of a family.
std::string_view family_example(std::string_view name);

}  // namespace pelorus::functions
