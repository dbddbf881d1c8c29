#pragma once
// Tables as delimited text (CSV): splitting lines, guessing types, reading and writing.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/table.h"

namespace pelorus::functions {

/// Cells of one record; double quotes may enclose a cell and are doubled inside. `at` moves behind the record's end.
std::vector<std::string> read_record(std::string_view text, size_t* at, char delimiter);

/// How a file is to be read.
struct TextLayout {
  char delimiter = ',';
  size_t skip_rows = 0;
  int header = -1;  // 1: the first record holds names; 0: not; -1: it does unless a cell begins with a digit
};

/// Names from the header (made letters and digits only, col0 … without one) and types guessed from a sample of records.
data::Schema guess_schema(std::string_view text, const TextLayout& layout);
/// What columns to read from where: `from` counts the file's columns.
struct TextColumn {
  data::ColumnDefinition definition;
  size_t from = 0;
  std::string format;  // of temporals; empty: the usual ones
};
/// Reads all records; cells that do not fit their type become null. `quotes`: there are some, which may hide line
/// feeds; one thread reads then.
data::Table read_table(std::string_view text, bool quotes, const TextLayout& layout,
                       const std::vector<TextColumn>& columns);
/// Gives the records of all rows to `take`, in order and in pieces of whole records, each ended by a line feed. Several
/// threads make them; `take` is called by this one. Holds a piece of 32768 rows for each processor.
void write_table(const data::Table& table, char delimiter, const std::function<void(std::string_view)>& take);

}  // namespace pelorus::functions
