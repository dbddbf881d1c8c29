#pragma once
// Columns that grow by the cells of a text file.

#include <memory>
#include <string_view>

#include "functions/delimited/delimited_text.h"
#include "functions/delimited/record_index.h"

namespace pelorus::functions {

/// Takes the cells of one column, one after another. Not thread-safe.
class CellColumn {
 public:
  virtual ~CellColumn() = default;
  /// A cell without its quotes. One that does not fit the type adds a null.
  virtual void add(std::string_view cell) = 0;
  virtual void add_all(const ColumnCells& cells) = 0;
  /// About so many will come.
  virtual void expect(size_t cells) { (void)cells; }
  /// The column so far; ends this object's use.
  virtual data::Vector finish() = 0;
};

/// Numbers, dates and times in their usual forms are read without a detour; everything else as types::parse_value or
/// the column's format reads it.
std::unique_ptr<CellColumn> make_cell_column(const TextColumn& column);

}  // namespace pelorus::functions
