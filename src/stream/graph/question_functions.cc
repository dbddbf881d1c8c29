// What can be asked of stream graphs: records of the cluster, and what their nodes know of engines and subscriptions.

#include <algorithm>
#include <set>

#include "base/script_error.h"
#include "functions/json_value.h"
#include "stream/column_rows.h"
#include "stream/engine_arguments.h"
#include "stream/graph/definition.h"
#include "stream/graph/full_name.h"
#include "stream/graph/graph_board.h"
#include "stream/graph/methods.h"

namespace pelorus::stream {
namespace {

using data::Dictionary;
using data::Scalar;
using data::Type;
using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

constexpr const char* kSemantics = "at-least-once";

Value text(std::string value) { return Value::of_string(std::move(value)); }
Value moment(int64_t ns) {
  constexpr int64_t kNsPerMs = 1'000'000;
  return Value(Scalar::of<int64_t>(Type::kTimestamp, ns / kNsPerMs));
}
std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) all += (all.empty() ? "" : ",") + part;
  return all;
}

void put(Dictionary* dictionary, const std::string& key, const Value& value) {
  dictionary->set(Scalar::of_string(key), value);
}
Dictionary object() { return Dictionary(Type::kString, Type::kAny, true); }
Value list(std::vector<Value> values) { return data::Vector::tuple(std::move(values)); }

/// Those asked for: all, or the one that the first argument names, none when it is not there.
std::vector<meta::StreamGraph> graphs_argument(const StreamServices& services, CallContext& context,
                                               const Arguments& a) {
  const auto known = ask_stream_graphs(services, a.function());
  std::vector<meta::StreamGraph> graphs;
  if (is_given(a, 0)) {
    const auto* graph = known.find_graph(full_name(context, a.function(), meta::kGraphSchema, a.text(0, "name")));
    if (graph != nullptr) graphs.push_back(*graph);
    return graphs;
  }
  for (const auto& [name, graph] : known.graphs) graphs.push_back(graph);
  return graphs;
}

/// The graph runs on one node as one task.
Value tasks_of(const meta::StreamGraph& graph) {
  auto task = object();
  put(&task, "id", text(graph.id));
  put(&task, "node", text(graph.node));
  put(&task, "status", text(std::string(meta::name_of(graph.status))));
  put(&task, "reason", text(graph.reason));
  return list({Value(task)});
}

Value graph_meta(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("getStreamGraphMeta", args);
  ColumnRows rows;
  for (const char* name : {"id", "fqn", "status", "semantics", "checkpointConfig", "tasks"})
    rows.column(name, Type::kString);
  rows.column("createTime", Type::kTimestamp);
  rows.column("owner", Type::kString);
  rows.column("reason", Type::kString);
  for (const auto& graph : graphs_argument(services, context, a)) {
    rows.add({text(graph.id), text(graph.name), text(std::string(meta::name_of(graph.status))), text(kSemantics),
              text(graph.settings), text(functions::to_standard_json(tasks_of(graph))), moment(graph.created_ns),
              text(graph.owner), text(graph.reason)});
  }
  return rows.table();
}

Dictionary node_facts(const GraphNode& node, size_t place, const std::string& graph, const std::vector<Value>& in,
                      const std::vector<Value>& out) {
  auto parallelism = object();
  put(&parallelism, "keyName", node.kind == NodeKind::kSplit ? *node.argument("columnName") : text(""));
  put(&parallelism, "count", Value::of_int(static_cast<int32_t>(node.lanes)));
  auto properties = object();
  put(&properties, "type", text(node.call));
  put(&properties, "name", text(node.name));
  auto facts = object();
  put(&facts, "id", Value::of_int(static_cast<int32_t>(place)));
  put(&facts, "subgraphId", Value::of_int(0));
  put(&facts, "taskId", text(graph + "_" + std::to_string(place)));
  put(&facts, "parallelism", Value(parallelism));
  put(&facts, "properties", Value(properties));
  put(&facts, "inEdges", list(in));
  put(&facts, "outEdges", list(out));
  return facts;
}

std::string structure_of(const GraphPlan& plan, const std::string& id) {
  std::vector<Value> nodes, edges;
  std::vector<std::vector<Value>> in(plan.nodes.size()), out(plan.nodes.size());
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    for (const auto input : plan.nodes[n].inputs) {
      const auto number = Value::of_int(static_cast<int32_t>(edges.size()));
      in[n].push_back(number);
      out[input].push_back(number);
      auto edge = object();
      put(&edge, "id", number);
      put(&edge, "inNodeId", Value::of_int(static_cast<int32_t>(input)));
      put(&edge, "outNodeId", Value::of_int(static_cast<int32_t>(n)));
      const bool shuffles = plan.nodes[n].kind == NodeKind::kSplit || plan.nodes[n].kind == NodeKind::kMerge;
      put(&edge, "partitionType", text(shuffles ? "SHUFFLE" : "FORWARD"));
      edges.push_back(Value(edge));
    }
  }
  for (size_t n = 0; n < plan.nodes.size(); ++n)
    nodes.push_back(Value(node_facts(plan.nodes[n], n, id, in[n], out[n])));
  auto graph = object();
  put(&graph, "version", Value::of_int(1));
  put(&graph, "nodes", list(std::move(nodes)));
  put(&graph, "edges", list(std::move(edges)));
  return functions::to_standard_json(Value(graph));
}

Value graph_info(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("getStreamGraphInfo", args);
  ColumnRows rows;
  for (const char* name : {"id", "fqn", "graph", "meta"}) rows.column(name, Type::kString);
  for (const auto& graph : graphs_argument(services, context, a)) {
    auto facts = object();
    put(&facts, "id", text(graph.id));
    put(&facts, "status", text(std::string(meta::name_of(graph.status))));
    put(&facts, "semantics", text(kSemantics));
    put(&facts, "tasks", tasks_of(graph));
    put(&facts, "createTime", moment(graph.created_ns));
    put(&facts, "reason", text(graph.reason));
    const auto plan = read_structure(ask_definition(services, a.function(), graph));
    rows.add({text(graph.id), text(graph.name), text(structure_of(plan, graph.id)),
              text(functions::to_standard_json(Value(facts)))});
  }
  return rows.table();
}

Value table_meta(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("getOrcaStreamTableMeta", args);
  const auto known = ask_stream_graphs(services, a.function());
  ColumnRows rows;
  for (const char* name : {"id", "fqn", "site", "graphRefs"}) rows.column(name, Type::kString);
  rows.column("raftGroupId", Type::kInt);
  const auto add = [&](const meta::CatalogStream& table) {
    std::vector<std::string> users;
    for (const auto* graph : known.users_of(table.name)) users.push_back(graph->id);
    rows.add({text(table.id), text(table.name), text(table.node), text(joined(users)),
              Value::of_int(static_cast<int32_t>(table.group))});
  };
  if (is_given(a, 0)) {
    const auto* table = known.find_table(full_name(context, a.function(), meta::kStreamSchema, a.text(0, "name")));
    if (table != nullptr) add(*table);
  } else {
    for (const auto& [name, table] : known.tables) add(table);
  }
  return rows.table();
}

/// Asks the node that runs the graph; `fill` adds the rows here.
Value ask_node(StreamServices& services, CallContext& context, std::span<Value> args, std::string_view function,
               std::initializer_list<const char*> columns,
               const std::function<void(const RunningGraph&, ColumnRows&)>& fill) {
  const Arguments a(function, args);
  const auto name = full_name(context, function, meta::kGraphSchema, a.text(0, "name"));
  const auto known = ask_stream_graphs(services, function);
  const auto* graph = known.find_graph(name);
  if (graph == nullptr) throw ScriptError(std::string(function) + ": the stream graph doesn't exist: " + name + ".");
  if (auto answer = run_at(services, context, graph->node, function, {text(graph->name)})) return *std::move(answer);
  ColumnRows rows;
  for (const char* column : columns) rows.column(column, Type::kString);
  (void)services.graphs->look_at(graph->name, [&](const RunningGraph& running) { fill(running, rows); });
  return rows.table();
}

Value engine_meta(StreamServices& services, CallContext& context, std::span<Value> args) {
  return ask_node(services, context, args, "getOrcaStreamEngineMeta", {"taskId", "name", "type", "schema", "fqn"},
                  [](const RunningGraph& running, ColumnRows& rows) {
                    for (const auto& engine : running.engines()) {
                      std::vector<std::string> columns;
                      for (const auto& column : engine.schema)
                        columns.push_back(column.name + ":" + std::string(types::name_of(column.type)) +
                                          (column.array ? "[]" : ""));
                      rows.add({text(engine.task), text(engine.name), text(engine.type), text(joined(columns)),
                                text(engine.full_name)});
                    }
                  });
}

Value subscription_meta(StreamServices& services, CallContext& context, std::span<Value> args) {
  return ask_node(services, context, args, "getOrcaStreamTaskSubscriptionMeta", {"taskId", "tableName", "actionName"},
                  [](const RunningGraph& running, ColumnRows& rows) {
                    for (const auto& one : running.subscriptions())
                      rows.add({text(one.task), text(one.table), text(one.action)});
                  });
}

/// What a node's rows come from: tables and engines only, by name.
std::vector<std::string> parents_of(const GraphPlan& plan, size_t node) {
  std::vector<std::string> names;
  for (const auto input : plan.nodes[node].inputs) {
    const auto& from = plan.nodes[input];
    auto found = from.kind == NodeKind::kTable || from.is_engine() ? std::vector<std::string>{label_of(from, input)}
                                                                   : parents_of(plan, input);
    names.insert(names.end(), found.begin(), found.end());
  }
  return names;
}

/// The nodes that lead to the table, in the plan of one graph; nothing when it does not write or read the table.
std::optional<Dictionary> lineage_of(const GraphPlan& plan, const std::string& table) {
  std::set<size_t> wanted;
  for (size_t n = plan.nodes.size(); n-- > 0;) {
    if (plan.nodes[n].kind == NodeKind::kTable && plan.nodes[n].name == table) wanted.insert(n);
    if (!wanted.contains(n)) continue;
    for (const auto input : plan.nodes[n].inputs) wanted.insert(input);
  }
  if (wanted.empty()) return std::nullopt;
  auto lineage = object();
  for (const auto n : wanted) {
    const auto& node = plan.nodes[n];
    if (node.kind != NodeKind::kTable && !node.is_engine()) continue;
    auto facts = object();
    put(&facts, "isRoot", Value::of_bool(node.inputs.empty()));
    put(&facts, "isTable", Value::of_bool(node.kind == NodeKind::kTable));
    put(&facts, "isEngine", Value::of_bool(node.is_engine()));
    put(&facts, "parents", Value(data::Vector::of_strings(Type::kString, parents_of(plan, n))));
    put(&lineage, label_of(node, n), Value(facts));
  }
  return lineage;
}

Value data_lineage(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("getOrcaDataLineage", args);
  const auto table = full_name(context, a.function(), meta::kStreamSchema, a.text(0, "name"));
  const auto known = ask_stream_graphs(services, a.function());
  auto all = object();
  for (const auto& [name, graph] : known.graphs) {
    if (std::find(graph.tables.begin(), graph.tables.end(), table) == graph.tables.end()) continue;
    const auto lineage = lineage_of(read_structure(ask_definition(services, a.function(), graph)), table);
    if (!lineage) continue;
    auto facts = object();
    put(&facts, "fqn", text(graph.name));
    put(&facts, "isDeleted", Value::of_bool(!graph.is_live()));
    for (size_t i = 0; i < lineage->size(); ++i) facts.set(lineage->keys().scalar_at(i), lineage->values().at(i));
    put(&all, graph.id, Value(facts));
  }
  return text(functions::to_standard_json(Value(all)));
}

#define RUNNING_GRAPH                                                                             \
  "if (!existsCatalog(\"sheet\")) { createCatalog(\"sheet\") }\ngo\n"                             \
  "use catalog sheet\ng = createStreamGraph(\"example\")\n"                                       \
  "g.source(\"trades\", `sym`price, [SYMBOL, DOUBLE]).reactiveStateEngine(<cumsum(price)>, `sym)" \
  ".setEngineName(\"sums\").sink(\"kept\")\ng.submit()\n"

}  // namespace

void register_graph_questions(functions::Registry& registry, StreamServices& services) {
  const auto row = [&](std::string_view name, std::string_view parameters, auto* run, std::string_view summary,
                       std::string_view example, std::string_view result) {
    functions::declare(
        registry, kGraphFamily, Nature::kWhole,
        {.name = name,
         .parameters = parameters,
         .run = [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); },
         .summary = summary,
         .example = example,
         .result = result});
  };
  row("getStreamGraphMeta", "[name]", graph_meta,
      "The cluster's stream graphs, or one: status (running, stopped, failed, destroyed), where it runs, whose it is.",
      RUNNING_GRAPH "exec status from getStreamGraphMeta(\"example\")", "[\"running\"]");
  row("getStreamGraphInfo", "[name]", graph_info, "The steps of stream graphs and their records, as JSON.",
      RUNNING_GRAPH "size(parseExpr(getStreamGraphInfo(\"example\").graph[0]).eval().nodes)", "3");
  row("getOrcaStreamTableMeta", "[name]", table_meta,
      "The stream tables of catalogs, or one: the node that has it and the graphs that use it.",
      RUNNING_GRAPH "exec fqn from getOrcaStreamTableMeta()",
      "[\"sheet.orca_table.kept\",\"sheet.orca_table.trades\"]");
  row("getOrcaStreamEngineMeta", "name", engine_meta, "The engines of a stream graph that runs.",
      RUNNING_GRAPH "exec schema from getOrcaStreamEngineMeta(\"example\")", "[\"sym:SYMBOL,cumsum_price:DOUBLE\"]");
  row("getOrcaStreamTaskSubscriptionMeta", "name", subscription_meta, "The subscriptions of a stream graph that runs.",
      RUNNING_GRAPH "exec tableName from getOrcaStreamTaskSubscriptionMeta(\"example\")",
      "[\"sheet.orca_table.trades\"]");
  row("getOrcaDataLineage", "name", data_lineage,
      "What the rows of a stream table come from, in each graph that has it, as JSON.",
      RUNNING_GRAPH "strpos(getOrcaDataLineage(\"kept\"), \"sheet.orca_engine.sums\") > 0", "true");
}

}  // namespace pelorus::stream
