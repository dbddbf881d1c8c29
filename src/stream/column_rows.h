#pragma once
// A table built row by row.

#include <string>
#include <vector>

#include "data/value.h"

namespace pelorus::stream {

/// Columns first, then rows of a value for each column.
class ColumnRows {
 public:
  void column(const std::string& name, data::Type type) {
    names_.push_back(name);
    columns_.emplace_back(type);
  }
  void add(const std::vector<data::Value>& row) {
    for (size_t c = 0; c < row.size(); ++c) columns_[c].push_back(row[c]);
  }
  /// Once.
  data::Value table() {
    return data::Table(std::move(names_),
                       {std::make_move_iterator(columns_.begin()), std::make_move_iterator(columns_.end())});
  }

 private:
  std::vector<std::string> names_;
  std::vector<data::Vector> columns_;
};

}  // namespace pelorus::stream
