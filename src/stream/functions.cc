#include "stream/functions.h"
#include "stream/column_rows.h"
#include "stream/messages/register_messages.h"

#include <set>

#include "base/script_error.h"
#include "data/shared_table.h"
#include "functions/append.h"
#include "functions/declare.h"

namespace pelorus::stream {
namespace {

using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr std::string_view kFamily = "streams";

/// A table made by the built-in `maker` from the same arguments, as a stream table.
functions::Native stream_maker(functions::Registry& registry, std::string_view maker, bool keyed) {
  const auto builtin = registry.find(maker);
  return [builtin, keyed](CallContext& context, std::span<Value> args) -> Value {
    // Run in place, so that the names of the arguments are still those of this call.
    const Value made = builtin->function().run(context, args);
    const Table rows = functions::table_argument("streamTable", made);
    const auto keys = keyed ? Arguments("keyedStreamTable", args).texts(0, "keyColumns") : std::vector<std::string>();
    return data::TableRef(std::make_shared<StreamTable>(rows, keys));
  };
}

void refuse_server(const Arguments& a) {
  if (a.has(0) && !a[0].is_null())
    a.refuse("server", "must be left out: only tables of this node can be subscribed to.");
}

enum SubscribeAt : size_t {
  kServer,
  kTableName,
  kActionName,
  kOffset,
  kHandler,
  kMsgAsTable,
  kBatchSize,
  kThrottle,
  kHash,
  kReconnect,
  kFilter,
  kPersistOffset,
  kTimeTrigger,
  kHandlerNeedMsgId,
};

Value subscribe(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("subscribeTable", args);
  refuse_server(a);
  SubscriptionTerms terms{.table = a.text(kTableName, "tableName"),
                          .action = a.text_or(kActionName, "actionName", ""),
                          .offset = a.integer_or(kOffset, "offset", -1),
                          .message_as_table = a.flag_or(kMsgAsTable, "msgAsTable", false),
                          .handler_needs_id = a.flag_or(kHandlerNeedMsgId, "handlerNeedMsgId", false),
                          .batch_rows = a.integer_or(kBatchSize, "batchSize", 0)};
  const auto table = shared_stream(context, "subscribeTable", terms.table);
  if (!a.has(kHandler)) a.refuse("handler", "is missing.");
  terms.handler = args[kHandler];
  if (terms.handler.is_table()) terms.handler = table_object_of(context, "subscribeTable", args[kHandler]);
  if (!terms.handler.is_function() && !terms.handler.is_table()) a.refuse("handler", "must be a function or a table.");
  const double throttle = a.number_or(kThrottle, "throttle", 1);
  constexpr double kThrottleMax = 86400;
  if (!(throttle >= 0.001) || throttle > kThrottleMax) a.refuse("throttle", "must be between 0.001 and 86400 seconds.");
  terms.throttle = std::chrono::milliseconds(static_cast<int64_t>(throttle * 1000));
  if (a.has(kFilter)) terms.filter = args[kFilter];
  if (a.flag_or(kPersistOffset, "persistOffset", false)) a.refuse("persistOffset", "is not offered yet.");
  if (terms.offset < -1 || terms.offset > table->rows()) a.refuse("offset", "must be -1 or the number of a row.");
  terms.offset = terms.offset == -1 ? table->rows() : std::max(terms.offset, table->first_row());
  const auto topic = topic_of(services, terms.table, terms.action);
  if (services.subscriptions.has(topic)) throw ScriptError("The subscription " + topic + " exists already.");
  auto session = std::make_unique<exec::WorkerSession>(context);
  auto made = std::make_unique<Subscription>(topic, std::move(terms), table, std::move(session));
  if (!services.subscriptions.add(topic, std::move(made))) {
    throw ScriptError("The subscription " + topic + " can't be added: it exists already, or the node has " +
                      std::to_string(SubscriptionBoard::kSubscriptionsMax) + " of them.");
  }
  return Value::of_string(topic);
}

Value unsubscribe(StreamServices& services, CallContext&, std::span<Value> args) {
  Arguments a("unsubscribeTable", args);
  refuse_server(a);
  services.subscriptions.remove(topic_of(services, a.text(1, "tableName"), a.text_or(2, "actionName", "")));
  return Value::null();
}

Value drop_table(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("dropStreamTable", args);
  const auto name = a.text(0, "tableName");
  const auto table = shared_stream(context, "dropStreamTable", name);
  const bool has_subscribers = services.subscriptions.is_subscribed(name) || services.publications.is_published(name);
  if (has_subscribers && !a.flag_or(1, "force", false))
    throw ScriptError("The stream table " + name + " has subscribers; unsubscribe them first.");
  const auto shared = context.shared_objects().find(name);
  if (const auto ha = shared ? ha_table_of(*shared) : nullptr) {
    drop_ha_table(services, context, *ha, args);
    return Value::null();
  }
  context.shared_objects().erase(name);
  services.publications.end_if([&](const PublicationTerms& terms) { return terms.table == name; });
  if (const auto log = table->stop_persisting()) {
    const auto removed = StreamLog::remove(*services.files, log->terms().folder);
    if (!removed.ok()) throw ScriptError(removed.error().message);
  }
  return Value::null();
}

void show_publications(const StreamServices& services, ColumnRows* connections, ColumnRows* tables) {
  connections->column("client", Type::kString);
  for (const char* name : {"queueDepthLimit", "queueDepth"}) connections->column(name, Type::kLong);
  connections->column("tables", Type::kString);
  for (const char* name : {"tableName", "subscriber"}) tables->column(name, Type::kString);
  tables->column("msgOffset", Type::kLong);
  tables->column("actions", Type::kString);
  for (const auto& f : services.publications.all()) {
    const auto client = Value::of_string(f.client_ip + ":" + std::to_string(f.client_port));
    connections->add({client, Value::of_long(f.waiting_max), Value::of_long(f.waiting), Value::of_string(f.table)});
    tables->add({Value::of_string(f.table), client, Value::of_long(f.last_row), Value::of_string(f.action)});
  }
}

Value statistics(StreamServices& services, CallContext&, std::span<Value>) {
  ColumnRows workers, tables, connections;
  for (const char* name : {"topic", "type"}) workers.column(name, Type::kString);
  for (const char* name : {"queueDepth", "processedMsgCount", "lastMsgId", "failedMsgCount"})
    workers.column(name, Type::kLong);
  workers.column("lastErrMsg", Type::kString);
  for (const auto& f : services.subscriptions.all()) {
    workers.add({Value::of_string(f.topic), Value::of_string("local"), Value::of_long(f.waiting),
                 Value::of_long(f.processed), Value::of_long(f.next_row - 1), Value::of_long(f.failed),
                 Value::of_string(f.last_error)});
  }
  show_publications(services, &connections, &tables);
  data::Dictionary result(Type::kString, Type::kAny, true);
  result.set(data::Scalar::of_string("pubConns"), connections.table());
  result.set(data::Scalar::of_string("pubTables"), tables.table());
  result.set(data::Scalar::of_string("subWorkers"), workers.table());
  return result;
}

/// The shared stream tables, then what persistenceDir holds of tables that nobody has shared since the node started.
/// option: 1: persisted ones only; 2: the others.
Value list_tables(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("getStreamTables", args);
  const auto option = a.integer_or(0, "option", 0);
  if (option < 0 || option > 2) a.refuse("option", "must be 0 for all, 1 for persisted ones or 2 for the others.");
  ColumnRows rows;
  rows.column("name", Type::kString);
  for (const char* name : {"shared", "persisted", "cachePurgeEnabled", "loaded"}) rows.column(name, Type::kBool);
  rows.column("columns", Type::kInt);
  for (const char* name : {"rowsInMemory", "totalRows", "memoryUsed"}) rows.column(name, Type::kLong);
  const auto add = [&](const std::string& name, const StreamTable* table, bool is_persisted) {
    if (option != 0 && is_persisted != (option == 1)) return;
    const bool loaded = table != nullptr;
    const auto long_of = [&](int64_t number) {
      return loaded ? Value::of_long(number) : Value(data::Scalar::null_of(Type::kLong));
    };
    const int64_t total = loaded ? table->rows() : 0, first = loaded ? table->first_row() : 0;
    rows.add({Value::of_string(name), Value::of_bool(loaded), Value::of_bool(is_persisted), Value::of_bool(false),
              Value::of_bool(loaded),
              loaded ? Value::of_int(static_cast<int32_t>(table->schema().size()))
                     : Value(data::Scalar::null_of(Type::kInt)),
              long_of(total - first), long_of(total), long_of(loaded ? table->memory_bytes() : 0)});
  };
  std::set<std::string> kept;
  for (const auto& name : context.shared_objects().names()) {
    const auto found = context.shared_objects().find(name);
    const auto table = found ? stream_table_of(*found) : nullptr;
    if (table == nullptr) continue;
    const auto persistence = table->persistence();
    if (persistence) kept.insert(persistence->terms.folder);
    add(name, table.get(), persistence.has_value());
  }
  if (services.files == nullptr || services.persistence_folder.empty()) return rows.table();
  const auto folders = services.files->list(services.persistence_folder);
  for (const auto& name : folders.ok() ? *folders : std::vector<std::string>()) {
    const bool is_offset = name.find('.') != std::string::npos;  // beside the tables' folders
    if (!is_offset && !kept.contains(io::join_path(services.persistence_folder, name))) add(name, nullptr, true);
  }
  return rows.table();
}

Value set_filter_column(CallContext&, std::span<Value> args) {
  Arguments a("setStreamTableFilterColumn", args);
  const auto table = stream_table_of(args[0]);
  if (table == nullptr) a.refuse("streamTable", "must be a stream table.");
  const auto column = a.text(1, "columnName");
  const auto schema = table->schema();
  if (std::none_of(schema.begin(), schema.end(), [&](const auto& c) { return c.name == column; }))
    a.refuse("columnName", "must name a column of the table.");
  table->set_filter_column(column);
  return Value::null();
}

void register_tables(functions::Registry& registry) {
  const auto row = [&](Declaration d) { functions::declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"streamTable", "X, [args...]", stream_maker(registry, "table", false),
       "A table that only grows and tells its subscribers; made as table() makes one.",
       "t = streamTable(10:0, `a`b, [INT, STRING]); t.append!(table(1 2 as a, `x`y as b)); exec b from t where a = 2",
       "[\"y\"]"});
  row({"keyedStreamTable", "keyColumns, X, [args...]", stream_maker(registry, "keyedTable", true),
       "A stream table that ignores rows whose key it has seen.",
       "t = keyedStreamTable(`a, 10:0, `a`b, [INT, INT]); t.append!(table(1 2 1 as a, 5 6 7 as b)); exec b from t",
       "[5,6]"});
  functions::declare(registry, kFamily, Nature::kCommand,
                     {"setStreamTableFilterColumn",
                      "streamTable, columnName",
                      set_filter_column,
                      "The column whose values subscribers may ask for.",
                      "t = streamTable(10:0, `a`b, [INT, INT]); setStreamTableFilterColumn(t, `a)",
                      {}});
}

}  // namespace

std::shared_ptr<StreamTable> shared_stream(CallContext& context, std::string_view function, const std::string& name) {
  const auto found = context.shared_objects().find(name);
  auto table = found ? stream_table_of(*found) : nullptr;
  if (table == nullptr)
    throw ScriptError(std::string(function) + ": there is no shared stream table named " + name + ".");
  return table;
}

std::string topic_of(const StreamServices& services, const std::string& table, const std::string& action) {
  return services.node + "/" + table + (action.empty() ? "" : "/" + action);
}

std::shared_ptr<StreamTable> stream_table_of(const Value& value) {
  if (!value.is_table_object()) return nullptr;
  const auto object = exec::readable(value.table_object());
  if (const auto ha = std::dynamic_pointer_cast<HaStreamTable>(object)) return ha->rows();
  return std::dynamic_pointer_cast<StreamTable>(object);
}

data::TableRef table_object_of(CallContext& context, std::string_view function, Value& table) {
  if (table.is_table_object()) return table.table_object();
  if (!table.is_plain_table())
    throw ScriptError(std::string(function) + ": a table is expected, not " + table.type_text() + ".");
  const Shared<Table> rows = table.table_shared();
  const data::TableRef object = std::make_shared<data::SharedTable>(*rows);
  for (const auto& name : context.variable_names()) {
    Value* variable = context.find_variable(name);
    if (variable != nullptr && variable->is_plain_table() && variable->table_shared().shares_with(rows))
      *variable = object;
  }
  return object;
}

void register_stream_functions(functions::Registry& registry, StreamServices& services) {
  const auto bound = [&services](auto* run) {
    return [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
  };
  const auto row = [&](Nature nature, Declaration d) { functions::declare(registry, kFamily, nature, std::move(d)); };
  register_tables(registry);
  row(Nature::kCommand,
      {"subscribeTable",
       "[server], [tableName], [actionName], [offset=-1], [handler], [msgAsTable=false], [batchSize=0], [throttle=1], "
       "[hash=-1], [reconnect=false], [filter], [persistOffset=false], [timeTrigger=false], [handlerNeedMsgId=false]",
       bound(subscribe), "Calls a handler with the rows that come to a shared stream table; the topic.",
       "share streamTable(10:0, `a, [INT]) as exampleStreamA\ngo\nsize(subscribeTable(tableName=`exampleStreamA, "
       "actionName=`x, handler=print)) > 0",
       "true"});
  row(Nature::kCommand, {"unsubscribeTable",
                         "[server], [tableName], [actionName], [removeOffset=true]",
                         bound(unsubscribe),
                         "Ends a subscription.",
                         "share streamTable(10:0, `a, [INT]) as exampleStreamB\ngo\nsubscribeTable(tableName="
                         "`exampleStreamB, actionName=`x, handler=print)\nunsubscribeTable(tableName=`exampleStreamB, "
                         "actionName=`x)",
                         {}});
  row(Nature::kCommand, {"dropStreamTable",
                         "tableName, [force=false]",
                         bound(drop_table),
                         "Drops a shared stream table.",
                         "share streamTable(10:0, `a, [INT]) as exampleStreamC\ngo\ndropStreamTable(`exampleStreamC)",
                         {}});
  row(Nature::kWhole, {"existsStreamTable", "tableName",
                       [](CallContext& context, std::span<Value> args) -> Value {
                         const auto found =
                             context.shared_objects().find(Arguments("existsStreamTable", args).text(0, "tableName"));
                         return Value::of_bool(found && stream_table_of(*found) != nullptr);
                       },
                       "Whether there is a shared stream table of that name.", "existsStreamTable(`nothing)", "false"});
  row(Nature::kWhole, {"existsSubscriptionTopic", "[server], [tableName], [actionName]",
                       [&services](CallContext&, std::span<Value> args) -> Value {
                         Arguments a("existsSubscriptionTopic", args);
                         refuse_server(a);
                         return Value::of_bool(services.subscriptions.has(
                             topic_of(services, a.text(1, "tableName"), a.text_or(2, "actionName", ""))));
                       },
                       "Whether there is such a subscription.", "existsSubscriptionTopic(, `nothing, `x)", "false"});
  row(Nature::kWhole,
      {"getStreamingStat", "", bound(statistics), "A dictionary of tables: pubConns, pubTables, subWorkers.",
       "size(getStreamingStat().subWorkers) >= 0", "true"});
  row(Nature::kWhole,
      {"getStreamTables", "[option=0]", bound(list_tables),
       "The node's stream tables: all, with option 1 those persisted, with 2 the others. What is only on "
       "disk since the node started is neither shared nor loaded.",
       "share streamTable(10:0, `a`b, [INT, INT]) as exampleStreamI\ngo\nexec columns from "
       "getStreamTables(2) where name = `exampleStreamI",
       "[2]"});
  register_publishing(registry, services);
  register_engine_functions(registry, services);
  register_persistence(registry, services);
  register_ha_streams(registry, services);
  register_replay(registry);
  register_stream_filter(registry, services);
  register_events(registry, services);
  register_event_processing(registry, services);
  register_data_views(registry, services);
  register_access_control(registry, services);
}

}  // namespace pelorus::stream
