#pragma once
// Where each sort key's rows lie in a sorted run of rows.

#include <memory>
#include <string>
#include <vector>

#include "data/table.h"
#include "storage/row_selection.h"
#include "storage/sort_rule.h"

namespace pelorus::storage {

/// Of rows sorted by a SortRule. Immutable once made. SYMBOL keys are codes (INT).
struct KeyDirectory {
  std::vector<data::Vector> keys;  // a column for each sort column but the last; one element a key, in order
  data::Buffer<int64_t> ends;      // rows up to the end of each key
  data::Buffer<int64_t> first;     // of the last sort column, widened; null: INT64_MIN
  data::Buffer<int64_t> last;
  bool unique = true;  // no two rows agree in all sort columns

  size_t size() const { return ends.size(); }
  RowRange rows_of(size_t key) const {
    return {key == 0 ? 0 : static_cast<size_t>(ends[key - 1]), static_cast<size_t>(ends[key])};
  }
  size_t memory_bytes() const;
};

/// `columns`: the sort columns of the rows, in the rule's order, as stored. Cost: one pass over each.
KeyDirectory make_directory(const std::vector<const data::Vector*>& columns);

/// The column's elements as integers in order; null: INT64_MIN. Integers and temporals only (checked).
data::Buffer<int64_t> widened(const data::Vector& column);

/// docs/formats/column_file.md §6.
std::string encode_directory(const KeyDirectory& directory);
/// `key_types` as stored. kCorrupt when the bytes make no directory of `rows` rows.
Result<KeyDirectory> decode_directory(std::string_view bytes, const data::Schema& key_types, uint64_t rows);

}  // namespace pelorus::storage
