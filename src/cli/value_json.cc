#include "cli/value_json.h"

#include <boost/json.hpp>
#include <cmath>

#include "cli/value_text.h"
#include "types/format_value.h"

namespace pelorus::cli {
namespace {

namespace json = boost::json;
using data::Value;
using data::Vector;

json::value of_value(const Value& value);

json::value of_scalar(const data::Scalar& scalar) {
  using types::Type;
  if (scalar.is_null()) return nullptr;
  if (scalar.type() == Type::kBool) return scalar.as_int64() != 0;
  if (scalar.type() == Type::kChar || types::is_integral(scalar.type())) return scalar.as_int64();
  if (types::is_floating(scalar.type())) {
    const double number = scalar.as_double();
    return std::isfinite(number) ? json::value(number) : json::value(types::format_value(scalar));
  }
  return json::value(types::format_value(scalar));
}

json::array of_elements(const Vector& vector, size_t from, size_t count) {
  json::array elements;
  elements.reserve(count);
  for (size_t i = from; i < from + count; ++i) elements.push_back(of_value(vector.at(i)));
  return elements;
}

json::object of_table(const data::Table& table) {
  json::array names, types, rows;
  for (const auto& column : table.schema()) {
    names.emplace_back(column.name);
    types.emplace_back(std::string(types::name_of(column.type)) + (column.array ? "[]" : ""));
  }
  rows.reserve(table.rows());
  for (size_t row = 0; row < table.rows(); ++row) {
    json::array cells;
    cells.reserve(table.columns());
    for (size_t c = 0; c < table.columns(); ++c) cells.push_back(of_value(table.column(c).at(row)));
    rows.push_back(std::move(cells));
  }
  return {{"columns", std::move(names)}, {"types", std::move(types)}, {"rows", std::move(rows)}};
}

json::value of_value(const Value& value) {
  if (value.is_null()) return nullptr;
  if (value.is_scalar()) return of_scalar(value.scalar());
  if (value.is_vector()) return of_elements(value.vector(), 0, value.vector().size());
  if (value.is_pair()) return of_elements(value.pair().elements, 0, 2);
  if (value.is_set()) return of_elements(value.set().elements(), 0, value.set().size());
  if (value.is_plain_table()) return of_table(value.table());
  if (value.is_matrix()) {
    const auto& matrix = value.matrix();
    json::array columns;
    for (size_t c = 0; c < matrix.columns; ++c)
      columns.push_back(of_elements(matrix.values, c * matrix.rows, matrix.rows));
    return columns;
  }
  if (value.is_dictionary()) {
    const auto& dictionary = value.dictionary();
    json::array entries;
    for (size_t i = 0; i < dictionary.size(); ++i) {
      entries.push_back(
          json::object{{"key", of_value(dictionary.keys().at(i))}, {"value", of_value(dictionary.values().at(i))}});
    }
    return entries;
  }
  return json::value(value_text(value));
}

}  // namespace

std::string value_json(const Value& value) {
  return json::serialize(json::object{{"type", value.type_text()}, {"value", of_value(value)}});
}

}  // namespace pelorus::cli
