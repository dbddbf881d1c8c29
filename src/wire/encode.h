#pragma once
// Writing values as objects (docs/protocol/native.md §6).

#include "base/error.h"
#include "data/value.h"
#include "wire/chain.h"

namespace pelorus::wire {

/// Appends `value` as one object. Big columns of fixed width are referred to, not copied: the chain keeps the value.
/// NaN leaves as null; tables with identity leave as their rows, stored ones as their columns without rows.
/// Errors: kLimit for more than 2^31-1 rows; what reading a table object failed with.
Status encode(const data::Value& value, Chain& out);

/// A table of which `count` rows from `from` leave; for the blocks of large results.
struct TableSlice {
  size_t from = 0;
  size_t count = 0;
};
/// Table header: mark, sizes, names. The columns follow, each through encode_column.
void encode_table_header(const data::Table& table, size_t rows, Chain& out);
/// Where a column's encoding goes on; begins with the default.
struct ColumnPosition {
  bool header_written = false;
  bool with_dictionary = false;  // decided with the header: symbols as codes
  size_t row = 0;                // of the slice
};
/// Appends column data until the column ends or `out` holds `bytes_wanted`. True when the column is complete.
/// `shape.symbol_base_id` numbers symbol dictionaries inside one table.
struct ColumnShape {
  TableSlice slice;
  int32_t symbol_base_id = 0;
};
Result<bool> encode_column(const data::Vector& column, const ColumnShape& shape, ColumnPosition& position,
                           size_t bytes_wanted, Chain& out);

}  // namespace pelorus::wire
