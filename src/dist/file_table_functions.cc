// saveTable: a table as a file of the node's machine.

#include "dist/database_handle.h"
#include "dist/functions.h"
#include "functions/declare.h"
#include "functions/file_access.h"
#include "functions/function_call.h"

namespace pelorus::dist {
namespace {

using data::Value;
using functions::CallContext;

/// saveTable(dbHandle, table, [tableName], [append=false], [compression=false])
Value save(FileTables& files, CallContext& context, std::span<Value> values) {
  const functions::FunctionCall call("saveTable", context, values);
  const auto& a = call.arguments();
  functions::require_login(context, call.name());
  const auto names = context.argument_names();
  auto name = names.size() > 1 ? std::string(names[1]) : std::string();
  if (a.has(2) && !a[2].is_void()) name = a.text(2, "tableName");
  const auto& directory = database_handle(values[0], "saveTable").path();
  if (!is_directory_path(directory))
    a.refuse("dbHandle",
             "must be a directory of the machine, database(\"/…\"); tables of a dfs:// database are made "
             "with createPartitionedTable or createDimensionTable and filled with append!.");
  check_file_table_name(call.name(), name);
  auto rows = functions::table_argument(call.name(), values[1]);
  const bool appends = a.flag_or(3, "append", false) && call.checked(files.exists(directory, name));
  if (appends) {
    auto all = call.checked(files.load(directory, name));
    call.checked(all.append(rows));
    rows = std::move(all);
  }
  call.checked(files.save(directory, name, rows));
  return Value::null();
}

}  // namespace

void check_file_table_name(std::string_view function, const std::string& name) {
  const bool is_bad =
      name.empty() || name[0] == '.' || name.find('/') != std::string::npos || name.find('\0') != std::string::npos;
  if (is_bad) functions::usage_error(function, "tableName must be a name without '/' that does not begin with a dot.");
}

void register_file_tables(functions::Registry& registry, FileTables& files) {
  functions::declare(
      registry, "databases", functions::Nature::kCommand,
      {.name = "saveTable",
       .parameters = "dbHandle, table, [tableName], [append=false], [compression=false]",
       .run = [&files](CallContext& c, std::span<Value> v) { return save(files, c, v); },
       .summary = "Writes a table to a file of a directory, database(\"/…\"), where loadTable finds it; "
                  "with append behind the rows that are there. Columns are kept as they are whatever "
                  "compression says.",
       .example = "db = database(\"/tmp/pelorus-example-tables\"); t = table(1 2 as a); saveTable(db, t); "
                  "exec a from loadTable(db, `t)",
       .result = "[1,2]"});
}

}  // namespace pelorus::dist
