// What clients call to subscribe: getSubscriptionTopic publishTable stopPublishTable activeClosePublishConnection.

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "stream/engine_arguments.h"
#include "stream/functions.h"
#include "stream/graph/catalog_stream.h"

namespace pelorus::stream {
namespace {

using data::Value;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr std::string_view kFamily = "streams";

Value columns_of(const StreamTable& table) {
  Vector names(data::Type::kString);
  for (const auto& column : table.schema()) names.push_back(Value::of_string(column.name));
  return names;
}

/// Clients that ask the wrong node for a table of a catalog are told which one has it, as they are told of the leader
/// of a highly available table.
void check_place(StreamServices& services, CallContext& context, const std::string& table) {
  const auto node = node_of_stream(services, context.shared_objects(), table);
  if (node.empty() || !services.site_of) return;
  const auto site = services.site_of(Value::of_string(node));
  if (!site.ok()) throw ScriptError(site.error().message);
  throw ScriptError("<NotLeader>" + site->host + ":" + std::to_string(site->port) + ":" + node);
}

Value topic(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("getSubscriptionTopic", args);
  const auto name = a.text(0, "tableName");
  check_place(services, context, name);
  const auto table = shared_stream(context, "getSubscriptionTopic", name);
  const auto action = is_given(a, 1) ? a.text(1, "actionName") : std::string();
  return Vector::tuple({Value::of_string(topic_of(services, name, action)), columns_of(*table)});
}

enum PublishAt : size_t { kHost, kPort, kTable, kAction, kOffset, kFilter, kAllowExists, kReset, kUdp, kStreamingSql };

/// The connection that is to get the rows. ScriptError where it cannot be one.
std::shared_ptr<wire::Peer> subscriber(StreamServices& services, const CallContext& context, const Arguments& a) {
  if (services.publishing.connections_max == 0)
    throw ScriptError("Publishing is not enabled on this node: set maxPubConnections above 0. RefId: S00001");
  if (a.flag_or(kUdp, "udpMulticast", false)) a.refuse("udpMulticast", "must be false: rows go over TCP here.");
  if (a.flag_or(kStreamingSql, "streamingSQL", false)) a.refuse("streamingSQL", "must be false.");
  auto peer = services.peer_of ? services.peer_of(context.caller().session_id) : nullptr;
  if (peer == nullptr) throw ScriptError("publishTable: only a client's own connection can subscribe.");
  const bool listens = !peer->is_for_streams() && is_given(a, kPort) && a.integer(kPort, "port") > 0;
  if (listens)
    throw ScriptError(
        "publishTable: rows are sent on the subscriber's own connection only; update the client, or set its port for "
        "streaming to 0.");
  return peer;
}

int64_t first_row_of(StreamServices& services, const Arguments& a, const StreamTable& table, const std::string& topic) {
  const int64_t offset = is_given(a, kOffset) ? a.integer(kOffset, "offset") : kNewRows;
  const int64_t rows = table.rows(), first = table.oldest_row();
  if (offset == kNewRows) return rows;
  if (offset == kEarliestRow) return first;
  if (offset < kEarliestRow) a.refuse("offset", "must be the number of a row, -1 for new rows, -2 or -3.");
  int64_t from = offset;
  if (offset == kSavedOffset) {
    const auto saved = services.topic_offsets.find(topic);
    if (!saved) return rows;
    from = *saved;
  }
  if (from < first || from > rows)
    throw ScriptError("Can't find the message with offset [" + std::to_string(from) + "]: the table has rows " +
                      std::to_string(first) + " to " + std::to_string(rows - 1) + ".");
  return from;
}

std::unique_ptr<RowFilter> filter_of(const Arguments& a, const StreamTable& table, const wire::Peer& peer,
                                     CallContext& context) {
  if (const auto condition = peer.row_condition(); !condition.empty())
    return RowFilter::of_condition(condition, context);
  if (!is_given(a, kFilter)) return nullptr;
  const Value& wanted = a[kFilter];
  if (wanted.is_vector() && wanted.vector().empty()) return nullptr;
  if (wanted.is_text() && wanted.scalar().text().empty()) return nullptr;
  return RowFilter::make("publishTable", table, wanted, context);
}

/// A client that comes back at once may be faster than the news of its old connection's end.
void make_place(StreamServices& services, CallContext& context, const PublicationTerms& terms, bool may_replace) {
  constexpr int kTries = 50;
  constexpr int64_t kPauseMs = 10;
  for (int i = 0; i < kTries; ++i) {
    const auto other = services.publications.find(terms.table, terms.action, terms.subscriber);
    if (other == nullptr) return;
    if (may_replace && (other->terms().user == terms.user || context.caller().is_admin)) {
      services.publications.end_if([&](const PublicationTerms& t) {
        return t.table == terms.table && t.action == terms.action && t.subscriber == terms.subscriber;
      });
      return;
    }
    context.sleep_ms(kPauseMs);
  }
  throw ScriptError("The subscription " + terms.topic + " of " + terms.subscriber +
                    " exists already: choose another actionName. RefId: S03002");
}

/// Nodes name where they listen; clients name no port and are told apart by their address.
std::string subscriber_of(const functions::Caller& caller, const Arguments& a) {
  const int64_t port = is_given(a, kPort) && a[kPort].is_scalar() ? a.integer(kPort, "port") : 0;
  return port > 0 ? a.text(kHost, "host") + ":" + std::to_string(port) : caller.remote_ip;
}

Value publish(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("publishTable", args);
  const auto peer = subscriber(services, context, a);
  PublicationTerms terms{.table = a.text(kTable, "tableName"),
                         .action = is_given(a, kAction) ? a.text(kAction, "actionName") : std::string(),
                         .topic = {},
                         .user = context.caller().user,
                         .client_ip = context.caller().remote_ip,
                         .client_port = context.caller().remote_port,
                         .subscriber = subscriber_of(context.caller(), a),
                         .waiting_rows_max = services.publishing.waiting_rows_max,
                         .filter = nullptr};
  check_place(services, context, terms.table);
  const auto table = shared_stream(context, "publishTable", terms.table);
  StreamGroup* group = nullptr;
  if (const auto found = context.shared_objects().find(terms.table); const auto ha = ha_table_of(*found)) {
    group = &ha->group();
    const auto leader = group->leads() ? Result<std::string>(services.alias) : group->leader();
    if (!leader.ok()) throw ScriptError(leader.error().message);
    if (*leader != services.alias) throw ScriptError("<NotLeader>" + group->site_of(*leader));
    terms.group = group->id();
  }
  terms.topic = topic_of(services, terms.table, terms.action);
  terms.offset = first_row_of(services, a, *table, terms.topic);
  terms.filter = filter_of(a, *table, *peer, context);
  terms.as_tables = !peer->row_condition().empty();
  if (is_given(a, kOffset) && a.integer(kOffset, "offset") == kSavedOffset) terms.offsets = &services.topic_offsets;
  make_place(services, context, terms, a.flag_or(kAllowExists, "allowExists", false));
  const auto topic = terms.topic;
  const auto made = services.publications.add(std::move(terms), services.publications.feed_of(table), peer,
                                              services.publishing.connections_max);
  if (made == nullptr)
    throw ScriptError("The subscription " + topic + " can't be added: it exists already, or the node has " +
                      std::to_string(services.publishing.connections_max) +
                      " subscribers (maxPubConnections). RefId: S03002");
  peer->after_answer([made] { made->begin(); });
  if (group == nullptr) return columns_of(*table);
  if (!group->leads()) made->end();  // leadership moved meanwhile
  Vector sites(data::Type::kString);
  for (const auto& member : group->members()) sites.push_back(Value::of_string(group->site_of(member)));
  return Vector::tuple({columns_of(*table), sites});
}

/// Publications the caller may end: its own from that address, any for an administrator.
bool may_end(const functions::Caller& caller, const PublicationTerms& terms) {
  return terms.client_ip == caller.remote_ip && (terms.user == caller.user || caller.is_admin);
}

Value stop(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("stopPublishTable", args);
  const auto table = a.text(kTable, "tableName");
  const auto action = is_given(a, kAction) ? a.text(kAction, "actionName") : std::string();
  constexpr size_t kRemoveOffset = 4;
  const auto& caller = context.caller();
  const auto subscriber = subscriber_of(caller, a);
  services.publications.end_if([&](const PublicationTerms& terms) {
    return terms.table == table && terms.action == action && terms.subscriber == subscriber && may_end(caller, terms);
  });
  if (a.flag_or(kRemoveOffset, "removeOffset", false)) services.topic_offsets.remove(topic_of(services, table, action));
  return Value::null();
}

/// Clients call it with a host and a port, or with an action and a table.
Value close_connection(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("activeClosePublishConnection", args);
  const auto& caller = context.caller();
  const auto is_text = [&](size_t i) { return is_given(a, i) && a[i].is_text(); };
  if (is_text(0) && is_text(1)) {
    const auto first = a.text(0, "actionName"), second = a.text(1, "tableName");
    services.publications.end_if([&](const PublicationTerms& terms) {
      const bool is_meant =
          (terms.action == first && terms.table == second) || (terms.action == second && terms.table == first);
      return is_meant && may_end(caller, terms);
    });
  } else if (is_text(0) && is_given(a, 1) && a[1].is_scalar()) {
    const int64_t port = a.integer(1, "port");
    services.publications.end_if(
        [&](const PublicationTerms& terms) { return terms.client_port == port && may_end(caller, terms); });
  }
  return Value::null();
}

}  // namespace

void register_publishing(functions::Registry& registry, StreamServices& services) {
  const auto row = [&](auto* run, Nature nature, Declaration d) {
    d.run = [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
    functions::declare(registry, kFamily, nature, std::move(d));
  };
  row(topic, Nature::kWhole,
      {.name = "getSubscriptionTopic",
       .parameters = "tableName, [actionName], [streamingSQL=false]",
       .summary = "The topic under which a client gets the rows of a shared stream table, and the table's columns.",
       .example = "share streamTable(10:0, `a`b, [INT, INT]) as exampleStreamJ\ngo\n"
                  "getSubscriptionTopic(`exampleStreamJ, `x)[1]",
       .result = "[\"a\",\"b\"]"});
  row(publish, Nature::kCommand,
      {.name = "publishTable",
       .parameters = "host, port, tableName, [actionName], [offset=-1], [filter], [allowExists=false], "
                     "[resetOffset=false], [udpMulticast=false], [streamingSQL=false]",
       .summary =
           "Called by clients on a connection of its own: rows of a shared stream table come on it from now on, "
           "the columns first. offset: the number of the first row, -1 for new rows, -2 for those behind the last "
           "one sent for this topic, -3 for all that are kept. filter: as subscribeTable takes it.",
       .example = "share streamTable(10:0, `a, [INT]) as exampleStreamK\ngo\n"
                  "try { publishTable(\"localhost\", 0, `exampleStreamK, `x) } catch(ex) { }"});
  row(stop, Nature::kCommand,
      {.name = "stopPublishTable",
       .parameters = "host, port, tableName, [actionName], [removeOffset=false], [udpMulticast=false]",
       .summary =
           "Called by clients: ends what publishTable began for a client at the caller's address; its connection "
           "is closed.",
       .example = "stopPublishTable(\"localhost\", 0, `nothing, `x)"});
  row(close_connection, Nature::kCommand,
      {.name = "activeClosePublishConnection",
       .parameters = "[host], [port], [force]",
       .summary = "Called by clients that come back after their connection broke: closes what is left of it, named by "
                  "its port, or by action and table.",
       .example = "activeClosePublishConnection(\"localhost\", 0)"});
}

}  // namespace pelorus::stream
