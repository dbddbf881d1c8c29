// x[i] = v.

#include "base/script_error.h"
#include "data/convert.h"
#include "data/instance.h"
#include "exec/interpreter/index_value.h"
#include "functions/assemble.h"

namespace pelorus::exec {
namespace {

using data::Dictionary;
using data::Matrix;
using data::Scalar;
using data::Shared;
using data::Table;
using data::Type;
using data::Vector;

[[noreturn]] void incompatible(const Vector& target, const Value& value) {
  throw ScriptError("Incompatible type. Expected: " + std::string(types::name_of(target.type())) +
                    ", Actual: " + std::string(types::name_of(value.type())));
}

/// Rows an index names, in the order of the values to write. Out of range is an error here.
std::vector<int64_t> target_rows(const Value& index, size_t size, std::string_view what) {
  std::vector<int64_t> rows;
  const auto add = [&](const Scalar& position) {
    if (position.is_null() || !(types::is_integral(position.type()) || position.type() == Type::kBool)) {
      throw ScriptError("The index of an assignment must be an integer.");
    }
    const int64_t row = position.as_int64();
    if (row < 0 || row >= static_cast<int64_t>(size)) {
      throw ScriptError("The " + std::string(what) + " index " + std::to_string(row) + " is out of the range of " +
                        std::to_string(size) + " elements.");
    }
    rows.push_back(row);
  };
  if (index.is_missing()) {
    for (size_t i = 0; i < size; ++i) rows.push_back(static_cast<int64_t>(i));
  } else if (index.is_scalar()) {
    add(index.scalar());
  } else if (index.is_pair()) {
    return pair_positions(index.pair(), static_cast<int64_t>(size));
  } else if (index.is_vector() && index.vector().type() == Type::kBool) {
    if (index.vector().size() != size) throw ScriptError("The boolean index and the object must have the same size.");
    const auto flags = index.vector().values<int8_t>();
    for (size_t i = 0; i < size; ++i) {
      if (flags[i] == 1) rows.push_back(static_cast<int64_t>(i));
    }
  } else if (index.is_vector()) {
    for (size_t i = 0; i < index.vector().size(); ++i) add(index.vector().scalar_at(i));
  } else {
    throw ScriptError("An index of type " + index.type_text() + " can't be assigned to.");
  }
  return rows;
}

/// Writes `value` (one for all rows, or one per row) at `rows`.
void write_rows(Vector& target, std::span<const int64_t> rows, const Value& value, bool whole) {
  const bool spread = !whole && value.is_vector();
  if (spread && value.vector().size() != rows.size()) {
    throw ScriptError("The number of values (" + std::to_string(value.vector().size()) +
                      ") doesn't match the number of elements to assign (" + std::to_string(rows.size()) + ").");
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    const Value part = spread ? value.vector().at(i) : value;
    const bool is_text_into_other = part.is_text() && !target.is_tuple() && !types::is_literal(target.type());
    if (is_text_into_other || !target.set(static_cast<size_t>(rows[i]), part)) incompatible(target, part);
  }
}

void assign_vector(Value& container, std::span<const Value> positions, const Value& value) {
  Vector& vector = container.edit_vector();
  const Value& index = positions[0];
  if (positions.size() > 1) {
    if (!vector.is_tuple() || !index.is_scalar()) throw ScriptError("A vector takes one index.");
    const auto rows = target_rows(index, vector.size(), "element");
    Value part = std::exchange(vector.edit_any()[static_cast<size_t>(rows[0])], Value());
    assign_index(part, positions.subspan(1), value);
    vector.edit_any()[static_cast<size_t>(rows[0])] = std::move(part);
    return;
  }
  const auto rows = target_rows(index, vector.size(), "element");
  write_rows(vector, rows, value, vector.is_tuple() && index.is_scalar());
}

void assign_matrix(Value& container, std::span<const Value> positions, const Value& value) {
  Matrix& matrix = container.edit_matrix();
  std::vector<int64_t> cells;
  if (positions.size() == 1 && positions[0].is_matrix()) {
    cells = target_rows(Value(positions[0].matrix().values), matrix.values.size(), "matrix");
  } else {
    if (positions.size() > 2) throw ScriptError("A matrix takes at most two indexes.");
    const Value row = positions.size() == 2 ? positions[0] : Value::missing();
    const auto rows = target_rows(row, matrix.rows, "row");
    for (const int64_t c : target_rows(positions.back(), matrix.columns, "column")) {
      for (const int64_t r : rows) cells.push_back(c * static_cast<int64_t>(matrix.rows) + r);
    }
  }
  write_rows(matrix.values, cells, value.is_matrix() ? Value(value.matrix().values) : value, false);
}

/// A column as long as the table, from a vector, or a scalar repeated.
Shared<Vector> column_of(const Value& value, size_t rows) {
  if (value.is_vector()) {
    if (value.vector().size() != rows) throw ScriptError("All columns must be of the same length. RefId:S02010");
    return value.vector_shared();
  }
  if (!value.is_scalar()) throw ScriptError("A column can't be made of " + value.type_text() + ".");
  return Shared<Vector>(Vector::filled(value.scalar(), rows));
}

void assign_table_rows(Table& table, const std::string& name, const Value& rows_index, const Value& value) {
  const auto rows = target_rows(rows_index, table.rows(), "row");
  const int c = table.find(name);
  if (c < 0) {
    const Type type = value.type();
    table.set_column(name, Shared<Vector>(Vector::nulls(type, table.rows())));
  }
  write_rows(table.edit_column(static_cast<size_t>(table.find(name))), rows, value, false);
}

std::vector<std::string> column_names_of(const Table& table, const Value& index) {
  if (index.is_text()) return {index.text()};
  std::vector<std::string> names;
  if (index.is_vector() && types::is_literal(index.type())) {
    for (size_t i = 0; i < index.vector().size(); ++i) names.push_back(index.vector().text_at(i));
    return names;
  }
  for (const int64_t c : target_rows(index, table.columns(), "column"))
    names.push_back(table.names()[static_cast<size_t>(c)]);
  return names;
}

void assign_plain_table(Table& table, std::span<const Value> positions, const Value& value) {
  const Value& first = positions[0];
  const bool names_first = first.is_text() || (first.is_vector() && types::is_literal(first.type()));
  if (positions.size() > 2 || (positions.size() == 1 && !names_first)) {
    throw ScriptError("Assigning to a table needs column names, or rows and columns.");
  }
  const auto names = column_names_of(table, names_first ? first : positions[1]);
  for (size_t i = 0; i < names.size(); ++i) {
    const bool one_each = value.is_tuple() && names.size() > 1;
    const Value part =
        one_each ? index_value(value, std::vector<Value>{Value::of_long(static_cast<int64_t>(i))}) : value;
    if (positions.size() == 1) {
      const int c = table.find(names[i]);
      auto column = column_of(part, table.rows());
      if (c >= 0 && column->type() != table.column(static_cast<size_t>(c)).type()) {
        const Vector& before = table.column(static_cast<size_t>(c));
        if (auto converted = data::convert(column, before.type(), before.scale())) column = *converted;
      }
      table.set_column(c >= 0 ? table.names()[static_cast<size_t>(c)] : names[i], column);
    } else {
      assign_table_rows(table, names[i], names_first ? positions[1] : first, part);
    }
  }
}

void assign_dictionary(Value& container, std::span<const Value> positions, const Value& value) {
  Dictionary& dictionary = container.edit_dictionary();
  const Value& key = positions[0];
  const auto set = [&](const Scalar& k, const Value& v) {
    if (!dictionary.set(k, v)) {
      throw ScriptError("Incompatible type. Expected: " + std::string(types::name_of(dictionary.value_type())) +
                        ", Actual: " + std::string(types::name_of(v.type())));
    }
  };
  if (positions.size() > 1 && dictionary.value_type() != data::Type::kAny) {
    // Plain values hold nothing to assign to: x[1, 2] = 3 4 names several keys.
    if (value.is_vector() && value.vector().size() != positions.size())
      throw ScriptError("The number of values doesn't match the number of keys.");
    for (size_t i = 0; i < positions.size(); ++i) {
      if (!positions[i].is_scalar()) throw ScriptError("Each of several keys of a dictionary must be a scalar.");
      set(positions[i].scalar(), value.is_vector() ? value.vector().at(i) : value);
    }
    return;
  }
  if (positions.size() > 1) {
    if (!key.is_scalar()) throw ScriptError("The key of a nested assignment must be a scalar.");
    Value part = dictionary.get(key.scalar());
    assign_index(part, positions.subspan(1), value);
    return set(key.scalar(), part);
  }
  if (key.is_scalar()) return set(key.scalar(), value);
  if (!key.is_vector()) throw ScriptError("The key of a dictionary must be a scalar or a vector.");
  const size_t count = key.vector().size();
  if (value.is_vector() && value.vector().size() != count) {
    throw ScriptError("The number of values doesn't match the number of keys.");
  }
  for (size_t i = 0; i < count; ++i) set(key.vector().scalar_at(i), value.is_vector() ? value.vector().at(i) : value);
}

}  // namespace

void assign_index(Value& container, std::span<const Value> positions, const Value& value) {
  if (container.is_vector()) return assign_vector(container, positions, value);
  if (container.is_dictionary()) return assign_dictionary(container, positions, value);
  if (container.is_matrix()) return assign_matrix(container, positions, value);
  if (container.is_plain_table()) return assign_plain_table(container.edit_table(), positions, value);
  if (container.is_table_object()) {
    const Status done = container.table_object()->edit([&](Table& rows) -> Status {
      assign_plain_table(rows, positions, value);
      return {};
    });
    if (!done.ok()) throw ScriptError(done.error().message);
    return;
  }
  if (const auto instance = data::instance_of(container)) {
    if (positions.size() != 1 || !positions[0].is_text()) throw ScriptError("A field of an object is named by a text.");
    const Status done = instance->set(positions[0].text(), value);
    if (!done.ok()) throw ScriptError(done.error().message);
    return;
  }
  throw ScriptError("A value of type " + container.type_text() + " can't be assigned to by index.");
}

}  // namespace pelorus::exec
