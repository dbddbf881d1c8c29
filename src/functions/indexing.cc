#include "functions/indexing.h"

#include <algorithm>

#include "base/script_error.h"
#include "data/instance.h"
#include "data/columnar.h"
#include "data/convert.h"
#include "functions/assemble.h"

namespace pelorus::functions {
namespace {

using data::Dictionary;
using data::Matrix;
using data::Pair;
using data::Scalar;
using data::Shared;
using data::Table;
using data::Type;
using data::Vector;
using Rows = std::vector<int64_t>;

constexpr int64_t kNowhere = INT64_MAX;  // take() turns it into null

[[noreturn]] void bad_index(const Value& index) {
  throw ScriptError("The index must be an integer, a pair, a vector of integers or a boolean vector, not " +
                    index.type_text() + ".");
}

int64_t position_of(const Scalar& index) {
  if (types::is_floating(index.type()) || !(types::is_numeric(index.type()))) {
    throw ScriptError("The index must be an integer, not " + std::string(types::name_of(index.type())) + ".");
  }
  return index.is_null() ? kNowhere : index.as_int64();
}

/// Positions a vector index stands for: booleans filter, integers gather.
Rows rows_of_vector(const Vector& index, size_t size) {
  Rows rows;
  if (index.type() == Type::kBool) {
    if (index.size() != size) {
      throw ScriptError("The boolean index has " + std::to_string(index.size()) + " elements, the indexed object " +
                        std::to_string(size) + ".");
    }
    const auto flags = index.values<int8_t>();
    for (size_t i = 0; i < flags.size(); ++i) {
      if (flags[i] == 1) rows.push_back(static_cast<int64_t>(i));
    }
    return rows;
  }
  rows.reserve(index.size());
  for (size_t i = 0; i < index.size(); ++i) {
    const int64_t row = position_of(index.scalar_at(i));
    rows.push_back(row < 0 ? kNowhere : row);
  }
  return rows;
}

/// A scalar counts as one row.
Rows rows_of(const Value& index, size_t size) {
  if (index.is_missing()) {
    Rows all(size);
    for (size_t i = 0; i < size; ++i) all[i] = static_cast<int64_t>(i);
    return all;
  }
  if (index.is_scalar()) {
    const int64_t row = position_of(index.scalar());
    return {row < 0 ? kNowhere : row};
  }
  if (index.is_pair()) return pair_positions(index.pair(), static_cast<int64_t>(size));
  if (index.is_vector() && !index.vector().is_array()) return rows_of_vector(index.vector(), size);
  bad_index(index);
}

Value element_or_null(const Vector& vector, int64_t position) {
  if (position >= 0 && position < static_cast<int64_t>(vector.size())) return vector.at(static_cast<size_t>(position));
  if (vector.is_tuple()) return Value::null();
  return Scalar::null_of(vector.type(), vector.scale());
}

/// Column i across the rows of an array vector; short rows give null.
Value array_column(const Vector& array, int64_t column) {
  Rows picks;
  int64_t start = 0;
  for (const int64_t end : array.ends()) {
    const bool is_there = column >= 0 && start + column < end;
    picks.push_back(is_there ? start + column : kNowhere);
    start = end;
  }
  return array.flat().take(picks);
}

Value array_columns(const Vector& array, const Pair& pair) {
  Rows picks;
  data::Buffer<int64_t> ends;
  int64_t start = 0;
  for (const int64_t end : array.ends()) {
    for (const int64_t column : pair_positions(pair, end - start)) picks.push_back(start + column);
    ends.push_back(static_cast<int64_t>(picks.size()));
    start = end;
  }
  return Vector::array(Shared<Vector>(array.flat().take(picks)), std::move(ends));
}

/// Each row of an array of positions becomes a row of elements; positions outside give null.
Value rows_of_elements(const Vector& vector, const Vector& positions) {
  const Vector& flat = positions.flat();
  Rows picks;
  picks.reserve(flat.size());
  for (size_t i = 0; i < flat.size(); ++i) {
    const int64_t row = position_of(flat.scalar_at(i));
    picks.push_back(row < 0 ? kNowhere : row);
  }
  const auto ends = positions.ends();
  return Vector::array(Shared<Vector>(vector.take(picks)), data::Buffer<int64_t>(ends.begin(), ends.end()));
}

/// Each row of flags chooses among the elements of the same row.
Value chosen_in_rows(const Vector& array, const Vector& flags) {
  const auto ends = array.ends();
  if (!std::ranges::equal(ends, flags.ends()))
    throw ScriptError("The rows of a boolean index must be as long as those of the array vector.");
  const auto chosen = flags.flat().values<int8_t>();
  Rows picks;
  data::Buffer<int64_t> kept;
  int64_t at = 0;
  for (const int64_t end : ends) {
    for (; at < end; ++at) {
      if (chosen[static_cast<size_t>(at)] == 1) picks.push_back(at);
    }
    kept.push_back(static_cast<int64_t>(picks.size()));
  }
  return Vector::array(Shared<Vector>(array.flat().take(picks)), std::move(kept));
}

bool is_array_of(const Value& index, bool of_flags) {
  if (!index.is_vector() || !index.vector().is_array()) return false;
  const Type type = index.vector().flat().type();
  return of_flags ? type == Type::kBool : types::is_integral(type) && type != Type::kBool;
}

Value index_array_vector(const Vector& array, std::span<const Value> positions) {
  if (positions.size() == 1 && is_array_of(positions[0], true)) return chosen_in_rows(array, positions[0].vector());
  if (positions.size() == 2) {
    const Value rows =
        positions[0].is_missing() ? Value(array) : Value(array.take(rows_of(positions[0], array.size())));
    if (positions[1].is_missing()) return rows;
    const Value cells = index_array_vector(rows.vector(), positions.subspan(1));
    return positions[0].is_scalar() ? cells.vector().at(0) : cells;
  }
  const Value& index = positions[0];
  if (index.is_scalar()) return array_column(array, position_of(index.scalar()));
  if (index.is_pair()) return array_columns(array, index.pair());
  return array.take(rows_of(index, array.size()));
}

/// Column i across the rows of a columnar tuple; short rows give null.
Value tuple_column(const Vector& rows, int64_t column) {
  std::vector<Value> cells;
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto row = data::row_vector(rows, r);
    cells.push_back(element_or_null(*row, column));
  }
  return vector_or_tuple(std::move(cells));
}

Value tuple_columns(const Vector& rows, const Pair& pair) {
  std::vector<Value> parts;
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto row = data::row_vector(rows, r);
    parts.emplace_back(row->take(pair_positions(pair, static_cast<int64_t>(row->size()))));
  }
  return data::marked_columnar(Vector::tuple(std::move(parts)), true);
}

Value index_columnar(const Vector& rows, std::span<const Value> positions) {
  if (positions.size() == 2) {
    const Value chosen = positions[0].is_missing() ? Value(rows) : Value(rows.take(rows_of(positions[0], rows.size())));
    if (positions[1].is_missing()) return chosen;
    const Value cells = index_columnar(chosen.vector(), positions.subspan(1));
    return positions[0].is_scalar() ? cells.vector().at(0) : cells;
  }
  const Value& index = positions[0];
  if (index.is_scalar()) return tuple_column(rows, position_of(index.scalar()));
  if (index.is_pair()) return tuple_columns(rows, index.pair());
  return rows.take(rows_of(index, rows.size()));
}

Value index_vector(const Value& object, std::span<const Value> positions) {
  const Vector& vector = object.vector();
  if (vector.is_array()) return index_array_vector(vector, positions);
  if (data::is_columnar(vector)) return index_columnar(vector, positions);
  const Value& index = positions[0];
  if (positions.size() > 1) {
    if (!vector.is_tuple())
      throw ScriptError("A vector takes one index, not " + std::to_string(positions.size()) + ".");
    if (index.is_scalar())
      return index_value(element_or_null(vector, position_of(index.scalar())), positions.subspan(1));
    std::vector<Value> parts;
    for (const int64_t row : rows_of(index, vector.size())) {
      parts.push_back(index_value(element_or_null(vector, row), positions.subspan(1)));
    }
    return vector_or_tuple(std::move(parts));
  }
  if (index.is_missing()) return object;
  if (is_array_of(index, false) && !vector.is_tuple()) return rows_of_elements(vector, index.vector());
  if (index.is_scalar()) return element_or_null(vector, position_of(index.scalar()));
  if (index.is_pair()) {
    const auto rows = pair_positions(index.pair(), static_cast<int64_t>(vector.size()));
    const bool is_run = !rows.empty() && rows.back() - rows.front() == static_cast<int64_t>(rows.size()) - 1;
    return is_run ? vector.slice(static_cast<size_t>(rows.front()), rows.size()) : vector.take(rows);
  }
  if (index.is_tuple() && !index.vector().empty() && !index.vector().at(0).is_scalar()) {
    std::vector<Value> parts;
    for (const auto& part : index.vector().values_any()) parts.push_back(index_vector(object, std::span(&part, 1)));
    return Vector::tuple(std::move(parts));
  }
  return vector.take(rows_of(index, vector.size()));
}

Matrix sub_matrix(const Matrix& matrix, const Rows& rows, const Rows& columns) {
  Rows picks;
  picks.reserve(rows.size() * columns.size());
  const auto inside = [](int64_t i, size_t size) { return i >= 0 && i < static_cast<int64_t>(size); };
  for (const int64_t c : columns) {
    for (const int64_t r : rows) {
      const bool is_there = inside(r, matrix.rows) && inside(c, matrix.columns);
      picks.push_back(is_there ? c * static_cast<int64_t>(matrix.rows) + r : kNowhere);
    }
  }
  Matrix result;
  result.rows = rows.size();
  result.columns = columns.size();
  result.values = matrix.values.take(picks);
  if (matrix.row_labels) result.row_labels = Shared<Vector>((*matrix.row_labels)->take(rows));
  if (matrix.column_labels) result.column_labels = Shared<Vector>((*matrix.column_labels)->take(columns));
  return result;
}

/// Labels name rows and columns; whole numbers count as positions unless the labels are numbers themselves.
Value by_label(const Value& index, const std::optional<Shared<Vector>>& labels) {
  if (!labels || index.is_missing() || !(index.is_scalar() || index.is_vector())) return index;
  const Type type = (*labels)->type();
  const bool is_text_or_time = types::is_literal(index.type()) || types::is_temporal(index.type());
  if (!is_text_or_time || types::category_of(type) != types::category_of(index.type())) return index;
  const auto find = [&](const Scalar& wanted) -> int64_t {
    for (size_t i = 0; i < (*labels)->size(); ++i) {
      if (types::compare((*labels)->scalar_at(i), wanted) == 0) return static_cast<int64_t>(i);
    }
    throw ScriptError("There is no row or column with that label in the matrix.");
  };
  if (index.is_scalar()) return Value::of_long(find(index.scalar()));
  Vector found(Type::kLong);
  for (size_t i = 0; i < index.vector().size(); ++i) found.edit<int64_t>().push_back(find(index.vector().scalar_at(i)));
  return found;
}

Value index_matrix(const Value& object, std::span<const Value> positions) {
  const Matrix& matrix = object.matrix();
  if (positions.size() > 2) throw ScriptError("A matrix takes at most two indexes.");
  if (positions.size() == 1 && positions[0].is_matrix()) {
    const auto keep = data::convert(Shared<Vector>(positions[0].matrix().values), Type::kBool);
    if (!keep || positions[0].matrix().rows != matrix.rows || (*keep)->size() != matrix.values.size()) {
      throw ScriptError("A matrix used as an index must be a boolean matrix of the same shape.");
    }
    // The cells that are not chosen become null.
    Rows cells((*keep)->size());
    for (size_t i = 0; i < cells.size(); ++i)
      cells[i] = (*keep)->values<int8_t>()[i] == 1 ? static_cast<int64_t>(i) : kNowhere;
    Matrix chosen(matrix);
    chosen.values = matrix.values.take(cells);
    return chosen;
  }
  const Value column = by_label(positions.back(), matrix.column_labels);
  if (positions.size() == 1) {
    if (column.is_scalar()) {
      const int64_t c = position_of(column.scalar());
      if (c < 0 || c >= static_cast<int64_t>(matrix.columns)) {
        throw ScriptError("The column index " + std::to_string(c) + " is out of the range of " +
                          std::to_string(matrix.columns) + " columns.");
      }
      return matrix.column(static_cast<size_t>(c));
    }
    return sub_matrix(matrix, rows_of(Value::missing(), matrix.rows), rows_of(column, matrix.columns));
  }
  const Value row = by_label(positions[0], matrix.row_labels);
  Matrix part = sub_matrix(matrix, rows_of(row, matrix.rows), rows_of(column, matrix.columns));
  if (row.is_scalar() && column.is_scalar()) return part.values.at(0);
  return part;
}

Value row_dictionary(const Table& table, int64_t row) {
  std::vector<Value> cells;
  for (size_t c = 0; c < table.columns(); ++c) cells.push_back(element_or_null(table.column(c), row));
  Dictionary dictionary(Vector::of_strings(Type::kString, table.names()), Vector::tuple(std::move(cells)), false);
  return dictionary;
}

const Vector& column_named(const Table& table, const std::string& name) {
  const int c = table.find(name);
  if (c < 0) throw ScriptError("Unrecognized column name [" + name + "]");
  return table.column(static_cast<size_t>(c));
}

/// Columns that were asked for; ScriptError where one of them was twice.
Table table_of(std::vector<std::string> names, std::vector<Shared<Vector>> columns) {
  for (size_t c = 0; c < names.size(); ++c) {
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(c), names[c]) !=
        names.begin() + static_cast<std::ptrdiff_t>(c))
      throw ScriptError("Duplicate column name: [" + names[c] + "]. RefId:S02001");
  }
  return Table(std::move(names), std::move(columns));
}

Table columns_named(const Table& table, const Vector& names) {
  std::vector<std::string> kept;
  std::vector<Shared<Vector>> columns;
  for (size_t i = 0; i < names.size(); ++i) {
    kept.push_back(names.text_at(i));
    columns.push_back(Shared<Vector>(column_named(table, kept.back())));
  }
  return table_of(std::move(kept), std::move(columns));
}

/// Columns by name, position, or several of either.
Table columns_of(const Table& table, const Value& index) {
  if (index.is_missing()) return table;
  if (index.is_vector() && types::is_literal(index.type())) return columns_named(table, index.vector());
  if (index.is_text()) return columns_named(table, Vector::of_strings(Type::kString, {index.text()}));
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (const int64_t c : rows_of(index, table.columns())) {
    if (c < 0 || c >= static_cast<int64_t>(table.columns())) throw ScriptError("The column index is out of range.");
    names.push_back(table.names()[static_cast<size_t>(c)]);
    columns.push_back(table.column_shared(static_cast<size_t>(c)));
  }
  return table_of(std::move(names), std::move(columns));
}

Value index_table(const Table& table, std::span<const Value> positions) {
  const Value& index = positions[0];
  if (positions.size() == 1) {
    if (index.is_text()) return column_named(table, index.text());
    if (index.is_vector() && types::is_literal(index.type())) return columns_named(table, index.vector());
    if (index.is_scalar()) return row_dictionary(table, position_of(index.scalar()));
    return table.take(rows_of(index, table.rows()));
  }
  if (positions.size() > 2) throw ScriptError("A table takes at most two indexes.");
  const bool names_first = index.is_text() || (index.is_vector() && types::is_literal(index.type()));
  const Value& rows = names_first ? positions[1] : positions[0];
  const Value& columns = names_first ? positions[0] : positions[1];
  const Table part = columns_of(table, columns).take(rows_of(rows, table.rows()));
  const bool one_column = columns.is_scalar();
  if (one_column && rows.is_scalar()) return part.rows() > 0 ? part.column(0).at(0) : Value::null();
  return one_column ? Value(part.column_shared(0)) : Value(part);
}

Value index_dictionary(const Dictionary& dictionary, std::span<const Value> positions) {
  const Value& key = positions[0];
  Value found;
  const auto get = [&](const Scalar& wanted) {
    const auto converted =
        dictionary.key_type() == Type::kAny ? std::optional(wanted) : data::convert(wanted, dictionary.key_type());
    if (!converted) {
      throw ScriptError("The key of the dictionary must be " + std::string(types::name_of(dictionary.key_type())) +
                        ", not " + std::string(types::name_of(wanted.type())) + ".");
    }
    return dictionary.get(*converted);
  };
  if (key.is_scalar()) {
    found = get(key.scalar());
  } else if (key.is_vector()) {
    std::vector<Value> values;
    for (size_t i = 0; i < key.vector().size(); ++i) values.push_back(get(key.vector().scalar_at(i)));
    found = vector_or_tuple(std::move(values));
  } else if (key.is_missing()) {
    found = Value(dictionary.values());
  } else {
    throw ScriptError("The key of a dictionary must be a scalar or a vector, not " + key.type_text() + ".");
  }
  return positions.size() == 1 ? found : index_value(found, positions.subspan(1));
}

Table snapshot_of(const Value& value) {
  auto rows = value.table_object()->snapshot();
  if (!rows.ok()) throw ScriptError(rows.error().message);
  return std::move(rows).value();
}

}  // namespace

std::vector<int64_t> pair_positions(const Pair& pair, int64_t size) {
  const Scalar from_scalar = pair.elements.scalar_at(0);
  const Scalar to_scalar = pair.elements.scalar_at(1);
  int64_t from = from_scalar.is_null() ? 0 : position_of(from_scalar);
  int64_t to = to_scalar.is_null() ? size : position_of(to_scalar);
  std::vector<int64_t> positions;
  if (from <= to) {
    from = std::max<int64_t>(from, 0);
    to = std::min(to, size);
    for (int64_t i = from; i < to; ++i) positions.push_back(i);
    return positions;
  }
  from = std::min(from, size);
  to = std::max<int64_t>(to, 0);
  for (int64_t i = from - 1; i >= to; --i) positions.push_back(i);
  return positions;
}

Value index_value(const Value& object, std::span<const Value> positions) {
  if (positions.empty()) throw ScriptError("An index is missing.");
  if (object.is_vector()) return index_vector(object, positions);
  if (object.is_dictionary()) return index_dictionary(object.dictionary(), positions);
  if (object.is_matrix()) return index_matrix(object, positions);
  if (object.is_plain_table()) return index_table(object.table(), positions);
  if (object.is_table_object()) return index_table(snapshot_of(object), positions);
  if (object.is_pair()) return index_vector(Value(object.pair().elements), positions);
  if (object.is_set()) return Value(object.set().elements());
  throw ScriptError("A value of type " + object.type_text() + " can't be indexed.");
}

Value member_value(const Value& object, const std::string& name) {
  if (object.is_dictionary()) return object.dictionary().get(name);
  if (object.is_plain_table()) return column_named(object.table(), name);
  if (object.is_table_object()) return column_named(snapshot_of(object), name);
  if (object.is_tuple()) {
    std::vector<Value> parts;
    for (const auto& part : object.vector().values_any()) parts.push_back(member_value(part, name));
    return vector_or_tuple(std::move(parts));
  }
  if (const auto instance = data::instance_of(object)) {
    if (auto value = instance->get(name)) return *std::move(value);
    throw ScriptError("An object of the class " + instance->class_name() + " has no member [" + name + "].");
  }
  throw ScriptError("A value of type " + object.type_text() + " has no member [" + name + "].");
}

Value row_of(const Value& object, int64_t row) {
  const auto check = [&](size_t rows) {
    if (row >= 0 && row < static_cast<int64_t>(rows)) return;
    throw ScriptError("Row " + std::to_string(row) + " is out of range: there are " + std::to_string(rows) + " rows.");
  };
  if (object.is_matrix()) {
    const Matrix& matrix = object.matrix();
    check(matrix.rows);
    return sub_matrix(matrix, {row}, rows_of(Value::missing(), matrix.columns)).values;
  }
  if (object.is_table()) {
    const Table table = object.is_plain_table() ? object.table() : snapshot_of(object);
    check(table.rows());
    return row_dictionary(table, row);
  }
  if (!object.is_vector()) throw ScriptError("A value of type " + object.type_text() + " has no rows.");
  check(object.vector().size());
  return object.vector().at(static_cast<size_t>(row));
}

}  // namespace pelorus::functions
