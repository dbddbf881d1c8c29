#pragma once
// The cells of a column as delimited text shows them.

#include <memory>
#include <string>

#include "data/vector.h"

namespace pelorus::functions {

/// Writes cells of one column. Not thread-safe; one for each thread.
class CellTexts {
 public:
  virtual ~CellTexts() = default;
  /// Adds the cell of `row` to `out`, in quotes where the delimiter, a quote or a line end is in it. Null: nothing.
  virtual void append(size_t row, std::string& out) = 0;
};

/// Numbers, dates, times and texts are written without a detour; everything else as types::format_value shows it, rows
/// of array vectors and of tuples with ';' between their elements. `column` must outlive the result.
std::unique_ptr<CellTexts> make_cell_texts(const data::Vector& column, char delimiter);
/// The same without the short ways: any value of any type.
std::unique_ptr<CellTexts> make_any_cell_texts(const data::Vector& column, char delimiter);

}  // namespace pelorus::functions
