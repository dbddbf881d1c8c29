#pragma once
// Finds rows by the values of key columns.

#include <string>
#include <unordered_map>
#include <vector>

#include "data/vector.h"

namespace pelorus::data {

/// Nulls are ordinary keys. Key columns are not array vectors or tuples.
class RowIndex {
 public:
  using Columns = std::vector<const Vector*>;

  /// Of equal keys the first row counts. Cost: O(rows).
  RowIndex(const Columns& columns, size_t rows);

  /// The key of a row: equal keys, equal texts.
  static std::string key_of(const Columns& columns, size_t row);
  /// -1 when absent.
  int64_t find(const std::string& key) const {
    const auto found = positions_.find(key);
    return found == positions_.end() ? -1 : found->second;
  }
  /// The next row has this key, a new one.
  void add(const std::string& key) { positions_.emplace(key, static_cast<int64_t>(rows_++)); }

 private:
  std::unordered_map<std::string, int64_t> positions_;
  size_t rows_ = 0;
};

/// Adds the rows `added` (of the types of `columns`) to `columns`; a row whose key is there already takes its place,
/// the last one wins. `keys` number the key columns. With `ignore_null` nulls replace nothing. Cost: O(all rows).
void overwrite_rows(const std::vector<size_t>& keys, const std::vector<Shared<Vector>>& added, bool ignore_null,
                    std::vector<Shared<Vector>>& columns);

}  // namespace pelorus::data
