#include "functions/lift.h"

#include "data/columnar.h"

#include <optional>

namespace pelorus::functions {
namespace {

using data::Buffer;
using data::Dictionary;
using data::Matrix;
using data::Table;

struct MapRule {
  std::string_view function;  // empty: any type is welcome
  Spread spread;
};

/// Rows of an array vector one by one.
Value map_rows(const Vector& array, const VectorFunction& map) {
  std::optional<Vector> flat;
  Buffer<int64_t> ends;
  int64_t from = 0;
  for (const auto end : array.ends()) {
    const auto row = map(array.flat().slice(static_cast<size_t>(from), static_cast<size_t>(end - from)));
    if (!flat) flat = Vector(row.type(), 0, row.scale());
    flat->append(row);
    ends.push_back(static_cast<int64_t>(flat->size()));
    from = end;
  }
  return Vector::array(flat ? std::move(*flat) : Vector(array.type()), std::move(ends));
}

Value map_matrix(const Matrix& matrix, Spread spread, const VectorFunction& map) {
  Matrix result = matrix;
  if (spread == Spread::kElements) {
    result.values = map(matrix.values);
    return result;
  }
  std::optional<Vector> values;
  for (size_t c = 0; c < matrix.columns; ++c) {
    auto column = map(matrix.column(c));
    if (!values)
      values = std::move(column);
    else
      values->append(column);
  }
  result.values = values ? std::move(*values) : matrix.values;
  if (matrix.columns > 0) result.rows = result.values.size() / matrix.columns;
  if (result.rows != matrix.rows) result.row_labels.reset();
  return result;
}

Value map_value(const Value& x, const MapRule& rule, const VectorFunction& map);

Value map_table(const Table& table, const MapRule& rule, const VectorFunction& map) {
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < table.columns(); ++c) {
    const auto& column = table.column(c);
    const bool fits = rule.function.empty() || types::is_numeric(column.type()) || types::is_temporal(column.type());
    if (!fits) {
      columns.push_back(table.column_shared(c));
      continue;
    }
    try {
      columns.push_back(map_value(table.column_shared(c), rule, map).vector_shared());
    } catch (const ScriptError&) {
      if (!types::is_temporal(column.type())) throw;
      columns.push_back(table.column_shared(c));  // a function of numbers alone
    }
  }
  return Table(table.names(), std::move(columns));
}

Value map_vector(const Value& x, const MapRule& rule, const VectorFunction& map) {
  const auto& vector = x.vector();
  if (vector.is_array()) {
    if (rule.spread == Spread::kSeries) return map_rows(vector, map);
    return Vector::array(map(vector.flat_shared()), Buffer<int64_t>(vector.ends().begin(), vector.ends().end()));
  }
  if (!vector.is_tuple()) return map(x.vector_shared());
  std::vector<Value> parts;
  parts.reserve(vector.size());
  for (const auto& element : vector.values_any()) parts.push_back(map_value(element, rule, map));
  return data::like_columnar(Vector::tuple(std::move(parts)), data::is_columnar(vector));
}

Value map_value(const Value& x, const MapRule& rule, const VectorFunction& map) {
  if (x.is_scalar()) {
    if (x.is_void() && !rule.function.empty()) return Value::null();
    const auto one = map(Vector::filled(x.scalar(), 1));
    if (one.size() != 1) refuse_lengths(rule.function, 1, one.size());
    return one.at(0);
  }
  if (x.is_vector()) return map_vector(x, rule, map);
  if (x.is_matrix()) return map_matrix(x.matrix(), rule.spread, map);
  if (x.is_pair()) return data::Pair{map(x.pair().elements)};
  if (x.is_set()) return data::Set(map(x.set().elements()));
  if (x.is_dictionary()) {
    const auto& d = x.dictionary();
    return Dictionary(d.keys(), map_value(d.values(), rule, map).vector(), d.ordered());
  }
  if (x.is_table()) return map_table(table_argument(rule.function, x), rule, map);
  throw ScriptError("The function [" + std::string(rule.function) + "] does not accept " + x.type_text() + ".");
}

bool holds_scalars_only(const Vector& tuple) {
  for (const auto& value : tuple.values_any()) {
    if (!value.is_scalar()) return false;
  }
  return !tuple.empty();
}

Value reduce_rows(const Vector& array, const Reduction& reduce) {
  std::vector<Value> results;
  for (size_t row = 0; row < array.size(); ++row) results.push_back(reduce(array.at(row).vector_shared()));
  if (results.empty()) return Vector(array.type());
  return vector_of(std::move(results));
}

Value reduce_table(std::string_view function, const Table& table, const Reduction& reduce) {
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < table.columns(); ++c) {
    Value result;
    try {
      result = lift_reduce(function, table.column_shared(c), reduce);
    } catch (const ScriptError&) {
      continue;  // a column the function is not defined for
    }
    names.push_back(table.names()[c]);
    columns.emplace_back(result.is_scalar() ? Vector::filled(result.scalar(), 1) : Vector::tuple({result}));
  }
  return Table(std::move(names), std::move(columns));
}

/// Column by column of whatever has columns; a vector counts as one that repeats.
struct Columns {
  std::string_view function;
  const Value& value;
  size_t count;

  Columns(std::string_view name, const Value& v)
      : function(name),
        value(v),
        count(v.is_matrix()        ? v.matrix().columns
              : v.is_plain_table() ? v.table().columns()
                                   : 1) {}
  Shared<Vector> at(size_t c) const {
    if (value.is_matrix()) return value.matrix().column(c);
    if (value.is_plain_table()) return value.table().column_shared(c);
    if (value.is_tuple() && holds_scalars_only(value.vector())) {
      return vector_of({value.vector().values_any().begin(), value.vector().values_any().end()});
    }
    return elements_for(function, value);
  }
};

bool is_rows(const Value& v) {
  return v.is_vector() && (v.vector().is_array() || (v.is_tuple() && !holds_scalars_only(v.vector())));
}

/// How many rows the two have, of which at least one has some.
size_t common_rows(std::string_view function, const Value& x, const Value& y) {
  const size_t rows = is_rows(x) ? x.vector().size() : y.vector().size();
  if (is_rows(y) && y.vector().size() != rows) refuse_lengths(function, rows, y.vector().size());
  return rows;
}

bool is_columns(const Value& v) { return v.is_matrix() || v.is_plain_table(); }
}  // namespace

Value lift_map(std::string_view function, const Value& x, Spread spread, const VectorFunction& map) {
  return map_value(x, {function, spread}, map);
}

Value lift_map_any(const Value& x, Spread spread, const VectorFunction& map) { return map_value(x, {{}, spread}, map); }

Value lift_map2(std::string_view function, const Value& x, const Value& y, const VectorFunction2& map) {
  if (is_rows(x) || is_rows(y)) {
    std::vector<Value> parts;
    for (size_t row = 0, rows = common_rows(function, x, y); row < rows; ++row) {
      parts.push_back(
          lift_map2(function, is_rows(x) ? x.vector().at(row) : x, is_rows(y) ? y.vector().at(row) : y, map));
    }
    return Vector::tuple(std::move(parts));
  }
  if (!is_columns(x) && !is_columns(y)) {
    const auto left = elements_for(function, x), right = elements_for(function, y);
    const size_t rows = std::max(left->size(), right->size());
    auto result = map(stretched(function, left, x.is_scalar() ? rows : left->size()),
                      stretched(function, right, y.is_scalar() ? rows : right->size()));
    if (x.is_scalar() && y.is_scalar()) return result.at(0);
    return result;
  }
  const Columns left(function, x), right(function, y);
  const size_t count = std::max(left.count, right.count);
  if ((left.count != count && is_columns(x)) || (right.count != count && is_columns(y)))
    refuse_lengths(function, left.count, right.count);
  const Value& shape = is_columns(x) ? x : y;
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < count; ++c) columns.emplace_back(map(left.at(c), right.at(c)));
  if (shape.is_plain_table()) return Table(shape.table().names(), std::move(columns));
  if (columns.empty()) return shape;
  Matrix result = shape.matrix();
  Vector values = *columns[0];
  for (size_t c = 1; c < count; ++c) values.append(*columns[c]);
  result.values = std::move(values);
  return result;
}

Value lift_reduce(std::string_view function, const Value& x, const Reduction& reduce) {
  if (x.is_vector() && x.vector().is_array()) return reduce_rows(x.vector(), reduce);
  if (x.is_tuple()) {
    const auto& tuple = x.vector();
    if (holds_scalars_only(tuple)) {
      auto flat = vector_of({tuple.values_any().begin(), tuple.values_any().end()});
      return reduce(std::move(flat));
    }
    std::vector<Value> results;
    for (const auto& element : tuple.values_any()) results.push_back(lift_reduce(function, element, reduce));
    return vector_of(std::move(results));
  }
  if (x.is_matrix()) {
    std::vector<Value> results;
    for (size_t c = 0; c < x.matrix().columns; ++c) results.push_back(reduce(x.matrix().column(c)));
    return vector_of(std::move(results));
  }
  if (x.is_table()) return reduce_table(function, table_argument(function, x), reduce);
  if (x.is_dictionary()) return lift_reduce(function, x.dictionary().values(), reduce);
  if (auto elements = elements_of(x)) return reduce(*elements);
  throw ScriptError("The function [" + std::string(function) + "] does not accept " + x.type_text() + ".");
}

Value lift_reduce2(std::string_view function, const Value& x, const Value& y, const Reduction2& reduce) {
  if (is_rows(x) || is_rows(y)) {
    std::vector<Value> parts;
    for (size_t row = 0, rows = common_rows(function, x, y); row < rows; ++row) {
      parts.push_back(
          lift_reduce2(function, is_rows(x) ? x.vector().at(row) : x, is_rows(y) ? y.vector().at(row) : y, reduce));
    }
    return vector_of(std::move(parts));
  }
  const Columns left(function, x), right(function, y);
  const size_t count = std::max(left.count, right.count);
  if ((left.count != count && is_columns(x)) || (right.count != count && is_columns(y)))
    refuse_lengths(function, left.count, right.count);
  std::vector<Value> results;
  for (size_t c = 0; c < count; ++c) {
    const auto a = left.at(c), b = right.at(c);
    const size_t rows = x.is_scalar() ? b->size() : a->size();
    if (!y.is_scalar() && b->size() != rows) refuse_lengths(function, rows, b->size());
    results.push_back(reduce(stretched(function, a, rows), stretched(function, b, rows)));
  }
  if (!is_columns(x) && !is_columns(y)) return results[0];
  return vector_of(std::move(results));
}

Shared<Vector> elements_for(std::string_view function, const Value& value) {
  auto elements = elements_of(value);
  if (!elements) usage_error(function, "Vectors or matrices are expected, not " + value.type_text() + ".");
  return *std::move(elements);
}

Shared<Vector> stretched(std::string_view function, const Shared<Vector>& vector, size_t rows) {
  if (vector->size() == rows) return vector;
  if (vector->size() != 1) refuse_lengths(function, vector->size(), rows);
  return Vector::filled(vector->scalar_at(0), rows);
}

}  // namespace pelorus::functions
