#include "stream/functions.h"

#include "stream/arrival_table.h"
#include "stream/column_rows.h"
#include "stream/engine_arguments.h"
#include "stream/graph/catalog_stream.h"
#include "stream/graph/full_name.h"
#include "stream/graph/graph_board.h"
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

/// The site that `server` names; nothing: this node.
std::optional<PublisherSite> site_argument(StreamServices& services, CallContext& context, const Arguments& a) {
  // A table of a catalog is looked for where it is.
  const bool is_named = is_given(a, 0) && !(a[0].is_text() && a.text(0, "server").empty());
  const Value server =
      is_named ? a[0]
               : Value::of_string(node_of_stream(services, context.shared_objects(), a.text_or(1, "tableName", "")));
  if (server.is_text() && (server.text().empty() || server.text() == services.alias)) return std::nullopt;
  if (!services.site_of) a.refuse("server", "must be left out: this program reaches no other nodes.");
  auto site = services.site_of(server);
  if (!site.ok()) throw ScriptError(std::string(a.function()) + ": " + site.error().message);
  constexpr std::string_view kGuest = "guest";
  if (site->is_member && context.caller().user != kGuest) site->user = context.caller().user;
  return *std::move(site);
}

/// Of a subscription of this node. Empty when there is none to that site.
std::string subscribed_topic(StreamServices& services, CallContext& context, const Arguments& a) {
  const auto table = a.text(1, "tableName"), action = is_given(a, 2) ? a.text(2, "actionName") : std::string();
  const auto site = site_argument(services, context, a);
  return site ? services.subscriptions.remote_topic(site->host, site->port, table, action)
              : topic_of(services, table, action);
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
  kRaftGroup,
  kUserId,
  kPassword,
  kUdpMulticast,
};

std::chrono::milliseconds throttle_argument(const Arguments& a) {
  const double throttle = a.number_or(kThrottle, "throttle", 1);
  constexpr double kThrottleMax = 86400, kThrottleMin = 0.001, kMs = 1000;
  if (!(throttle >= kThrottleMin) || throttle > kThrottleMax)
    a.refuse("throttle", "must be between 0.001 and 86400 seconds.");
  return std::chrono::milliseconds(static_cast<int64_t>(throttle * kMs));
}

/// All but where the rows come from.
SubscriptionTerms subscription_terms(StreamServices& services, CallContext& context, const Arguments& a) {
  SubscriptionTerms terms{.table = a.text(kTableName, "tableName"),
                          .action = a.text_or(kActionName, "actionName", ""),
                          .message_as_table = a.flag_or(kMsgAsTable, "msgAsTable", false),
                          .handler_needs_id = a.flag_or(kHandlerNeedMsgId, "handlerNeedMsgId", false),
                          .batch_rows = a.integer_or(kBatchSize, "batchSize", 0),
                          .throttle = throttle_argument(a)};
  if (!a.has(kHandler)) a.refuse("handler", "is missing.");
  terms.handler = a[kHandler];
  if (terms.handler.is_table()) terms.handler = table_object_of(context, "subscribeTable", a[kHandler]);
  if (!terms.handler.is_function() && !terms.handler.is_table()) a.refuse("handler", "must be a function or a table.");
  if (is_given(a, kRaftGroup)) a.refuse("raftGroup", "is not offered: subscriptions belong to one node.");
  if (a.flag_or(kUdpMulticast, "udpMulticast", false)) a.refuse("udpMulticast", "must be false: rows go over TCP.");
  if (a.flag_or(kPersistOffset, "persistOffset", false)) {
    if (!services.topic_offsets.is_on_disk())
      a.refuse("persistOffset", "needs a folder: set persistenceOffsetDir or persistenceDir in the configuration.");
    terms.offsets = &services.topic_offsets;
  }
  return terms;
}

int64_t offset_argument(const Arguments& a) {
  const int64_t offset = a.integer_or(kOffset, "offset", kNewRows);
  if (offset < kEarliestRow) a.refuse("offset", "must be the number of a row, -1 for new rows, -2 or -3.");
  return offset;
}

/// The first row that a subscription to a table of this node gets.
int64_t local_offset(StreamServices& services, const Arguments& a, const StreamTable& table, const std::string& topic) {
  int64_t offset = offset_argument(a);
  if (offset == kSavedOffset) offset = services.topic_offsets.find(topic).value_or(kNewRows);
  if (offset > table.rows()) a.refuse("offset", "must not be beyond the table's rows.");
  return offset == kNewRows ? table.rows() : std::max(offset, table.oldest_row());
}

/// Opens the subscription at the other site. The topic there.
std::string relay_argument(StreamServices& services, const Arguments& a, PublisherSite site, SubscriptionTerms* terms) {
  if (is_given(a, kUserId) && !a.text(kUserId, "userId").empty()) {
    site.user = a.text(kUserId, "userId");
    site.password = a.text_or(kPassword, "password", "");
    site.is_member = false;
  }
  auto opened = open_relay(services, "subscribeTable", std::move(site), terms->table, terms->action, offset_argument(a),
                           a.flag_or(kReconnect, "reconnect", false));
  terms->offset = opened.first_row;
  terms->relay = std::move(opened.relay);
  return opened.topic;
}

Value subscribe(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("subscribeTable", args);
  auto terms = subscription_terms(services, context, a);
  const auto site = site_argument(services, context, a);
  std::shared_ptr<StreamTable> table;
  if (!site) table = shared_stream(context, "subscribeTable", terms.table);
  auto topic = site ? services.subscriptions.remote_topic(site->host, site->port, terms.table, terms.action)
                    : topic_of(services, terms.table, terms.action);
  if (services.subscriptions.has(topic)) throw ScriptError("The subscription " + topic + " exists already.");
  if (site) {
    topic = relay_argument(services, a, *site, &terms);
    table = terms.relay->table();
  } else {
    terms.offset = local_offset(services, a, *table, topic);
  }
  if (is_given(a, kFilter)) terms.filter = RowFilter::make("subscribeTable", *table, a[kFilter], context);
  auto session = std::make_unique<exec::WorkerSession>(context);
  auto made = std::make_unique<Subscription>(topic, std::move(terms), table, std::move(session));
  if (!services.subscriptions.add(topic, std::move(made))) {
    throw ScriptError("The subscription " + topic + " can't be added: it exists already, or the node has " +
                      std::to_string(SubscriptionBoard::kSubscriptionsMax) + " of them.");
  }
  return Value::of_string(topic);
}

Value unsubscribe(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("unsubscribeTable", args);
  const auto topic = subscribed_topic(services, context, a);
  if (topic.empty()) throw ScriptError("There is no subscription to " + a.text(1, "tableName") + " of that server.");
  services.subscriptions.remove(topic);
  constexpr size_t kRemoveOffset = 3;
  if (a.flag_or(kRemoveOffset, "removeOffset", true)) services.topic_offsets.remove(topic);
  return Value::null();
}

Value drop_table(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("dropStreamTable", args);
  const auto name = a.text(0, "tableName");
  const auto table = shared_stream(context, "dropStreamTable", name);
  // A member of a stream group that drops such a table for good has no session here, where the group is led.
  const bool is_passed_on = context.caller().session_id == 0 && ha_table_of(*context.shared_objects().find(name));
  if (is_stream_name(name) && !is_passed_on)
    a.refuse("tableName", "names a stream table of a catalog: use dropOrcaStreamTable.");
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

Value filter_column(CallContext&, std::span<Value> args) {
  const Arguments a("getStreamTableFilterColumn", args);
  const auto table = stream_table_of(args[0]);
  if (table == nullptr) a.refuse("streamTable", "must be a stream table.");
  return Value::of_string(table->filter_column());
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
  row({"getStreamTableFilterColumn", "streamTable", filter_column,
       "The column whose values subscribers may ask for; empty when there is none.",
       "t = streamTable(10:0, `a`b, [INT, INT]); setStreamTableFilterColumn(t, `b); getStreamTableFilterColumn(t)",
       "\"b\""});
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

OpenedRelay open_relay(StreamServices& services, std::string_view function, PublisherSite site,
                       const std::string& table, const std::string& action, int64_t offset, bool reconnects) {
  RelayTerms relay{.feed = {.site = std::move(site),
                            .table = table,
                            .action = action,
                            .offset_of =
                                [&saved = services.topic_offsets, offset](const std::string& topic) {
                                  return offset == kSavedOffset ? saved.find(topic).value_or(kNewRows) : offset;
                                }},
                   .reconnects = reconnects,
                   .waiting_rows_max = services.relay_rows_max};
  auto feed = services.open_feed(relay.feed, [] { return false; });
  if (!feed.ok()) throw ScriptError(std::string(function) + ": " + feed.error().message);
  OpenedRelay opened{.relay = {}, .topic = (*feed)->topic(), .first_row = (*feed)->first_row()};
  opened.relay = std::make_unique<FeedRelay>(std::move(relay), services.open_feed, std::move(*feed));
  return opened;
}

void StreamServices::clear() {
  if (graphs) graphs->clear();
  publications.clear();
  subscriptions.clear();
  engines.clear();
  data_views.clear();
}

std::string topic_of(const StreamServices& services, const std::string& table, const std::string& action) {
  return services.node + "/" + table + (action.empty() ? "" : "/" + action);
}

std::shared_ptr<StreamTable> stream_table_of(const Value& value) {
  if (!value.is_table_object()) return nullptr;
  const auto object = exec::readable(value.table_object());
  if (const auto ha = std::dynamic_pointer_cast<HaStreamTable>(object)) return ha->rows();
  if (const auto arrivals = std::dynamic_pointer_cast<ArrivalTable>(object)) return arrivals->rows();
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

/// Those that stand in files of their own.
static void register_families(functions::Registry& registry, StreamServices& services) {
  register_arrival_columns(registry);
  register_publishing(registry, services);
  register_topic_offsets(registry, services);
  register_streaming_statistics(registry, services);
  register_engine_functions(registry, services);
  register_persistence(registry, services);
  register_ha_streams(registry, services);
  register_replay(registry);
  register_stream_filter(registry, services);
  register_events(registry, services);
  register_event_processing(registry, services);
  register_data_views(registry, services);
  register_access_control(registry, services);
  register_stream_graphs(registry, services);
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
       "[hash=-1], [reconnect=false], [filter], [persistOffset=false], [timeTrigger=false], [handlerNeedMsgId=false], "
       "[raftGroup], [userId], [password], "
       "[udpMulticast=false]",
       bound(subscribe),
       "Calls a handler with the rows that come to a shared stream table of this node or of server, an alias of the "
       "cluster or a connection of xdb; the topic. offset: a row's number, -1 for new rows, -2 for those behind the "
       "last "
       "one handled (persistOffset), -3 for all that are kept. reconnect: a lost connection is opened again, and no "
       "row "
       "is missed that the publisher still has.",
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
                       [&services](CallContext& context, std::span<Value> args) -> Value {
                         const Arguments a("existsSubscriptionTopic", args);
                         return Value::of_bool(services.subscriptions.has(subscribed_topic(services, context, a)));
                       },
                       "Whether there is such a subscription.", "existsSubscriptionTopic(, `nothing, `x)", "false"});
  row(Nature::kWhole,
      {"getStreamTables", "[option=0]", bound(list_tables),
       "The node's stream tables: all, with option 1 those persisted, with 2 the others. What is only on "
       "disk since the node started is neither shared nor loaded.",
       "share streamTable(10:0, `a`b, [INT, INT]) as exampleStreamI\ngo\nexec columns from "
       "getStreamTables(2) where name = `exampleStreamI",
       "[2]"});
  register_families(registry, services);
}

}  // namespace pelorus::stream
