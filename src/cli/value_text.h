#pragma once
// Values for people: tables as aligned columns, everything else as a script would write it.

#include <string>
#include <vector>

#include "data/value.h"

namespace pelorus::cli {

struct TextLimits {
  size_t rows_max = 0;  // of tables, elements of vectors; 0: all
  size_t column_width_max = 60;
};

/// Ends without a line feed. Null is an empty cell in a table and NULL elsewhere.
std::string value_text(const data::Value& value, const TextLimits& limits = {});

/// A table of texts; numbers (`right[c]`) stand at the right.
struct TextTable {
  std::vector<std::string> names;
  std::vector<bool> right;
  std::vector<std::vector<std::string>> rows;
};
std::string text_table(const TextTable& table, size_t column_width_max = 60);

}  // namespace pelorus::cli
