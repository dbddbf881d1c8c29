#pragma once
// The functions of scripts that concern streams: tables, subscriptions, engines.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "exec/sharing/shared_access.h"
#include "functions/arguments.h"
#include "functions/registry.h"
#include "io/file_system.h"
#include "stream/engines/engine_board.h"
#include "stream/ha/stream_group.h"
#include "stream/publish/publication_board.h"
#include "stream/subscription.h"
#include "stream/topic_offsets.h"

namespace pelorus::stream {

/// Offsets of subscriptions with a meaning of their own; others are numbers of rows.
inline constexpr int64_t kNewRows = -1, kSavedOffset = -2, kEarliestRow = -3;

class GraphBoard;

/// What the functions work on. Outlives the registry; cleared before the sessions' surroundings go.
struct StreamServices {
  std::string node;                 // "host:port:alias", the beginning of topics
  io::FileSystem* files = nullptr;  // of persisted tables
  std::string persistence_folder;   // empty: the node has none
  SystemClock clock;
  struct Publishing {
    size_t connections_max = 0;  // 0: nothing is published
    int64_t waiting_rows_max = 0;
  };
  Publishing publishing;
  /// The connection of a session; null when it has none. Empty: there are no clients.
  std::function<std::shared_ptr<wire::Peer>(uint64_t session)> peer_of;
  /// Where `server` of subscribeTable leads: an alias of the cluster or a connection. kInvalid for other values.
  std::function<Result<PublisherSite>(const data::Value& server)> site_of;
  OpenFeed open_feed;
  int64_t relay_rows_max = 0;  // of another node's table that wait here for a handler
  TopicOffsets topic_offsets;
  PublicationBoard publications;
  SubscriptionBoard subscriptions;
  EngineBoard engines;
  exec::SharedAccess engine_access;
  EngineBoard data_views;  // of createDataViewEngine outside of monitors
  std::string alias;       // of this node
  StreamGroups groups;
  /// Calls a function on another node of the cluster on the caller's behalf. Empty: there are no others.
  std::function<Result<data::Value>(const std::string& alias, const functions::Caller& caller,
                                    const std::string& function, std::vector<data::Value> arguments)>
      run_on = {};

  /// Calls a method of the controllers (meta/messages.h), for so long at most. Empty: this program has none.
  std::function<Result<Bytes>(std::string_view method, const Bytes& payload, std::chrono::milliseconds patience)>
      ask_controllers = {};
  std::shared_ptr<GraphBoard> graphs = {};  // of this node; made with its functions

  /// Groups stay: their logs are stopped by the node.
  void clear();
};

/// streamTable keyedStreamTable subscribeTable unsubscribeTable dropStreamTable existsStreamTable
/// existsSubscriptionTopic getStreamingStat setStreamTableFilterColumn, create…Engine, getStreamEngine dropStreamEngine
/// getStreamEngineStat
void register_stream_functions(functions::Registry& registry, StreamServices& services);

/// getSubscriptionTopic publishTable stopPublishTable activeClosePublishConnection
void register_publishing(functions::Registry& registry, StreamServices& services);
/// "host:port:alias/table/action".
std::string topic_of(const StreamServices& services, const std::string& table, const std::string& action);
/// A subscription opened at another site.
struct OpenedRelay {
  std::unique_ptr<FeedRelay> relay;
  std::string topic;
  int64_t first_row = 0;
};
/// `offset`: as subscribeTable takes it. ScriptError naming `function`.
OpenedRelay open_relay(StreamServices& services, std::string_view function, PublisherSite site,
                       const std::string& table, const std::string& action, int64_t offset, bool reconnects);

/// ScriptError naming `function` when there is no such table, or when the caller may not read it.
std::shared_ptr<StreamTable> shared_stream(functions::CallContext& context, std::string_view function,
                                           const std::string& name);

/// removeTopicOffset getTopicProcessedOffset
void register_topic_offsets(functions::Registry& registry, StreamServices& services);
/// getStreamingStat
void register_streaming_statistics(functions::Registry& registry, StreamServices& services);

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
/// How the rows of a stream table are kept on disk.
struct PersistenceTerms {
  std::string folder;  // of this table alone
  bool sync_each = false;
  std::chrono::minutes retention{1440};
  int64_t memory_rows_max = 0;  // 0: no bound
};
/// Arguments from `at` on: asynWrite, compress, cacheSize, retentionMinutes. Without the folder.
PersistenceTerms persistence_terms(const functions::Arguments& a, size_t at);
/// Rows found in the folder come first. ScriptError.
void persist_rows(StreamServices& services, StreamTable& table, const PersistenceTerms& terms);
void register_replay(functions::Registry& registry);

/// createStreamGraph and its family: graphs, their streams, tables and engines.
void register_stream_graphs(functions::Registry& registry, StreamServices& services);

/// addAccessControl
void register_access_control(functions::Registry& registry, StreamServices& services);

/// haStreamTable getStreamingLeader getStreamingRaftGroups
void register_ha_streams(functions::Registry& registry, StreamServices& services);
/// The highly available stream table behind a value; null when it is none.
std::shared_ptr<HaStreamTable> ha_table_of(const data::Value& value);
/// Drops it on all members; `args` are dropStreamTable's.
void drop_ha_table(StreamServices& services, functions::CallContext& context, const HaStreamTable& table,
                   std::span<const data::Value> args);

/// The stream table behind a value, of a highly available one the rows this member has; null when it is none.
/// ScriptError where the caller may not read it.
std::shared_ptr<StreamTable> stream_table_of(const data::Value& value);

/// The table behind a value with an identity of its own; a plain table becomes one in all session variables that hold
/// it.
data::TableRef table_object_of(functions::CallContext& context, std::string_view function, data::Value& table);

}  // namespace pelorus::stream
