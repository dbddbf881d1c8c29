// Tables and dictionaries as wholes: table, keys, values, schema, append!, tableInsert, head and tail of rows.

#include "data/shared_table.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/append.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "tables";

using data::Dictionary;
using data::Schema;
using data::Table;

TypeArgument column_type(const Value& types, size_t i) {
  if (types.is_scalar()) return type_argument("table", types);
  return type_argument("table", types.vector().at(i));
}

/// 0 of a type of numbers or times; nothing for others.
std::optional<Scalar> zero_of(Type type, int scale) {
  if (types::is_literal(type)) return std::nullopt;
  switch (types::repr_of(type)) {
    case types::Repr::kI8: return Scalar::of<int8_t>(type, 0);
    case types::Repr::kI16: return Scalar::of<int16_t>(type, 0);
    case types::Repr::kI32: return Scalar::of<int32_t>(type, 0, scale);
    case types::Repr::kI64: return Scalar::of<int64_t>(type, 0, scale);
    case types::Repr::kF32: return Scalar::of<float>(type, 0);
    case types::Repr::kF64: return Scalar::of_double(0);
    default: return std::nullopt;
  }
}

/// Rows that a new table has at once: false and 0; nulls where the type has no zero.
void fill_initially(Vector& column, const data::ColumnDefinition& of, size_t rows) {
  const auto zero = of.array ? std::nullopt : zero_of(of.type, of.scale);
  if (zero)
    column = Vector::filled(*zero, rows);
  else
    column.resize(rows);
}

/// table(capacity:size, names, types)
Table empty_table(const Arguments& a) {
  const auto both = as_longs("table", Shared<Vector>(a[0].pair().elements));
  const auto shape = both->values<int64_t>();
  const auto names = a.texts(1, "colNames");
  if (!a.has(2)) a.refuse("colTypes", "are missing.");
  if (a[2].is_vector() && a[2].vector().size() != names.size())
    refuse_lengths("table", names.size(), a[2].vector().size());
  constexpr int64_t kRowsMax = int64_t{1} << 31;
  if (shape[1] < 0 || shape[1] > kRowsMax) a.refuse("capacity:size", "must hold a reasonable size.");
  Schema schema;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto type = column_type(a[2], i);
    if (!types::is_storable(type.type) && type.type != Type::kAny)
      a.refuse("colTypes", "holds a type no column can have: " + std::string(types::name_of(type.type)) + ".");
    for (const auto& column : schema) {
      if (column.name == names[i]) throw ScriptError("Duplicate column name: [" + names[i] + "]. RefId:S02001");
    }
    schema.push_back({.name = names[i], .type = type.type, .array = type.array, .scale = type.scale});
  }
  Table table(schema);
  const auto size = static_cast<size_t>(shape[1]);
  for (size_t c = 0; c < table.columns(); ++c) {
    auto& column = table.edit_column(c);
    if (size > 0) fill_initially(column, schema[c], size);
    if (shape[0] > 0 && shape[0] <= (1 << 20) && !column.is_array()) column.reserve(static_cast<size_t>(shape[0]));
  }
  return table;
}

Table table_of_matrix(const data::Matrix& matrix) {
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < matrix.columns; ++c) {
    names.push_back(matrix.column_labels ? cast_text((*matrix.column_labels)->scalar_at(c)) : "C" + std::to_string(c));
    columns.emplace_back(matrix.column(c));
  }
  return Table(std::move(names), std::move(columns));
}

Table table_of_dictionary(const Dictionary& d) {
  std::vector<std::string> names;
  std::vector<Value> columns;
  for (size_t i = 0; i < d.size(); ++i) {
    names.push_back(cast_text(d.keys().scalar_at(i)));
    columns.push_back(d.values().at(i));
  }
  return assemble_table(std::move(names), columns);
}

Value make_table(CallContext& context, std::span<Value> args) {
  Arguments a("table", args);
  if (args[0].is_pair() && args.size() >= 2) return empty_table(a);
  if (args.size() == 1 && args[0].is_matrix()) return table_of_matrix(args[0].matrix());
  if (args.size() == 1 && args[0].is_dictionary()) return table_of_dictionary(args[0].dictionary());
  if (args.size() == 1 && args[0].is_table()) {
    auto copy = table_argument("table", args[0]);
    copy.set_keys(Table::KeyKind::kNone, {});
    return copy;
  }
  const auto given = context.argument_names();
  std::vector<std::string> names;
  std::vector<Value> columns;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i].is_table()) {
      const auto part = table_argument("table", args[i]);
      for (size_t c = 0; c < part.columns(); ++c) {
        names.push_back(part.names()[c]);
        columns.emplace_back(part.column_shared(c));
      }
      continue;
    }
    names.push_back(i < given.size() && !given[i].empty() ? given[i] : "C" + std::to_string(names.size()));
    columns.push_back(args[i]);
  }
  return assemble_table(std::move(names), columns);
}

Value keys_of(CallContext&, std::span<Value> args) {
  const auto& x = args[0];
  if (x.is_dictionary()) return x.dictionary().keys();
  if (x.is_set()) return x.set().elements();
  if (x.is_plain_table()) return Vector::of_strings(Type::kString, x.table().names());
  if (x.is_table_object()) {
    std::vector<std::string> names;
    for (const auto& column : x.table_object()->schema()) names.push_back(column.name);
    return Vector::of_strings(Type::kString, std::move(names));
  }
  if (x.is_matrix()) return x.matrix().row_labels ? Value(*x.matrix().row_labels) : Value::null();
  usage_error("keys", "X must be a dictionary, a table or a set.");
}

Value values_of(CallContext&, std::span<Value> args) {
  const auto& x = args[0];
  if (x.is_dictionary()) return x.dictionary().values();
  if (x.is_set()) return x.set().elements();
  if (x.is_table()) {
    const auto table = table_argument("values", x);
    std::vector<Value> columns;
    for (size_t c = 0; c < table.columns(); ++c) columns.emplace_back(table.column_shared(c));
    return Vector::tuple(std::move(columns));
  }
  if (x.is_matrix()) return x.matrix().values;
  if (x.is_vector()) return x;
  usage_error("values", "X must be a dictionary, a table or a set.");
}

Value column_names(CallContext& context, std::span<Value> args) {
  if (args[0].is_matrix())
    return args[0].matrix().column_labels ? Value(*args[0].matrix().column_labels) : Value::null();
  return keys_of(context, args);
}
Value row_names(CallContext&, std::span<Value> args) {
  if (!args[0].is_matrix()) usage_error("rowNames", "X must be a matrix.");
  return args[0].matrix().row_labels ? Value(*args[0].matrix().row_labels) : Value::null();
}

/// mvccTable(X...), mvccTable(capacity:size, names, types)
Value make_versioned_table(CallContext& context, std::span<Value> args) {
  if (args.size() > 3 && args[0].is_pair())
    usage_error("mvccTable", "A table kept in a folder (path, tableName) is not offered yet.");
  const Value rows = make_table(context, args);
  return data::TableRef(std::make_shared<data::SharedTable>(rows.table()));
}

Value schema_of(CallContext&, std::span<Value> args) {
  Dictionary result(Type::kString, Type::kAny);
  const auto& x = args[0];
  if (x.is_handle() || x.is_table_object()) {
    const auto properties = x.is_handle() ? x.handle()->properties() : x.table_object()->properties();
    for (const auto& [name, value] : properties) result.set(Scalar::of_string(name), value);
    if (x.is_handle()) return result;
  } else if (!x.is_plain_table()) {
    usage_error("schema", "X must be a table or a database handle.");
  }
  if (result.find(Scalar::of_string("partitionColumnIndex")) < 0) {
    result.set(Scalar::of_string("partitionColumnIndex"), Value::of_int(-1));
  }
  result.set(Scalar::of_string("colDefs"),
             column_definitions(x.is_plain_table() ? x.table().schema() : x.table_object()->schema()));
  return result;
}

Value append(CallContext& context, std::span<Value> args) {
  append_to(context, "append!", args[0], args[1]);
  return args[0];
}

Value append_tuple(CallContext&, std::span<Value> args) {
  if (!args[0].is_tuple()) usage_error("appendTuple!", "X must be a tuple.");
  args[0].edit_vector().push_back(args[1]);
  return args[0];
}

/// The variable or shared object a text names, for writing.
Value* named_target(CallContext& context, std::string_view function, const Value& target, Value* shared) {
  const auto& name = target.text();
  if (auto* variable = context.find_variable(name)) return variable;
  if (auto found = context.shared_objects().find(name)) {
    *shared = *found;
    return shared;
  }
  throw ScriptError(std::string(function) + ": can't find the object named " + name + ".");
}

Value table_insert(CallContext& context, std::span<Value> args) {
  Value shared;
  Value* target = &args[0];
  if (target->is_text()) target = named_target(context, "tableInsert", args[0], &shared);
  if (!target->is_table()) usage_error("tableInsert", "The first argument must be a table.");
  auto rest = args.subspan(1);
  while (!rest.empty() && rest.back().is_missing()) rest = rest.subspan(0, rest.size() - 1);
  if (rest.empty()) usage_error("tableInsert", "There is nothing to insert.");
  const Value data = rest.size() == 1 ? rest[0] : Value(Vector::tuple({rest.begin(), rest.end()}));
  return Value::of_int(static_cast<int32_t>(append_to(context, "tableInsert", *target, data)));
}

Value clear(CallContext&, std::span<Value> args) {
  auto& x = args[0];
  if (x.is_vector()) {
    x = x.vector().is_array() ? Vector::array(Vector(x.type(), 0, x.vector().scale()), {})
                              : Vector(x.type(), 0, x.vector().scale());
  } else if (x.is_dictionary()) {
    x.edit_dictionary().clear();
  } else if (x.is_set()) {
    x = data::Set(x.set().type());
  } else if (x.is_plain_table()) {
    x.edit_table() = x.table().slice(0, 0);
  } else if (x.is_table_object()) {
    const auto done = x.table_object()->edit([](Table& rows) {
      rows = rows.slice(0, 0);
      return Status();
    });
    if (!done.ok()) throw ScriptError(done.error().message);
  } else {
    usage_error("clear!", "X must be a vector, set, dictionary or table.");
  }
  return x;
}

/// `table` with the columns `names` in this order; those it lacks are null, of the type they have in `like`.
Table in_columns(const Table& table, const std::vector<std::string>& names, const Table& like) {
  std::vector<Shared<Vector>> columns;
  for (const auto& name : names) {
    const int c = table.find(name);
    if (c >= 0) {
      columns.push_back(table.column_shared(static_cast<size_t>(c)));
      continue;
    }
    const auto& known = like.column(static_cast<size_t>(like.find(name)));
    columns.emplace_back(Vector::nulls(known.type(), table.rows(), known.scale()));
  }
  return Table(names, std::move(columns));
}

/// unionAll(tableA, tableB, [byColName]) or unionAll(tables, [partition], [byColName])
Value union_all(CallContext&, std::span<Value> args) {
  const Arguments a("unionAll", args);
  std::vector<Value> parts(args.begin(), args.end());
  const bool by_name = a.has(2) && !a[2].is_table() && a.flag_or(2, "byColName", false);
  if (!parts.empty() && parts[0].is_tuple()) {
    const auto tuple = parts[0].vector();
    parts = {tuple.values_any().begin(), tuple.values_any().end()};
  }
  std::erase_if(parts, [](const Value& part) { return !part.is_table(); });
  if (parts.empty()) usage_error("unionAll", "Tables are expected.");
  Table result = table_argument("unionAll", parts[0]);
  result.set_keys(Table::KeyKind::kNone, {});
  for (size_t i = 1; i < parts.size(); ++i) {
    auto next = table_argument("unionAll", parts[i]);
    if (by_name) {
      auto names = result.names();
      for (const auto& name : next.names()) {
        if (result.find(name) < 0) names.push_back(name);
      }
      result = in_columns(result, names, next);
      next = in_columns(next, names, result);
    }
    const auto done = result.append(next);
    if (!done.ok()) throw ScriptError(done.error().message);
  }
  return result;
}

Value update_dictionary(CallContext& context, std::span<Value> args) {
  Arguments a("dictUpdate!", args);
  if (!args[0].is_dictionary()) usage_error("dictUpdate!", "The first argument must be a dictionary.");
  const auto keys = a.vector(2, "keys");
  const auto values = a.vector(3, "parameters");
  if (values->size() != keys->size()) refuse_lengths("dictUpdate!", keys->size(), values->size());
  for (size_t i = 0; i < keys->size(); ++i) {
    const auto key = keys->scalar_at(i);
    const bool known = args[0].dictionary().find(key) >= 0;
    Value value = values->at(i);
    if (known)
      value = context.call(args[1], {args[0].dictionary().get(key), value});
    else if (a.has(4))
      value = context.call(args[4], {value});
    if (!args[0].edit_dictionary().set(key, value))
      throw ScriptError("dictUpdate!: the result does not fit the dictionary's type.");
  }
  return args[0];
}

}  // namespace

void register_tables(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  const auto change = [&](Declaration d) {
    d.changes_first = true;
    declare(registry, kFamily, Nature::kCommand, std::move(d));
  };
  row({"table", "X, [args...]", make_table,
       "A table of columns, of a matrix or dictionary, or an empty one: capacity:size, names, types.",
       "table(1 2 as a, 3 as b)", "table{a:[1,2],b:[3,3]}"});
  row({"mvccTable", "X, [args...]", make_versioned_table,
       "A table in memory that all its holders see; readers go on with the rows they began with. Written like table().",
       "t = mvccTable(1 2 as a); u = t; t.append!(table([3] as a)); exec a from u", "[1,2,3]"});
  row({"keys", "X", keys_of, "The keys of a dictionary, the column names of a table.", "keys(dict(1 2, 3 4))",
       "[1,2]"});
  row({"values", "X", values_of, "The values of a dictionary, the columns of a table.", "values(dict(1 2, 3 4))",
       "[3,4]"});
  row({"columnNames", "X", column_names, "The names of a table's columns or of a matrix's.",
       "columnNames(table(1 as a, 2 as b))", "[\"a\",\"b\"]"});
  registry.add_alias("colNames", "columnNames");
  row({"rowNames", "X", row_names, "The labels of a matrix's rows.", "rowNames(matrix(1 2))", "null"});
  row({"schema", "X", schema_of, "What a table is made of: colDefs and, for stored tables, partitions.",
       "schema(table(1 as a)).colDefs.name", "[\"a\"]"});
  change({"append!", "X, Y", append, "Adds Y at the end of X.", "x = 1 2; x.append!(3); x", "[1,2,3]"});
  registry.add_alias("push!", "append!");
  change({"appendTuple!", "X, Y, [wholistic]", append_tuple, "Adds Y as one element at the end of a tuple.",
          "x = (1, 2); x.appendTuple!((3, 4)); size(x)", "3"});
  declare(registry, kFamily, Nature::kCommand,
          {"tableInsert",
           "table, args...",
           table_insert,
           "Adds rows to a table or to the table of that name; how many were added.",
           "t = table(1 2 as a); tableInsert(t, 3 4 5)",
           "3",
           {},
           {},
           true});
  change({"clear!", "X", clear, "Empties X.", "x = 1 2; x.clear!(); size(x)", "0"});
  row({"unionAll", "tableA, [args...]", union_all,
       "The rows of tables, or of a tuple of tables, one after another. A third argument of true puts columns together "
       "by "
       "name, with nulls where a table lacks one.",
       "unionAll(table(1 2 as a), table(3 as a))", "table{a:[1,2,3]}"});
  change({"dictUpdate!", "dictionary, function, keys, parameters, [initFunc]", update_dictionary,
          "Sets values to function(old value, parameter); new keys get the parameter itself.",
          "d = dict(1 2, 3 4); dictUpdate!(d, add, 2 5, 10 20); d", "dict{1->3,2->14,5->20}"});
}

}  // namespace pelorus::functions
