#pragma once
// The text print(x) shows: vectors in brackets, dictionaries line by line, tables and matrices in aligned columns.

#include <string>

#include "data/value.h"

namespace pelorus::functions {

struct PrintLimits {
  size_t rows = 20;       // of tables, matrices, dictionaries; … for the rest
  size_t elements = 100;  // of vectors
  size_t depth = 8;       // of tuples in tuples
};
std::string print_value(const data::Value& value, const PrintLimits& limits = {});

}  // namespace pelorus::functions
