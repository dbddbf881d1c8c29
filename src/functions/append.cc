#include "functions/append.h"

#include "functions/appended_columns.h"
#include "functions/lift.h"
#include "functions/series.h"
#include "types/format_value.h"

namespace pelorus::functions {
namespace {

using data::Buffer;
using data::Schema;
using data::Table;

std::string type_name(Type type, bool array, int scale) {
  std::string name(types::name_of(type));
  if (types::is_decimal(type)) name += "(" + std::to_string(scale) + ")";
  return array ? name + "[]" : name;
}

[[noreturn]] void refuse_type(const std::string& expected, const Vector& actual) {
  throw ScriptError("Incompatible type. Expected: " + expected +
                    ", Actual: " + type_name(actual.type(), actual.is_array(), actual.scale()));
}

/// Elements of `what` as a vector ready to be added to `like`.
Vector fitting(const Vector& like, const Shared<Vector>& what) {
  const auto expected = type_name(like.type(), like.is_array(), like.scale());
  if (like.is_array()) {
    if (what->is_array()) {
      if (what->type() == like.type()) return *what;
      auto flat = data::convert(what->flat_shared(), like.type(), like.scale());
      if (!flat || !data::is_storable_as(what->type(), like.type())) refuse_type(expected, *what);
      return Vector::array(*flat, Buffer<int64_t>(what->ends().begin(), what->ends().end()));
    }
    Vector flat(like.type(), 0, like.scale());
    Buffer<int64_t> ends;
    const bool rows = what->is_tuple();
    for (size_t i = 0; i < (rows ? what->size() : 1); ++i) {
      auto row = rows ? elements_of(what->at(i)) : std::optional<Shared<Vector>>(what);
      if (!row ||
          (!data::is_storable_as((*row)->type(), like.type()) && (*row)->type() != Type::kVoid && !(*row)->is_tuple()))
        refuse_type(expected, *what);
      auto converted_row = data::convert(*row, like.type(), like.scale());
      if (!converted_row) refuse_type(expected, *what);
      flat.append(**converted_row);
      ends.push_back(static_cast<int64_t>(flat.size()));
    }
    return Vector::array(std::move(flat), std::move(ends));
  }
  if (what->is_array()) refuse_type(expected, *what);
  const bool to_text = types::is_literal(like.type());
  if (!what->is_tuple() && what->type() != Type::kVoid && !to_text && !data::is_storable_as(what->type(), like.type()))
    refuse_type(expected, *what);
  if (to_text && like.type() == Type::kSymbol && !types::is_literal(what->type()) && what->type() != Type::kVoid &&
      !what->is_tuple()) {
    refuse_type(expected, *what);
  }
  auto result = data::convert(what, like.type(), like.scale());
  if (!result) refuse_type(expected, *what);
  return **result;
}

int64_t append_to_vector(Value& target, const Value& what) {
  if (target.is_tuple()) {
    target.edit_vector().push_back(what);
    return 1;
  }
  auto elements = what.is_scalar() || what.is_vector() || what.is_pair() || what.is_set() || what.is_matrix()
                      ? elements_of(what)
                      : std::nullopt;
  if (!elements)
    throw ScriptError("Incompatible type. Expected: " + target.type_text() + ", Actual: " + what.type_text());
  if (what.is_scalar() && !target.vector().is_array()) {
    // The usual loop: one element, no vector in between.
    const Type type = target.type();
    const bool fits = what.type() == Type::kVoid || what.type() == type ||
                      (types::is_literal(type) && type != Type::kSymbol) || data::is_storable_as(what.type(), type);
    if (!fits || !target.edit_vector().push_back(what))
      refuse_type(type_name(type, false, target.vector().scale()), **elements);
    return 1;
  }
  const auto added = fitting(target.vector(), *elements);
  target.edit_vector().append(added);
  return static_cast<int64_t>(added.size());
}

/// A value as one column of `rows` rows.
Shared<Vector> column_of(const Value& value, size_t rows) {
  if (value.is_vector()) return value.vector_shared();
  if (value.is_scalar()) {
    if (value.is_void()) return Vector::nulls(Type::kVoid, rows);
    return Vector::filled(value.scalar(), rows);
  }
  if (auto elements = elements_of(value); elements && !value.is_dictionary()) return *elements;
  return Vector::tuple(std::vector<Value>(rows, value));
}

bool is_column(const Value& value) { return value.is_vector() || value.is_pair() || value.is_set(); }

Table from_columns(std::string_view function, const Schema& schema, const std::vector<Value>& values) {
  if (values.size() != schema.size()) {
    throw ScriptError(std::string(function) + ": the table has " + std::to_string(schema.size()) + " columns but " +
                      std::to_string(values.size()) + " were given.");
  }
  size_t rows = 1;
  bool sized = false;
  for (size_t c = 0; c < values.size(); ++c) {
    // A plain vector into an array column is one row.
    const bool one_row =
        schema[c].array && values[c].is_vector() && !values[c].vector().is_array() && !values[c].is_tuple();
    if (!is_column(values[c]) || one_row) continue;
    const size_t size = data::size_of(values[c]);
    if (sized && size != rows) throw ScriptError("All columns must be of the same length. RefId:S02010");
    rows = size;
    sized = true;
  }
  Table table(schema);
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < values.size(); ++c) {
    names.push_back(schema[c].name);
    try {
      columns.emplace_back(fitting(table.column(c), column_of(values[c], rows)));
    } catch (const ScriptError& error) {
      throw ScriptError(std::string(function) + ": column [" + schema[c].name + "]: " + error.message());
    }
  }
  return Table(std::move(names), std::move(columns));
}

/// Rows of the columns that a stored table had before more were added: the new ones become null. Nothing unless the
/// names are those of the first columns.
std::optional<Table> with_added_columns(const Schema& schema, const Value& what) {
  if (!what.is_table()) return std::nullopt;
  const auto rows = table_argument("append!", what);
  if (rows.columns() == 0 || rows.columns() >= schema.size()) return std::nullopt;
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  const Table empty(schema);
  for (size_t c = 0; c < schema.size(); ++c) {
    names.push_back(schema[c].name);
    if (c < rows.columns() && rows.names()[c] != schema[c].name) return std::nullopt;
    if (c < rows.columns()) {
      columns.push_back(rows.column_shared(c));
      continue;
    }
    Vector added = empty.column(c);
    added.resize(rows.rows());
    columns.emplace_back(std::move(added));
  }
  return Table(std::move(names), std::move(columns));
}

}  // namespace

std::string cast_text(const Scalar& scalar) { return scalar.is_text() ? scalar.text() : types::format_value(scalar); }

Table rows_for(std::string_view function, const Schema& schema, const Value& what) {
  std::vector<Value> values;
  if (what.is_table()) {
    const auto table = table_argument(function, what);
    if (table.schema() == schema) return table;
    for (size_t c = 0; c < table.columns(); ++c) values.emplace_back(table.column_shared(c));
  } else if (what.is_dictionary()) {
    for (const auto& column : schema) values.push_back(what.dictionary().get(column.name));
  } else if (what.is_tuple()) {
    values.assign(what.vector().values_any().begin(), what.vector().values_any().end());
  } else if (what.is_matrix()) {
    for (size_t c = 0; c < what.matrix().columns; ++c) values.emplace_back(what.matrix().column(c));
  } else if (what.is_vector() && schema.size() > 1 && what.vector().size() == schema.size()) {
    for (size_t c = 0; c < schema.size(); ++c) values.push_back(what.vector().at(c));
  } else {
    values.push_back(what);
  }
  return from_columns(function, schema, values);
}

Schema appended_columns(const data::TableObject& table) {
  auto schema = table.schema();
  if (table.is_stored()) return schema;
  for (const auto& [name, value] : table.properties()) {
    if (name == kArrivalColumn) std::erase_if(schema, [&](const auto& c) { return c.name == value.scalar().text(); });
  }
  return schema;
}

Table appended_rows(std::string_view function, const data::TableObject& table, const Value& what) {
  const auto schema = appended_columns(table);
  const auto older = table.is_stored() ? with_added_columns(schema, what) : std::nullopt;
  return rows_for(function, schema, older ? Value(*older) : what);
}

int64_t append_to(CallContext& context, std::string_view function, Value& target, const Value& what) {
  if (target.is_vector()) return append_to_vector(target, what);
  if (target.is_set()) {
    const auto elements = elements_of(what);
    if (!elements) usage_error(function, "Y must be a scalar, vector or set.");
    const auto added = converted(function, *elements, target.set().type());
    for (size_t i = 0; i < added->size(); ++i) target.edit_set().insert(added->scalar_at(i));
    return static_cast<int64_t>(added->size());
  }
  if (target.is_plain_table()) {
    const auto rows = rows_for(function, target.table().schema(), what);
    context.reserve_memory(static_cast<int64_t>(rows.memory_bytes()));
    const auto done = target.edit_table().append(rows);
    if (!done.ok()) throw ScriptError(done.error().message);
    return static_cast<int64_t>(rows.rows());
  }
  if (target.is_table_object()) {
    auto& table = *target.table_object();
    const auto added = table.append(appended_rows(function, table, what));
    if (!added.ok()) throw ScriptError(added.error().message);
    return added.value();
  }
  if (target.is_dictionary() && what.is_dictionary()) {
    const auto& d = what.dictionary();
    for (size_t i = 0; i < d.size(); ++i) {
      if (!target.edit_dictionary().set(d.keys().scalar_at(i), d.values().at(i)))
        throw ScriptError(std::string(function) + ": the value does not fit the dictionary's type.");
    }
    return static_cast<int64_t>(d.size());
  }
  usage_error(function,
              "The first argument must be a vector, tuple, set, dictionary or table, not " + target.type_text() + ".");
}

Table assemble_table(std::vector<std::string> names, const std::vector<Value>& columns) {
  size_t rows = 1;
  bool sized = false;
  for (const auto& column : columns) {
    if (!is_column(column)) continue;
    const size_t size = data::size_of(column);
    if (sized && size != rows) throw ScriptError("All columns must be of the same length. RefId:S02010");
    rows = size;
    sized = true;
  }
  std::vector<Shared<Vector>> parts;
  for (size_t c = 0; c < columns.size(); ++c) {
    for (size_t earlier = 0; earlier < c; ++earlier) {
      if (names[earlier] == names[c]) throw ScriptError("Duplicate column name: [" + names[c] + "]. RefId:S02001");
    }
    parts.push_back(column_of(columns[c], rows));
    if (parts[c]->size() != rows) throw ScriptError("All columns must be of the same length. RefId:S02010");
  }
  return Table(std::move(names), std::move(parts));
}

Table column_definitions(const Schema& schema) {
  std::vector<std::string> names, type_names, comments;
  Vector codes(Type::kInt), extras(Type::kInt);
  for (const auto& column : schema) {
    names.push_back(column.name);
    type_names.push_back(type_name(column.type, column.array, column.scale));
    comments.push_back(column.comment);
    codes.push_back(Value::of_int(static_cast<int32_t>(column.type) + (column.array ? types::kArrayTypeOffset : 0)));
    if (types::is_decimal(column.type))
      extras.push_back(Value::of_int(column.scale));
    else
      extras.push_null();
  }
  return Table(
      {"name", "typeString", "typeInt", "extra", "comment"},
      {Vector::of_strings(Type::kString, std::move(names)), Vector::of_strings(Type::kString, std::move(type_names)),
       std::move(codes), std::move(extras), Vector::of_strings(Type::kString, std::move(comments))});
}

}  // namespace pelorus::functions
