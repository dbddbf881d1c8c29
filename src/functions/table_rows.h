#pragma once
// Small tables of status functions, made row by row.

#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "data/table.h"
#include "data/value.h"

namespace pelorus::functions {

/// Builds a table row by row; for the small tables of status functions.
class TableRows {
 public:
  explicit TableRows(const data::Schema& schema) {
    for (const auto& column : schema) {
      names_.push_back(column.name);
      columns_.emplace_back(column.type);
    }
  }
  void add(const std::vector<data::Value>& values) {
    CHECK(values.size() == columns_.size());
    for (size_t c = 0; c < values.size(); ++c) CHECK(columns_[c].push_back(values[c]));
  }
  data::Value take() {
    std::vector<data::Shared<data::Vector>> shared;
    for (auto& column : columns_) shared.emplace_back(std::move(column));
    return data::Table(std::move(names_), std::move(shared));
  }

 private:
  std::vector<std::string> names_;
  std::vector<data::Vector> columns_;
};

inline data::Value text_value(std::string text) { return data::Value::of_string(std::move(text)); }
inline data::Value timestamp_value(int64_t wall_ns) {
  return types::Scalar::of<int64_t>(types::Type::kTimestamp, wall_ns == 0 ? types::kNull<int64_t> : wall_ns / 1000000);
}

}  // namespace pelorus::functions
