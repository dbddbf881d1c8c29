// getStreamingStat.

#include <algorithm>
#include <map>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "stream/column_rows.h"
#include "stream/engine_arguments.h"
#include "stream/functions.h"

namespace pelorus::stream {
namespace {

using data::Type;
using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

constexpr int64_t kNsPerMs = 1'000'000;

void add_columns(ColumnRows* rows, Type type, std::initializer_list<const char*> names) {
  for (const char* name : names) rows->column(name, type);
}

/// Wall clock nanoseconds as a TIMESTAMP; 0 is null.
Value timestamp_of(int64_t ns) {
  if (ns == 0) return data::Scalar::null_of(Type::kTimestamp);
  return data::Scalar::of(Type::kTimestamp, ns / kNsPerMs);
}

Value publisher_connections(const StreamServices& services) {
  struct Sum {
    int64_t limit = 0, waiting = 0;
    std::string tables;
  };
  std::map<std::string, Sum> subscribers;
  for (const auto& f : services.publications.all()) {
    auto& sum = subscribers[f.subscriber];
    sum.limit = f.waiting_max;
    sum.waiting += f.waiting;
    sum.tables += (sum.tables.empty() ? "" : ",") + f.table;
  }
  ColumnRows rows;
  add_columns(&rows, Type::kString, {"client"});
  add_columns(&rows, Type::kLong, {"queueDepthLimit", "queueDepth"});
  add_columns(&rows, Type::kString, {"tables"});
  for (const auto& [client, sum] : subscribers)
    rows.add({Value::of_string(client), Value::of_long(sum.limit), Value::of_long(sum.waiting),
              Value::of_string(sum.tables)});
  return rows.table();
}

Value published_tables(const StreamServices& services) {
  ColumnRows rows;
  add_columns(&rows, Type::kString, {"tableName", "subscriber"});
  add_columns(&rows, Type::kLong, {"msgOffset"});
  add_columns(&rows, Type::kString, {"actions"});
  for (const auto& f : services.publications.all())
    rows.add({Value::of_string(f.table), Value::of_string(f.subscriber), Value::of_long(f.last_row),
              Value::of_string(f.action)});
  return rows.table();
}

/// One row a publisher: latencies are those of its subscription that heard last, in milliseconds.
Value subscriber_connections(const StreamServices& services) {
  std::map<std::string, FeedFacts> publishers;
  services.subscriptions.for_each([&](const Subscription& subscription) {
    if (subscription.terms().relay == nullptr) return;
    const auto facts = subscription.terms().relay->facts();
    auto& sum = publishers[facts.publisher];
    const int64_t rows = sum.rows + facts.rows;
    if (facts.last_ns >= sum.last_ns) sum = facts;
    sum.rows = rows;
  });
  ColumnRows rows;
  add_columns(&rows, Type::kString, {"publisher"});
  add_columns(&rows, Type::kLong, {"cumMsgCount"});
  add_columns(&rows, Type::kDouble, {"cumMsgLatency", "lastMsgLatency"});
  add_columns(&rows, Type::kTimestamp, {"lastUpdate"});
  add_columns(&rows, Type::kString, {"lastErrMsg"});
  const auto ms = [](int64_t ns) { return Value::of_double(static_cast<double>(ns) / static_cast<double>(kNsPerMs)); };
  for (const auto& [publisher, f] : publishers)
    rows.add({Value::of_string(publisher), Value::of_long(f.rows), ms(f.mean_latency_ns), ms(f.last_latency_ns),
              timestamp_of(f.last_ns), Value::of_string(f.trouble)});
  return rows.table();
}

Value workers(const StreamServices& services) {
  ColumnRows rows;
  add_columns(&rows, Type::kInt, {"workerId"});
  add_columns(&rows, Type::kString, {"topic", "type"});
  add_columns(&rows, Type::kLong,
              {"queueDepthLimit", "queueDepth", "processedMsgCount", "lastMsgId", "failedMsgCount", "lastFailedMsgId"});
  add_columns(&rows, Type::kTimestamp, {"lastFailedTimestamp"});
  add_columns(&rows, Type::kString, {"lastErrMsg"});
  add_columns(&rows, Type::kBool, {"msgAsTable"});
  add_columns(&rows, Type::kLong, {"batchSize"});
  add_columns(&rows, Type::kDouble, {"throttle"});
  add_columns(&rows, Type::kBool, {"filter", "persistOffset", "handlerNeedMsgId"});
  int32_t id = 0;
  services.subscriptions.for_each([&](const Subscription& subscription) {
    const auto f = subscription.facts();
    const auto& terms = subscription.terms();
    constexpr double kMs = 1000;
    rows.add({Value::of_int(id++), Value::of_string(f.topic),
              Value::of_string(terms.relay == nullptr ? "local" : "tcp"), Value::of_long(services.relay_rows_max),
              Value::of_long(f.waiting), Value::of_long(f.processed), Value::of_long(f.next_row - 1),
              Value::of_long(f.failed), Value::of_long(f.last_failed_row), timestamp_of(f.last_failed_ns),
              Value::of_string(f.last_error), Value::of_bool(terms.message_as_table), Value::of_long(terms.batch_rows),
              Value::of_double(static_cast<double>(terms.throttle.count()) / kMs),
              Value::of_bool(terms.filter != nullptr), Value::of_bool(terms.offsets != nullptr),
              Value::of_bool(terms.handler_needs_id)});
  });
  return rows.table();
}

/// Rows are written to disk by whoever adds them: there are no workers.
Value persistence_workers(const StreamServices&) {
  ColumnRows rows;
  add_columns(&rows, Type::kInt, {"workerId"});
  add_columns(&rows, Type::kLong, {"queueDepthLimit", "queueDepth"});
  add_columns(&rows, Type::kString, {"tables"});
  return rows.table();
}

/// Nothing is published by multicast.
Value multicast_tables(const StreamServices&) {
  ColumnRows rows;
  add_columns(&rows, Type::kString, {"tableName", "channel"});
  add_columns(&rows, Type::kLong, {"msgOffset"});
  add_columns(&rows, Type::kString, {"actions"});
  add_columns(&rows, Type::kInt, {"subNum"});
  return rows.table();
}

Value statistics(const StreamServices& services, std::span<Value> args) {
  const Arguments a("getStreamingStat", args);
  const std::vector<std::pair<std::string, Value (*)(const StreamServices&)>> known{
      {"pubConns", publisher_connections},
      {"subConns", subscriber_connections},
      {"pubTables", published_tables},
      {"persistWorkers", persistence_workers},
      {"subWorkers", workers},
      {"udpPubTables", multicast_tables}};
  std::vector<std::string> wanted;
  if (is_given(a, 0)) wanted = a.texts(0, "stat");
  for (const auto& name : wanted) {
    if (std::ranges::find(known, name, [](const auto& entry) { return entry.first; }) == known.end())
      a.refuse("stat",
               "must name tables of pubConns, subConns, pubTables, persistWorkers, subWorkers and udpPubTables; " +
                   name + " is none.");
  }
  data::Dictionary result(Type::kString, Type::kAny, true);
  for (const auto& [name, table] : known) {
    if (!wanted.empty() && std::ranges::find(wanted, name) == wanted.end()) continue;
    if (wanted.size() == 1) return table(services);
    result.set(data::Scalar::of_string(name), table(services));
  }
  return result;
}

}  // namespace

void register_streaming_statistics(functions::Registry& registry, StreamServices& services) {
  functions::declare(
      registry, "streams", Nature::kWhole,
      {"getStreamingStat", "[stat]",
       [&services](CallContext&, std::span<Value> args) { return statistics(services, args); },
       "Tables about streams, those named by stat or all: pubConns and pubTables tell who subscribes to this node, "
       "subConns to whom this node subscribes, subWorkers what the handlers have done. Latencies are in milliseconds.",
       "size(getStreamingStat(`subWorkers)) >= 0", "true"});
}

}  // namespace pelorus::stream
