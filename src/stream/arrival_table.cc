#include "stream/arrival_table.h"

#include "base/script_error.h"
#include "exec/sharing/shared_access.h"
#include "functions/appended_columns.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/local_time.h"
#include "stream/functions.h"

namespace pelorus::stream {
namespace {

using data::Scalar;
using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

/// The local time as a column of that type. ScriptError for types that hold no time.
Shared<Vector> arrival_times(Type type, size_t rows) {
  const auto now = Scalar::of<int64_t>(Type::kNanotimestamp, functions::local_ns());
  return functions::converted("setStreamTableTimestamp", Shared<Vector>(Vector::filled(now, rows)), type);
}

std::shared_ptr<ArrivalTable> arrival_table_of(const Value& value) {
  if (!value.is_table_object()) return nullptr;
  return std::dynamic_pointer_cast<ArrivalTable>(exec::readable(value.table_object()));
}

/// In all variables of the session and under its shared names the table becomes one that notes the time.
Value set_column(CallContext& context, std::span<Value> args) {
  const Arguments a("setStreamTableTimestamp", args);
  if (const auto known = arrival_table_of(args[0]))
    throw ScriptError("setStreamTableTimestamp: the table notes the time in " + known->column() +
                      " already, which can't be changed.");
  const auto table = stream_table_of(args[0]);
  if (table == nullptr) a.refuse("streamTable", "must be a stream table.");
  if (ha_table_of(args[0]) != nullptr) a.refuse("streamTable", "is highly available; it takes times with its rows.");
  const auto column = a.text(1, "columnName");
  const auto schema = table->schema();
  if (schema.size() < 2 || schema.back().name != column) a.refuse("columnName", "must be the table's last column.");
  if (!types::is_temporal(schema.back().type) || schema.back().array)
    a.refuse("columnName", "must be of a type that holds times.");
  (void)arrival_times(schema.back().type, 1);
  const data::TableRef before = args[0].table_object();
  const data::TableRef after = std::make_shared<ArrivalTable>(table);
  for (const auto& name : context.variable_names()) {
    Value* variable = context.find_variable(name);
    if (variable != nullptr && variable->is_table_object() && variable->table_object() == before) *variable = after;
  }
  for (const auto& name : context.shared_objects().names()) {
    const auto found = context.shared_objects().find(name);
    if (found && found->is_table_object() && found->table_object() == before) context.shared_objects().put(name, after);
  }
  return Value::null();
}

Value column(CallContext&, std::span<Value> args) {
  const Arguments a("getStreamTableTimestamp", args);
  if (stream_table_of(args[0]) == nullptr) a.refuse("streamTable", "must be a stream table.");
  const auto noting = arrival_table_of(args[0]);
  return Value::of_string(noting == nullptr ? std::string() : noting->column());
}

}  // namespace

data::Properties ArrivalTable::properties() const {
  data::Properties properties;
  properties.emplace_back(functions::kArrivalColumn, Value::of_string(column()));
  return properties;
}

Result<int64_t> ArrivalTable::append(const Table& rows) {
  const auto schema = rows_->schema();
  if (rows.columns() + 1 != schema.size())
    return Error{ErrorCode::kInvalid, "The table fills its column " + column() + " itself: add rows of the other " +
                                          std::to_string(schema.size() - 1) + " columns."};
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < rows.columns(); ++c) {
    names.push_back(schema[c].name);
    columns.push_back(rows.column_shared(c));
  }
  names.push_back(schema.back().name);
  columns.push_back(arrival_times(schema.back().type, rows.rows()));
  return rows_->append(Table(std::move(names), std::move(columns)));
}

void register_arrival_columns(functions::Registry& registry) {
  functions::declare(
      registry, "streams", Nature::kCommand,
      {"setStreamTableTimestamp", "streamTable, columnName", set_column,
       "From now on the last column of a stream table, of a type that holds times, gets the local time at "
       "which a row is added; rows are added without it. It can't be undone.",
       "t = streamTable(10:0, `a`at, [INT, TIMESTAMP]); setStreamTableTimestamp(t, `at)\n"
       "t.append!(table(1 2 as a)); exec sum(a) from t where at > 2020.01.01",
       "3"});
  functions::declare(registry, "streams", Nature::kWhole,
                     {"getStreamTableTimestamp", "streamTable", column,
                      "The column in which a stream table notes when its rows came; empty when there is none.",
                      "t = streamTable(10:0, `a`at, [INT, TIMESTAMP]); setStreamTableTimestamp(t, `at)\n"
                      "getStreamTableTimestamp(t)",
                      "\"at\""});
}

}  // namespace pelorus::stream
