#pragma once
// How the higher-order functions cut their arguments.

#include <vector>

#include "functions/arguments.h"
#include "functions/call_context.h"

namespace pelorus::functions {

/// Elements of a vector, tuple or set, rows of an array vector, columns of a matrix, rows of a table (as dictionaries),
/// values of a dictionary. A scalar, pair or function is no collection: nothing.
std::optional<std::vector<Value>> parts_of(const Value& value);
/// The same, with what is no collection as its only part.
std::vector<Value> parts_or_self(const Value& value);

/// Several columns in step: a tuple of vectors of one length is as many arguments, anything else is one.
std::vector<Value> argument_columns(std::string_view function, const Value& value);
/// Rows [from, from + count) of each column.
std::vector<Value> window_of(const std::vector<Value>& columns, size_t from, size_t count);
/// The given rows of each column.
std::vector<Value> rows_of(const std::vector<Value>& columns, std::span<const int64_t> rows);
/// Length of the columns.
size_t length_of(std::string_view function, const std::vector<Value>& columns);

/// Rows of equal keys: groups ascend by key, rows keep their order inside a group.
struct KeyGroups {
  std::vector<Value> keys;                 // one vector per key column: its distinct values by group
  std::vector<std::vector<int64_t>> rows;  // by group
};
KeyGroups group_by_keys(std::string_view function, const Value& keys, size_t rows);

}  // namespace pelorus::functions
