#pragma once
// The functions of scripts that concern streams: tables, subscriptions, engines.

#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "functions/registry.h"
#include "io/file_system.h"
#include "stream/engines/engine_board.h"
#include "stream/subscription.h"

namespace pelorus::stream {

/// What the functions work on. Outlives the registry; cleared before the sessions' surroundings go.
struct StreamServices {
  std::string node;                 // "host:port:alias", the beginning of topics
  io::FileSystem* files = nullptr;  // of persisted tables
  std::string persistence_folder;   // empty: the node has none
  SystemClock clock;
  SubscriptionBoard subscriptions;
  EngineBoard engines;
  EngineBoard data_views;  // of createDataViewEngine outside of monitors

  void clear() {
    subscriptions.clear();
    engines.clear();
    data_views.clear();
  }
};

/// streamTable keyedStreamTable subscribeTable unsubscribeTable dropStreamTable existsStreamTable
/// existsSubscriptionTopic getStreamingStat setStreamTableFilterColumn, create…Engine, getStreamEngine dropStreamEngine
/// getStreamEngineStat
void register_stream_functions(functions::Registry& registry, StreamServices& services);

/// Those of them that make and show engines.
void register_engine_functions(functions::Registry& registry, StreamServices& services);

/// create…JoinEngine, createSessionWindowEngine, appendForJoin getLeftStream getRightStream
void register_join_engines(functions::Registry& registry, StreamServices& services);
/// createOrderBookSnapshotEngine genOutputColumnsForOBSnapshotEngine updateOrderBookEngineParams
void register_order_book(functions::Registry& registry, StreamServices& services);
/// streamEngineParser
void register_engine_parser(functions::Registry& registry, StreamServices& services);

/// enableTableShareAndPersistence enableTablePersistence disableTablePersistence clearTablePersistence
/// getPersistenceMeta
void register_persistence(functions::Registry& registry, StreamServices& services);
void register_replay(functions::Registry& registry);

/// The stream table behind a value; null when it is none.
std::shared_ptr<StreamTable> stream_table_of(const data::Value& value);

/// The table behind a value with an identity of its own; a plain table becomes one in all session variables that hold
/// it.
data::TableRef table_object_of(functions::CallContext& context, std::string_view function, data::Value& table);

}  // namespace pelorus::stream
