#include "stream/graph/graph_board.h"

#include <algorithm>

#include "base/ids.h"
#include "base/log.h"
#include "base/script_error.h"
#include "meta/messages.h"
#include "stream/graph/catalog_stream.h"
#include "stream/graph/definition.h"
#include "stream/graph/full_name.h"

namespace pelorus::stream {

using data::TableRef;
using data::Value;
using functions::CallContext;
using meta::GraphStatus;
using Kind = meta::StreamGraphChange::Kind;

namespace {

/// What is known of a plan without its values.
meta::StreamGraph record_of(const GraphPlan& plan, const CallContext& context, const StreamServices& services) {
  meta::StreamGraph graph{.name = plan.name,
                          .id = Uuid::random().to_string(),
                          .node = services.alias,
                          .owner = context.caller().user,
                          .owner_is_admin = context.caller().is_admin,
                          .created_ns = services.clock.wall_ns()};
  for (const auto& node : plan.nodes) {
    if (node.kind == NodeKind::kTable) {
      if (std::find(graph.tables.begin(), graph.tables.end(), node.name) == graph.tables.end())
        graph.tables.push_back(node.name);
      if (node.is_own) graph.own_tables.push_back(node.name);
    } else if (!node.name.empty()) {
      graph.engines.push_back(node.name);
    }
  }
  return graph;
}

int64_t number_of(const GraphNode& node, std::string_view parameter, int64_t otherwise) {
  const auto* value = node.argument(parameter);
  return value == nullptr ? otherwise : value->scalar().as_int64();
}

/// What terms_arguments() made of them.
CatalogStreamTerms terms_of(const GraphNode& node) {
  CatalogStreamTerms terms{.schema = node.schema,
                           .keys = {},
                           .sync_each = number_of(node, "syncEach", 0) != 0,
                           .retention_minutes = number_of(node, "retentionMinutes", 1440),
                           .memory_rows_max = number_of(node, "cacheSize", 0),
                           .group = number_of(node, "raftGroup", 0)};
  if (const auto* keys = node.argument("keyColumn")) {
    for (size_t i = 0; i < keys->vector().size(); ++i) terms.keys.push_back(keys->vector().text_at(i));
  }
  return terms;
}

void require_user(const CallContext& context, std::string_view function) {
  if (context.caller().user == "guest")
    throw ScriptError("<NoPrivilege>" + std::string(function) +
                      ": log in first, a guest has no stream graphs or tables.");
}

}  // namespace

namespace {

/// Controllers and agents are there for the cluster. A program that knows no kinds of nodes may.
void check_place(CallContext& context, std::string_view function) {
  const auto type_of = context.find_function("getNodeType");
  if (!type_of) return;
  constexpr int64_t kAgent = 1, kController = 2;
  const Value type = context.call(*type_of, {});
  const int64_t kind = type.is_scalar() ? type.scalar().as_int64() : -1;
  if (kind == kAgent || kind == kController)
    throw ScriptError(std::string(function) +
                      ": stream graphs and their tables live on data and compute nodes: call it on one of these.");
}

}  // namespace

std::vector<std::pair<std::string, Value>> terms_arguments(const CatalogStreamTerms& terms) {
  std::vector<std::pair<std::string, Value>> arguments{{"syncEach", Value::of_int(terms.sync_each ? 1 : 0)},
                                                       {"retentionMinutes", Value::of_long(terms.retention_minutes)},
                                                       {"cacheSize", Value::of_long(terms.memory_rows_max)},
                                                       {"raftGroup", Value::of_long(terms.group)}};
  if (!terms.keys.empty())
    arguments.emplace_back("keyColumn", data::Vector::of_strings(data::Type::kString, terms.keys));
  return arguments;
}

// ------------------------------------------------------------------ tables

TableRef GraphBoard::open_table(CallContext& context, const std::string& name, const CatalogStreamTerms& terms) {
  if (terms.group == 0) {
    // A new table has no rows: files of that name are of one that was dropped while this node was down.
    drop_catalog_stream(services_, context.shared_objects(), name);
    return open_catalog_stream(services_, name, terms);
  }
  const auto maker = context.find_function("haStreamTable");
  CHECK(maker.has_value());
  const Value key_column =
      terms.keys.empty() ? Value::null() : Value(data::Vector::of_strings(data::Type::kString, terms.keys));
  const Value made =
      context.call(*maker, {Value::of_int(static_cast<int32_t>(terms.group)), Value(data::Table(terms.schema)),
                            Value::of_string(name), Value::of_long(std::max<int64_t>(terms.memory_rows_max, 1)),
                            key_column, Value::of_long(terms.retention_minutes)});
  return made.table_object();
}

void GraphBoard::add_own(CallContext& context, const GraphNode& node, const meta::StreamGraphs& known, Tables* tables) {
  const auto terms = terms_of(node);
  const auto* there = known.find_table(node.name);
  if (there == nullptr) {
    tables->all[node.name] = open_table(context, node.name, terms);
    tables->made.push_back({.name = node.name,
                            .id = Uuid::random().to_string(),
                            .node = services_.alias,
                            .group = terms.group,
                            .owner = context.caller().user,
                            .definition = definition_of(terms)});
    return;
  }
  const auto former = terms_of_definition(there->definition);
  if (!former.ok()) throw ScriptError(former.error().message);
  if (!same_columns(former->schema, terms.schema) || former->keys != terms.keys)
    throw ScriptError(
        "The stream table " + there->name +
        " exists already with other columns or keys: drop it first (dropOrcaStreamTable) or take another name.");
  if (there->node != services_.alias && there->group == 0)
    throw ScriptError("The stream table " + there->name + " exists already on the node " + there->node +
                      ": submit the graph there, or read it by sourceByName.");
  tables->all[node.name] = find_catalog_stream(services_, context, "StreamGraph::submit", node.name).table_object();
}

GraphBoard::Tables GraphBoard::tables_of(CallContext& context, const GraphPlan& plan, const meta::StreamGraphs& known) {
  Tables tables;
  try {
    for (const auto& node : plan.nodes) {
      if (node.kind != NodeKind::kTable || tables.all.contains(node.name)) continue;
      if (node.is_own) {
        add_own(context, node, known, &tables);
      } else {
        const Value table = find_catalog_stream(services_, context, "StreamGraph::submit", node.name);
        if (!same_columns(table.table_object()->schema(), node.schema))
          throw ScriptError("The stream table " + node.name + " has other columns by now than the graph was made for.");
        tables.all[node.name] = table.table_object();
      }
    }
  } catch (const ScriptError&) {
    drop_made(context, tables.made);
    throw;
  }
  return tables;
}

void GraphBoard::drop_local(CallContext& context, const std::string& table) {
  const auto found = context.shared_objects().find(table);
  if (const auto ha = found ? ha_table_of(*found) : nullptr) {
    const std::vector<Value> name{Value::of_string(table)};
    drop_ha_table(services_, context, *ha, name);
    return;
  }
  drop_catalog_stream(services_, context.shared_objects(), table);
}

void GraphBoard::drop_made(CallContext& context, const std::vector<meta::CatalogStream>& made) {
  for (const auto& table : made) {
    try {
      drop_local(context, table.name);
    } catch (const ScriptError& error) {
      log_error("The stream table " + table.name + " can't be taken back: " + error.message());
    }
  }
}

namespace {

bool is_of_graph(const Subscription& subscription) {
  return subscription.terms().action.find("." + std::string(meta::kGraphSchema) + ".") != std::string::npos;
}

}  // namespace

/// Graphs are known to the controllers, which look at them.
void GraphBoard::check_no_readers(const std::string& table) const {
  std::string reader;
  services_.subscriptions.for_each([&](const Subscription& subscription) {
    const auto& terms = subscription.terms();
    if (terms.relay == nullptr && terms.table == table && !is_of_graph(subscription)) reader = terms.action;
  });
  if (!reader.empty() || services_.publications.is_published(table))
    throw ScriptError("The stream table " + table + " has subscribers" + (reader.empty() ? "" : " (" + reader + ")") +
                      "; unsubscribe them first.");
}

Value GraphBoard::create_table(CallContext& context, std::string_view function, const std::string& name,
                               const CatalogStreamTerms& terms) {
  require_user(context, function);
  check_place(context, function);
  check_outside();
  const std::lock_guard lock(changing_);
  if (ask_stream_graphs(services_, function).find_table(name) != nullptr)
    throw ScriptError(std::string(function) + ": the stream table " + name + " exists already.");
  const auto table = open_table(context, name, terms);
  const meta::CatalogStream record{.name = name,
                                   .id = Uuid::random().to_string(),
                                   .node = services_.alias,
                                   .group = terms.group,
                                   .owner = context.caller().user,
                                   .definition = definition_of(terms)};
  try {
    (void)change_stream_graphs(
        services_, function, {.user = context.caller().user, .kind = Kind::kAddTable, .graph = {}, .tables = {record}});
  } catch (const ScriptError&) {
    drop_made(context, {record});
    throw;
  }
  if (terms.group == 0) context.shared_objects().put(name, Value(table));
  return table;
}

void GraphBoard::drop_table(CallContext& context, std::string_view function, const meta::CatalogStream& table) {
  check_outside();
  const std::lock_guard lock(changing_);
  check_no_readers(table.name);
  (void)change_stream_graphs(services_, function,
                             {.user = context.caller().user, .kind = Kind::kDropTable, .graph = {}, .tables = {table}});
  drop_local(context, table.name);
}

// ------------------------------------------------------------------ graphs

void GraphBoard::begin(CallContext& context, const GraphPlan& plan, meta::StreamGraph graph,
                       std::optional<std::string> definition, GraphStart from) {
  constexpr std::string_view kSubmit = "StreamGraph::submit";
  if (count() >= kGraphsMax)
    throw ScriptError("This node runs " + std::to_string(kGraphsMax) + " stream graphs already: submit it elsewhere.");
  const auto known = ask_stream_graphs(services_, kSubmit);
  auto tables = tables_of(context, plan, known);
  auto running = std::make_unique<RunningGraph>(services_, plan, graph.id);
  bool is_known = false;
  try {
    running->prepare(context, tables.all);
    (void)change_stream_graphs(services_, kSubmit,
                               {.user = context.caller().user,
                                .kind = Kind::kSubmit,
                                .graph = graph,
                                .tables = tables.made,
                                .definition = std::move(definition)});
    is_known = true;
    for (const auto& made : tables.made) {
      if (made.group == 0) context.shared_objects().put(made.name, Value(tables.all.at(made.name)));
    }
    running->start(context, from);
  } catch (const ScriptError&) {
    running->end(true);
    if (is_known) take_back(context, graph, tables.made);
    drop_made(context, tables.made);
    throw;
  }
  put(graph.name, std::move(running));
}

void GraphBoard::put(const std::string& name, std::unique_ptr<RunningGraph> graph) {
  const std::lock_guard lock(mutex_);
  running_[name] = std::move(graph);
}

/// The record of a graph whose subscriptions could not begin.
void GraphBoard::take_back(CallContext& context, const meta::StreamGraph& graph,
                           const std::vector<meta::CatalogStream>& made) {
  const auto undo = [&](meta::StreamGraphChange change) {
    try {
      change.user = context.caller().user;
      (void)change_stream_graphs(services_, "StreamGraph::submit", change);
    } catch (const ScriptError& error) {
      log_error("The record of the stream graph " + graph.name + " can't be taken back: " + error.message());
    }
  };
  undo({.user = {}, .kind = Kind::kDestroy, .graph = graph, .tables = {}});
  undo({.user = {}, .kind = Kind::kPurge, .graph = graph, .tables = {}});
  for (const auto& table : made) undo({.user = {}, .kind = Kind::kDropTable, .graph = {}, .tables = {table}});
}

void GraphBoard::submit(CallContext& context, StreamGraphObject& object, const std::string& settings) {
  require_user(context, "StreamGraph::submit");
  check_place(context, "StreamGraph::submit");
  object.check_open("StreamGraph::submit");
  const auto plan = object.plan();
  if (plan.nodes.empty())
    throw ScriptError("StreamGraph::submit: the stream graph " + plan.name + " has no source yet.");
  auto graph = record_of(plan, context, services_);
  graph.settings = settings;
  check_outside();
  const std::lock_guard lock(changing_);
  begin(context, plan, std::move(graph), write_definition(plan, context), GraphStart::kNew);
  object.close();
}

void GraphBoard::submit_again(CallContext& context, const meta::StreamGraph& graph) {
  check_outside();
  const std::lock_guard lock(changing_);
  exec::WorkerSession session(context);
  const auto plan = read_definition(ask_definition(services_, "resubmitStreamGraph", graph), session.interpreter());
  auto again = graph;
  again.status = GraphStatus::kRunning;
  again.reason.clear();
  end(graph.name, true);
  begin(session.interpreter(), plan, std::move(again), std::nullopt, GraphStart::kNew);
}

void GraphBoard::set_status(CallContext& context, const std::string& graph, GraphStatus status,
                            const std::string& reason) {
  meta::StreamGraph wanted{.name = graph};
  wanted.status = status;
  wanted.reason = reason;
  (void)change_stream_graphs(services_, "stream graphs",
                             {.user = context.caller().user, .kind = Kind::kSetStatus, .graph = wanted, .tables = {}});
}

void GraphBoard::stop(CallContext& context, const meta::StreamGraph& graph) {
  check_outside();
  const std::lock_guard lock(changing_);
  set_status(context, graph.name, GraphStatus::kStopped, {});
  end(graph.name, true);
}

void GraphBoard::start(CallContext& context, const meta::StreamGraph& graph) {
  check_outside();
  const std::lock_guard lock(changing_);
  exec::WorkerSession session(context);
  auto& interpreter = session.interpreter();
  const auto plan = read_definition(ask_definition(services_, "startStreamGraph", graph), interpreter);
  auto tables = tables_of(interpreter, plan, ask_stream_graphs(services_, "startStreamGraph"));
  if (!tables.made.empty()) {
    drop_made(interpreter, tables.made);
    throw ScriptError("startStreamGraph: the stream table " + tables.made[0].name + " of " + graph.name +
                      " was dropped: dropStreamGraph, then resubmitStreamGraph.");
  }
  auto running = std::make_unique<RunningGraph>(services_, plan, graph.id);
  try {
    running->prepare(interpreter, std::move(tables.all));
    running->start(interpreter, GraphStart::kNew);
    set_status(context, graph.name, GraphStatus::kRunning, {});
  } catch (const ScriptError&) {
    running->end(true);
    throw;
  }
  put(graph.name, std::move(running));
}

void GraphBoard::destroy(CallContext& context, const meta::StreamGraph& graph, bool with_tables) {
  check_outside();
  const std::lock_guard lock(changing_);
  if (with_tables) {
    for (const auto& table : graph.own_tables) check_no_readers(table);
  }
  const auto after = change_stream_graphs(services_, "dropStreamGraph",
                                          {.user = context.caller().user,
                                           .kind = Kind::kDestroy,
                                           .graph = graph,
                                           .tables = {},
                                           .with_tables = with_tables});
  end(graph.name, true);
  if (!with_tables) return;
  for (const auto& table : graph.own_tables) {
    if (after.find_table(table) == nullptr) drop_local(context, table);
  }
}

void GraphBoard::end(const std::string& name, bool forget) {
  std::unique_ptr<RunningGraph> ended;  // ends outside of the lock
  {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(name);
    if (found == running_.end()) return;
    ended = std::move(found->second);
    running_.erase(found);
  }
  ended->end(forget);
}

size_t GraphBoard::count() const {
  const std::lock_guard lock(mutex_);
  return running_.size();
}

void GraphBoard::check_outside() const {
  bool is_inside = false;
  services_.subscriptions.for_each([&](const Subscription& subscription) {
    is_inside = is_inside || (is_of_graph(subscription) && subscription.runs_here());
  });
  if (is_inside)
    throw ScriptError(
        "A function of a stream graph can't begin or end stream graphs or their tables: its own end would "
        "have to wait for it.");
}

bool GraphBoard::look_at(const std::string& name, const std::function<void(const RunningGraph&)>& see) const {
  const std::lock_guard lock(mutex_);
  const auto found = running_.find(name);
  if (found == running_.end()) return false;
  see(*found->second);
  return true;
}

std::string ask_definition(const StreamServices& services, std::string_view function, const meta::StreamGraph& graph) {
  const auto fail = [&](const std::string& reason) {
    throw ScriptError(std::string(function) + ": the definition of " + graph.name + " can't be read: " + reason);
  };
  if (!services.ask_controllers) fail("this program has no controllers.");
  const auto bytes = services.ask_controllers(
      meta::kListRecords, meta::encode(meta::RecordsRequest{meta::kGraphDefinitionsArea}), kControllerPatience);
  if (!bytes.ok()) fail(bytes.error().message);
  const auto reply = meta::decode<meta::RecordsReply>(*bytes, meta::kListRecords);
  if (!reply.ok()) fail(reply.error().message);
  const auto found = reply->records.find(graph.id);
  if (found == reply->records.end()) fail("it is not there.");
  return found->second;
}

}  // namespace pelorus::stream
