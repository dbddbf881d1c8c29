#include "cli/value_text.h"

#include <algorithm>

#include "cli/terminal.h"
#include "types/format_value.h"

namespace pelorus::cli {
namespace {

using data::Value;
using data::Vector;

constexpr size_t kInlineElementsMax = 20;  // of vectors inside cells

std::string scalar_text(const data::Scalar& scalar) {
  return scalar.is_null() ? (scalar.is_text() ? "" : "NULL") : types::format_value(scalar);
}

/// Line feeds and other control characters would break the table.
std::string one_line(std::string text) {
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) letter = ' ';
  }
  return text;
}

std::string vector_text(const Vector& vector, size_t elements_max) {
  const size_t count = vector.size();
  const size_t shown = elements_max == 0 ? count : std::min(count, elements_max);
  std::string text = vector.is_tuple() ? "(" : "[";
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0) text += ",";
    text += value_text(vector.at(i), {.rows_max = kInlineElementsMax});
  }
  if (shown < count) text += ",… " + with_commas(static_cast<int64_t>(count)) + " elements";
  return text + (vector.is_tuple() ? ")" : "]");
}

std::string cell_text(const Vector& column, size_t row) {
  if (column.is_null_at(row)) return "";
  return one_line(value_text(column.at(row), {.rows_max = kInlineElementsMax}));
}

bool stands_right(const Vector& column) { return types::is_numeric(column.type()) && !column.is_array(); }

std::string table_text(const data::Table& table, const TextLimits& limits) {
  const size_t shown = limits.rows_max == 0 ? table.rows() : std::min(table.rows(), limits.rows_max);
  TextTable text;
  text.names = table.names();
  for (size_t c = 0; c < table.columns(); ++c) text.right.push_back(stands_right(table.column(c)));
  for (size_t row = 0; row < shown; ++row) {
    auto& cells = text.rows.emplace_back();
    for (size_t c = 0; c < table.columns(); ++c) cells.push_back(cell_text(table.column(c), row));
  }
  std::string result = text_table(text, limits.column_width_max);
  const auto rows = static_cast<int64_t>(table.rows());
  result += "\n(" + with_commas(rows) + (rows == 1 ? " row" : " rows");
  if (shown < table.rows()) result += ", the first " + with_commas(static_cast<int64_t>(shown)) + " shown";
  return result + ")";
}

std::string matrix_text(const data::Matrix& matrix, const TextLimits& limits) {
  TextTable text;
  if (matrix.row_labels) text.names.push_back(""), text.right.push_back(false);
  for (size_t c = 0; c < matrix.columns; ++c) {
    text.names.push_back(matrix.column_labels ? value_text((*matrix.column_labels)->at(c)) : "#" + std::to_string(c));
    text.right.push_back(stands_right(matrix.values));
  }
  const size_t shown = limits.rows_max == 0 ? matrix.rows : std::min(matrix.rows, limits.rows_max);
  for (size_t row = 0; row < shown; ++row) {
    auto& cells = text.rows.emplace_back();
    if (matrix.row_labels) cells.push_back(value_text((*matrix.row_labels)->at(row)));
    for (size_t c = 0; c < matrix.columns; ++c) cells.push_back(cell_text(matrix.values, c * matrix.rows + row));
  }
  return text_table(text, limits.column_width_max);
}

std::string dictionary_text(const data::Dictionary& dictionary, const TextLimits& limits) {
  const size_t shown = limits.rows_max == 0 ? dictionary.size() : std::min(dictionary.size(), limits.rows_max);
  std::string text;
  for (size_t i = 0; i < shown; ++i) {
    const auto value = dictionary.values().at(i);
    text += (i > 0 ? "\n" : "") + value_text(dictionary.keys().at(i)) + "->";
    text += (value.is_table() ? "\n" : "") + value_text(value, limits);
  }
  return text;
}

}  // namespace

std::string value_text(const Value& value, const TextLimits& limits) {
  if (value.is_null() && !value.is_text()) return "NULL";
  if (value.is_scalar()) return scalar_text(value.scalar());
  if (value.is_vector()) return vector_text(value.vector(), limits.rows_max);
  if (value.is_pair()) {
    return value_text(value.pair().elements.at(0)) + " : " + value_text(value.pair().elements.at(1));
  }
  if (value.is_matrix()) return matrix_text(value.matrix(), limits);
  if (value.is_set()) return "set(" + vector_text(value.set().elements(), limits.rows_max) + ")";
  if (value.is_dictionary()) return dictionary_text(value.dictionary(), limits);
  if (value.is_plain_table()) return table_text(value.table(), limits);
  if (value.is_function()) return value.function()->print();
  if (value.is_code()) return value.code()->print();
  if (value.is_handle()) return value.handle()->describe();
  return value.type_text();
}

std::string text_table(const TextTable& table, size_t column_width_max) {
  const size_t columns = table.names.size();
  std::vector<size_t> widths(columns);
  for (size_t c = 0; c < columns; ++c) {
    widths[c] = width_of(table.names[c]);
    for (const auto& row : table.rows) widths[c] = std::max(widths[c], width_of(row[c]));
    if (column_width_max > 0) widths[c] = std::min(widths[c], column_width_max);
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t c = 0; c < columns; ++c) {
      if (c > 0) text += "  ";
      text += fit(cells[c], widths[c], table.right[c]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  std::string text = line(table.names) + "\n";
  for (size_t c = 0; c < columns; ++c) text += std::string(c > 0 ? 2 : 0, ' ') + std::string(widths[c], '-');
  for (const auto& row : table.rows) text += "\n" + line(row);
  return text;
}

}  // namespace pelorus::cli
