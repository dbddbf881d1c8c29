// loadTextEx and loadTableBySQL: loading in one call, made of the functions a script would call one after another.

#include "base/script_error.h"
#include "dist/functions.h"
#include "functions/arguments.h"
#include "functions/declare.h"

namespace pelorus::dist {
namespace {

using data::Value;
using functions::CallContext;
using functions::Nature;

Value call(CallContext& context, const char* name, std::vector<Value> arguments) {
  const auto function = context.find_function(name);
  if (!function) throw ScriptError("Can't find the function " + std::string(name) + ".");
  return context.call(*function, arguments);
}

Value or_missing(const functions::Arguments& args, size_t i) { return args.has(i) ? args[i] : Value::missing(); }

/// Positions of loadTextEx's parameters.
enum Place { kDatabase, kTable, kPartitionColumns, kFile, kDelimiter, kSchema, kSkipRows, kTransform, kSortColumns };

void create_table_like(CallContext& context, const functions::Arguments& args, const Value& rows) {
  const bool partitioned = args.has(kPartitionColumns) && !args.texts(kPartitionColumns, "partitionColumns").empty();
  std::vector<Value> words{args[kDatabase], rows, args[kTable]};
  if (partitioned) words.push_back(args[kPartitionColumns]);
  words.push_back(Value::missing());  // compressMethods
  words.push_back(or_missing(args, kSortColumns));
  call(context, partitioned ? "createPartitionedTable" : "createDimensionTable", std::move(words));
}

Value load_text_ex(CallContext& context, std::span<Value> values) {
  const functions::Arguments args("loadTextEx", values);
  auto rows = call(context, "loadText",
                   {args[kFile], or_missing(args, kDelimiter), or_missing(args, kSchema), or_missing(args, kSkipRows)});
  if (args.has(kTransform)) rows = context.call(args[kTransform], {rows});
  if (!rows.is_table()) args.refuse("transform", "must return a table");
  const auto exists = call(context, "existsTable", {args[kDatabase], args[kTable]});
  if (exists.is_null() || exists.scalar().as_int64() == 0) create_table_like(context, args, rows);
  auto table = call(context, "loadTable", {args[kDatabase], args[kTable]});
  call(context, "append!", {table, std::move(rows)});
  return table;
}

Value load_by_sql(CallContext& context, std::span<Value> values) {
  const functions::Arguments args("loadTableBySQL", values);
  auto rows = args[0].is_code() ? context.evaluate(*args[0].code()) : context.run_script(args.text(0, "sql"));
  if (!rows.is_table()) args.refuse("sql", "must be a select statement");
  return rows;
}

}  // namespace

void register_loading_functions(functions::Registry& registry) {
  const std::string_view family = "databases";
  declare(registry, family, Nature::kWhole,
          {.name = "loadTextEx",
           .parameters = "dbHandle, tableName, partitionColumns, filename, [delimiter], [schema], [skipRows=0], "
                         "[transform], [sortColumns]",
           .run = load_text_ex,
           .summary = "Appends a delimited text file to a stored table, which is created where it does not exist.",
           .example = ""});
  declare(registry, family, Nature::kWhole,
          {.name = "loadTableBySQL",
           .parameters = "sql",
           .run = load_by_sql,
           .summary = "Loads the rows a select statement finds into a table in memory.",
           .example = ""});
}

}  // namespace pelorus::dist
