#pragma once
// Columns as the records of stream graphs and tables keep them.

#include <string>
#include <vector>

#include "data/table.h"

namespace pelorus::stream {

struct StoredColumn {
  std::string name;
  uint8_t type = 0;  // its code on the wire
  bool array = false;
  int32_t scale = 0;
  template <class A>
  void fields(A& a) {
    a(name, type, array, scale);
  }
};

inline std::vector<StoredColumn> stored_columns(const data::Schema& schema) {
  std::vector<StoredColumn> columns;
  for (const auto& column : schema)
    columns.push_back({column.name, static_cast<uint8_t>(column.type), column.array, column.scale});
  return columns;
}

inline data::Schema schema_of(const std::vector<StoredColumn>& columns) {
  data::Schema schema;
  for (const auto& column : columns) {
    schema.push_back({.name = column.name,
                      .type = static_cast<data::Type>(column.type),
                      .array = column.array,
                      .scale = column.scale});
  }
  return schema;
}

}  // namespace pelorus::stream
