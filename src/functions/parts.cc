#include "functions/parts.h"

#include <algorithm>
#include <numeric>

namespace pelorus::functions {
namespace {

Value row_dictionary(const data::Table& table, size_t row) {
  std::vector<Value> cells;
  for (size_t c = 0; c < table.columns(); ++c) cells.push_back(table.column(c).at(row));
  return data::Dictionary(Vector::of_strings(Type::kString, table.names()), Vector::tuple(std::move(cells)), false);
}

}  // namespace

std::optional<std::vector<Value>> parts_of(const Value& value) {
  std::vector<Value> parts;
  const auto elements = [&](const Vector& vector) {
    parts.reserve(vector.size());
    for (size_t i = 0; i < vector.size(); ++i) parts.push_back(vector.at(i));
  };
  if (value.is_vector()) {
    elements(value.vector());
  } else if (value.is_set()) {
    elements(value.set().elements());
  } else if (value.is_dictionary()) {
    elements(value.dictionary().values());
  } else if (value.is_matrix()) {
    for (size_t c = 0; c < value.matrix().columns; ++c) parts.push_back(value.matrix().column(c));
  } else if (value.is_table()) {
    const data::Table table = table_argument("each", value);
    for (size_t r = 0; r < table.rows(); ++r) parts.push_back(row_dictionary(table, r));
  } else {
    return std::nullopt;
  }
  return parts;
}

std::vector<Value> parts_or_self(const Value& value) {
  if (auto parts = parts_of(value)) return *std::move(parts);
  return {value};
}

std::vector<Value> argument_columns(std::string_view function, const Value& value) {
  if (value.is_matrix()) usage_error(function, "A matrix must be taken by column here; use each.");
  if (value.is_table()) {
    std::vector<Value> columns;
    const data::Table table = table_argument(function, value);
    for (size_t c = 0; c < table.columns(); ++c) columns.push_back(table.column_shared(c));
    return columns;
  }
  const bool is_several = value.is_tuple() && !value.vector().empty() &&
                          std::all_of(value.vector().values_any().begin(), value.vector().values_any().end(),
                                      [](const Value& part) { return part.is_vector(); });
  if (!is_several) {
    if (!value.is_vector())
      usage_error(function, "X must be a vector or a tuple of vectors, not " + value.type_text() + ".");
    return {value};
  }
  const auto parts = value.vector().values_any();
  return {parts.begin(), parts.end()};
}

size_t length_of(std::string_view function, const std::vector<Value>& columns) {
  const size_t rows = columns.empty() ? 0 : columns[0].vector().size();
  for (const auto& column : columns) {
    if (column.vector().size() != rows) usage_error(function, "All vectors must have the same length.");
  }
  return rows;
}

std::vector<Value> window_of(const std::vector<Value>& columns, size_t from, size_t count) {
  std::vector<Value> cut;
  cut.reserve(columns.size());
  for (const auto& column : columns) cut.push_back(column.vector().slice(from, count));
  return cut;
}

std::vector<Value> rows_of(const std::vector<Value>& columns, std::span<const int64_t> rows) {
  std::vector<Value> cut;
  cut.reserve(columns.size());
  for (const auto& column : columns) cut.push_back(column.vector().take(rows));
  return cut;
}

KeyGroups group_by_keys(std::string_view function, const Value& keys, size_t rows) {
  const std::vector<Value> columns = argument_columns(function, keys);
  if (length_of(function, columns) != rows) usage_error(function, "The keys and the data must have the same length.");
  const auto compare_rows = [&](int64_t a, int64_t b) {
    for (const auto& column : columns) {
      const int order = types::compare(column.vector().scalar_at(static_cast<size_t>(a)),
                                       column.vector().scalar_at(static_cast<size_t>(b)));
      if (order != 0) return order;
    }
    return 0;
  };
  std::vector<int64_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return compare_rows(a, b) < 0; });
  KeyGroups groups;
  std::vector<int64_t> first;
  for (const int64_t row : order) {
    if (groups.rows.empty() || compare_rows(first.back(), row) != 0) {
      groups.rows.emplace_back();
      first.push_back(row);
    }
    groups.rows.back().push_back(row);
  }
  for (const auto& column : columns) groups.keys.push_back(column.vector().take(first));
  return groups;
}

}  // namespace pelorus::functions
