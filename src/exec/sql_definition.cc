// create, alter, drop. Tables in memory are made here; for stored ones the functions that do the work are called by
// name.
#include <algorithm>
#include <chrono>
#include <optional>

#include "base/script_error.h"
#include "exec/catalog_names.h"
#include "exec/operators/relation.h"
#include "exec/operators/resolve_source.h"
#include "exec/sql_change.h"
#include "exec/sql_runner.h"
#include "exec/stored_table.h"
#include "meta/partition_scheme.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Table;
using data::Vector;
using syntax::as;

Value call(Evaluator& evaluator, std::string_view function, std::vector<Value> arguments) {
  return call_by_name(evaluator.context(), function, std::move(arguments));
}

bool says_yes(const Value& answer) { return answer.is_scalar() && answer.scalar().as_int64() == 1; }

/// catalog.schema, or a schema of the current catalog, that is to name a new database.
struct NewSchema {
  std::string catalog;
  std::string schema;
  std::string path;  // of the database
};

/// Nothing when a schema of that name exists, which `may_exist` allows.
std::optional<NewSchema> new_schema(const std::string& name, bool may_exist, Evaluator& evaluator) {
  auto& context = evaluator.context();
  const auto dot = name.find('.');
  NewSchema out;
  out.catalog = dot == std::string::npos ? current_catalog(context) : name.substr(0, dot);
  out.schema = dot == std::string::npos ? name : name.substr(dot + 1);
  if (find_database(context, out.catalog, out.schema)) {
    if (may_exist) return std::nullopt;
    throw ScriptError("The catalog " + out.catalog + " has a schema " + out.schema + " already.");
  }
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  out.path = "dfs://" + out.catalog + "_" + out.schema + "_" + std::to_string(now.count());
  return out;
}

Value option(const syntax::Options& options, std::string_view name, Evaluator& evaluator) {
  for (const auto& given : options) {
    if (given.name == name) return evaluator.evaluate(*given.value, nullptr);
  }
  return Value::missing();
}

void create_database(const syntax::CreateDatabase& node, Evaluator& evaluator) {
  const bool is_schema = node.path.find("://") == std::string::npos;
  const auto made = is_schema ? new_schema(node.path, node.if_not_exists, evaluator) : std::nullopt;
  if (is_schema && !made) return;
  const Value path = Value::of_string(made ? made->path : node.path);
  if (node.if_not_exists && says_yes(call(evaluator, "existsDatabase", {path}))) return;
  struct Level {
    Value type;
    Value scheme;
  };
  std::vector<Level> levels;
  for (const auto& partition : node.partitions) {
    const auto* level = as<syntax::Call>(partition);
    const auto* name = level ? as<syntax::Name>(level->function) : nullptr;
    const auto type = name ? meta::parse_partition_type(name->name) : std::nullopt;
    if (!type || level->arguments.size() != 1)
      throw ScriptError("A partition must be VALUE(…), RANGE(…), HASH(…) or LIST(…): " + syntax::print(*partition));
    levels.push_back(
        {Value::of_int(static_cast<int32_t>(*type)), evaluator.evaluate(*level->arguments[0].value, nullptr)});
  }
  if (levels.empty()) throw ScriptError("create database needs partitioned by.");
  if (levels.size() > 1) {
    std::vector<Value> parts;
    for (const auto& level : levels)
      parts.push_back(call(evaluator, "database", {Value::of_string(""), level.type, level.scheme}));
    levels = {
        {Value::of_int(static_cast<int32_t>(meta::PartitionType::kCompo)), Value(Vector::tuple(std::move(parts)))}};
  }
  (void)call(evaluator, "database",
             {path, levels[0].type, levels[0].scheme, Value::missing(), option(node.options, "engine", evaluator),
              option(node.options, "atomic", evaluator), option(node.options, "chunkGranularity", evaluator)});
  if (!made) return;
  try {
    (void)call(evaluator, "createSchema", {Value::of_string(made->catalog), path, Value::of_string(made->schema)});
  } catch (const ScriptError&) {
    (void)call(evaluator, "dropDatabase", {path});
    throw;
  }
}

data::Schema schema_of(const std::vector<syntax::CreateTable::Column>& columns, Evaluator& evaluator) {
  data::Schema schema;
  for (const auto& column : columns) {
    if (std::any_of(schema.begin(), schema.end(), [&](const auto& c) { return c.name == column.name; })) {
      throw ScriptError("Duplicate column name: [" + column.name + "]. RefId:S02001");
    }
    const Value comment = option(column.options, "comment", evaluator);
    schema.push_back({.name = column.name,
                      .type = column.type,
                      .array = column.array,
                      .scale = column.scale,
                      .comment = comment.is_text() ? comment.text() : std::string()});
  }
  return schema;
}

Value compression(const syntax::CreateTable& node, Evaluator& evaluator) {
  data::Dictionary methods(data::Type::kString, data::Type::kString);
  for (const auto& column : node.columns) {
    const Value method = option(column.options, "compress", evaluator);
    if (method.is_text()) methods.set(types::Scalar::of_string(column.name), method);
  }
  return methods.size() == 0 ? Value::missing() : Value(std::move(methods));
}

void create_stored(const syntax::CreateTable& node, const std::string& database, Evaluator& evaluator) {
  const Value path = Value::of_string(database);
  const Value name = Value::of_string(node.path.table);
  if (node.if_not_exists) {
    if (says_yes(call(evaluator, "existsTable", {path, name}))) return;
  }
  std::vector<std::string> partition_columns;
  for (const auto& column : node.partitioned_by) partition_columns.push_back(syntax::print(*column));
  std::vector<Value> arguments{call(evaluator, "database", {path}), Value(Table(schema_of(node.columns, evaluator))),
                               name};
  if (!partition_columns.empty()) arguments.emplace_back(Vector::of_strings(data::Type::kString, partition_columns));
  arguments.push_back(compression(node, evaluator));
  arguments.push_back(option(node.options, "sortColumns", evaluator));
  arguments.push_back(option(node.options, "keepDuplicates", evaluator));
  if (!partition_columns.empty()) arguments.push_back(option(node.options, "sortKeyMappingFunction", evaluator));
  arguments.push_back(option(node.options, "softDelete", evaluator));
  (void)call(evaluator, partition_columns.empty() ? "createDimensionTable" : "createPartitionedTable",
             std::move(arguments));
}

void create_table(const syntax::CreateTable& node, Evaluator& evaluator) {
  if (!node.path.database.empty()) return create_stored(node, node.path.database, evaluator);
  if (!node.path.schema.empty())
    return create_stored(node, database_of(evaluator.context(), node.path.catalog, node.path.schema), evaluator);
  if (!node.partitioned_by.empty())
    throw ScriptError("A table in memory can't be partitioned: [" + node.path.table + "]");
  if (node.if_not_exists && evaluator.context().find_variable(node.path.table)) return;
  evaluator.assign(node.path.table, Value(Table(schema_of(node.columns, evaluator))));
}

void alter_rows(const syntax::AlterTable& node, Table& table, const data::Schema& columns) {
  for (const auto& column : columns) {
    const int found = table.find(column.name);
    if (node.action == syntax::AlterTable::Action::kAdd) {
      if (found >= 0) throw ScriptError("Duplicate column name: [" + column.name + "]. RefId:S02001");
      table.set_column(column.name, null_column(column, table.rows()));
      continue;
    }
    if (found < 0) throw ScriptError("Unrecognized column name [" + column.name + "]");
    if (node.action == syntax::AlterTable::Action::kDrop)
      table.drop_column(static_cast<size_t>(found));
    else
      table.rename_column(static_cast<size_t>(found), node.new_name);
  }
}

void alter_stored(const syntax::AlterTable& node, StoredTable& table, const data::Schema& columns) {
  std::vector<ColumnChange> changes;
  for (const auto& column : columns) {
    switch (node.action) {
      case syntax::AlterTable::Action::kAdd:
        changes.push_back({ColumnChange::Kind::kAdd, column.name, {}, column});
        break;
      case syntax::AlterTable::Action::kDrop:
        changes.push_back({ColumnChange::Kind::kDrop, column.name, {}, {}});
        break;
      case syntax::AlterTable::Action::kRename:
        changes.push_back({ColumnChange::Kind::kRename, column.name, node.new_name, {}});
        break;
    }
  }
  if (const auto done = table.change_columns(changes); !done.ok()) throw ScriptError(done.error().message);
}

void alter_table(const syntax::AlterTable& node, Evaluator& evaluator) {
  const auto columns = schema_of(node.columns, evaluator);
  const auto* name = as<syntax::Name>(node.table);
  Value* variable = name ? evaluator.find_variable(*name) : nullptr;
  if (variable && variable->is_plain_table()) return alter_rows(node, variable->edit_table(), columns);
  const Value value = variable ? *variable : evaluator.evaluate(*node.table, nullptr);
  if (!value.is_table_object()) throw ScriptError("Can't recognize table " + syntax::print(*node.table));
  if (const auto stored = stored_table_of(value)) return alter_stored(node, *stored, columns);
  std::exception_ptr failure;
  const auto status = value.table_object()->edit([&](Table& rows) -> Status {
    try {
      alter_rows(node, rows, columns);
    } catch (const ScriptError&) {
      failure = std::current_exception();
      return Error{ErrorCode::kScript, ""};
    }
    return {};
  });
  if (failure) std::rethrow_exception(failure);
  if (!status.ok()) throw ScriptError(status.error().message);
}

/// The database that a statement names by its path or in a catalog, itself or as that of a table. Empty: a table in
/// memory; nothing: `if exists` and it does not.
std::optional<std::string> database_named(const syntax::Drop& node, Evaluator& evaluator) {
  const auto& path = node.path;
  const bool is_schema = path.database.empty() && (node.is_database || !path.schema.empty());
  if (!is_schema) return path.database;
  // drop database catalog.schema is read as schema.table is.
  const auto& catalog = node.is_database ? path.schema : path.catalog;
  const auto& schema = node.is_database ? path.table : path.schema;
  if (node.if_exists) return find_database(evaluator.context(), catalog, schema);
  return database_of(evaluator.context(), catalog, schema);
}

void drop(const syntax::Drop& node, Evaluator& evaluator) {
  const auto& path = node.path;
  const auto named = database_named(node, evaluator);
  if (!named) return;
  const Value database = Value::of_string(*named);
  if (node.is_database) {
    if (node.if_exists && !says_yes(call(evaluator, "existsDatabase", {database}))) return;
    (void)call(evaluator, "dropDatabase", {database});
    return;
  }
  const Value table = Value::of_string(path.table);
  if (!named->empty()) {
    if (node.if_exists && !says_yes(call(evaluator, "existsTable", {database, table}))) return;
    (void)call(evaluator, "dropTable", {call(evaluator, "database", {database}), table});
    return;
  }
  auto& context = evaluator.context();
  const Value* variable = context.find_variable(path.table);
  if (!variable || !variable->is_table()) {
    if (node.if_exists) return;
    throw ScriptError("Can't recognize table " + path.table);
  }
  if (!context.erase_variable(path.table)) (void)context.shared_objects().erase(path.table);
}

}  // namespace

Value QueryRunner::run_definition(const syntax::Expr& statement, Evaluator& evaluator) {
  if (const auto* node = as<syntax::CreateDatabase>(statement))
    create_database(*node, evaluator);
  else if (const auto* table = as<syntax::CreateTable>(statement))
    create_table(*table, evaluator);
  else if (const auto* alter = as<syntax::AlterTable>(statement))
    alter_table(*alter, evaluator);
  else if (const auto* dropped = as<syntax::Drop>(statement))
    drop(*dropped, evaluator);
  else
    throw ScriptError("This statement is not supported: " + syntax::print(statement));
  return {};
}

}  // namespace pelorus::exec
