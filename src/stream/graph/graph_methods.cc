// Stream graphs as objects of scripts.

#include "base/script_error.h"
#include "exec/worker_session.h"
#include "functions/json_value.h"
#include "stream/engine_arguments.h"
#include "stream/graph/definition.h"
#include "stream/graph/full_name.h"
#include "stream/graph/graph_board.h"
#include "stream/graph/methods.h"

namespace pelorus::stream {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

Value create(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createStreamGraph", args);
  const auto name = full_name(context, a.function(), meta::kGraphSchema, a.text(0, "name"));
  const auto known = ask_stream_graphs(services, a.function());
  if (const auto* same = known.find_graph(name); same != nullptr && same->is_live())
    throw ScriptError("createStreamGraph: the stream graph " + same->name + " exists already and is " +
                      std::string(meta::name_of(same->status)) + "; getStreamGraph gives it, dropStreamGraph ends it.");
  return data::HandleRef(std::make_shared<StreamGraphObject>(GraphPlan{.name = name}, false));
}

Value get(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("getStreamGraph", args);
  const auto name = full_name(context, a.function(), meta::kGraphSchema, a.text(0, "name"));
  const auto known = ask_stream_graphs(services, a.function());
  const auto* graph = known.find_graph(name);
  if (graph == nullptr) throw ScriptError("getStreamGraph: the stream graph doesn't exist: " + name + ".");
  exec::WorkerSession session(context);
  auto plan = read_definition(ask_definition(services, a.function(), *graph), session.interpreter());
  return data::HandleRef(std::make_shared<StreamGraphObject>(std::move(plan), true));
}

constexpr std::string_view kCheckpointKeys[] = {"enable",
                                                "interval",
                                                "timeout",
                                                "alignedTimeout",
                                                "minIntervalBetweenCkpt",
                                                "consecutiveFailures",
                                                "maxConcurrentCheckpoints",
                                                "maxRetainedCheckpoints"};

Value submit(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("StreamGraph::submit", args);
  const auto graph = graph_argument(a);
  std::string settings;
  if (is_given(a, 1)) {
    if (!a[1].is_dictionary()) a.refuse("checkpointConfig", "must be a dictionary.");
    const auto& keys = a[1].dictionary().keys();
    for (size_t k = 0; k < keys.size(); ++k) {
      const auto key = keys.at(k).is_text() ? keys.at(k).text() : std::string();
      if (std::find(std::begin(kCheckpointKeys), std::end(kCheckpointKeys), key) == std::end(kCheckpointKeys))
        a.refuse("checkpointConfig", "has no option [" + key + "].");
    }
    settings = functions::to_standard_json(a[1]);
  }
  services.graphs->submit(context, *graph, settings);
  return Value::null();
}

EdgeSettings settings_argument(const Arguments& a, size_t i) {
  if (!a[i].is_dictionary()) a.refuse("dict", "must be a dictionary such as {\"subscription.batchSize\": 100}.");
  EdgeSettings settings;
  const auto& dictionary = a[i].dictionary();
  for (size_t k = 0; k < dictionary.size(); ++k) {
    const auto key = dictionary.keys().at(k).is_text() ? dictionary.keys().at(k).text() : std::string();
    Value value = dictionary.values().at(k);
    const Arguments one(a.function(), std::span<Value>(&value, 1));
    constexpr double kMsPerSecond = 1000, kThrottleMax = 86400;
    if (key == "subscription.batchSize") {
      settings.batch_rows = one.integer(0, key);
      if (*settings.batch_rows < 0) a.refuse(key, "must not be negative.");
    } else if (key == "subscription.throttle") {
      const double seconds = one.number(0, key);
      if (!(seconds > 0) || seconds > kThrottleMax) a.refuse(key, "must be between 0.001 and 86400 seconds.");
      settings.throttle_ms = std::max<int64_t>(1, static_cast<int64_t>(seconds * kMsPerSecond));
    } else if (key == "subscription.sourceOffset") {
      settings.source_offset = one.integer(0, key);
      if (*settings.source_offset < kEarliestRow)
        a.refuse(key, "must be the number of a row, -1 for new rows, -2 for those not handled yet or -3 for all kept.");
    } else if (key != "subscription.timeTrigger" && key != "privateTable.cacheSize") {
      // These two are taken: batches go by time anyway, and there are no private tables.
      a.refuse("dict", "has no setting [" + key +
                           "]; there are subscription.batchSize, subscription.throttle, subscription.timeTrigger, "
                           "subscription.sourceOffset and privateTable.cacheSize.");
    }
  }
  return settings;
}

Value set_config(CallContext&, std::span<Value> args) {
  const Arguments a("StreamGraph::setConfigMap", args);
  const auto settings = settings_argument(a, 1);
  graph_argument(a)->change(a.function(), [&](GraphPlan& plan) { plan.settings = settings.over(plan.settings); });
  return args[0];
}

Value set_local_config(CallContext&, std::span<Value> args) {
  const Arguments a("DStream::setLocalConfigOnce", args);
  const auto stream = stream_argument(a, 0, "stream");
  const auto settings = settings_argument(a, 1).over(stream->settings());
  return data::HandleRef(std::make_shared<StreamObject>(stream->graph(), stream->node(), settings));
}

/// sharedTable(name, …) as table(…), sharedKeyedTable(name, …) as keyedTable(…).
Value share_table(std::string_view method, std::string_view maker, CallContext& context, std::span<Value> args) {
  const Arguments a(method, args);
  const auto graph = graph_argument(a);
  const auto name = a.text(1, "name");
  const auto found = context.find_function(maker);
  CHECK(found.has_value());
  std::vector<Value> passed(args.begin() + 2, args.end());
  Value made = context.call(*found, std::span<Value>(passed));
  if (made.is_table_object()) made = Value(functions::table_argument(method, made));
  graph->change(method, [&](GraphPlan& plan) {
    for (const auto& [other, value] : plan.variables) {
      if (other == name)
        throw ScriptError(std::string(method) + ": the stream graph has a shared table " + name + " already.");
    }
    plan.variables.emplace_back(name, made);
  });
  return made;
}

Value find_shared(CallContext& context, std::span<Value> args) {
  const auto name = Arguments("orcaObj", args).text(0, "name");
  const auto* found = context.find_variable(std::string(kGraphVariable) + name);
  if (found == nullptr)
    throw ScriptError("orcaObj: there is no shared table " + name +
                      " here. Functions of a stream graph see what its sharedTable and sharedKeyedTable have made.");
  return *found;
}

std::string described(const GraphNode& node) { return node.name.empty() ? node.call : node.call + " " + node.name; }

Value as_text(CallContext&, std::span<Value> args) {
  const auto plan = graph_argument(Arguments("StreamGraph::str", args))->plan();
  std::string text = plan.name;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    text += "\n" + std::to_string(n) + ": " + described(plan.nodes[n]);
    for (size_t i = 0; i < plan.nodes[n].inputs.size(); ++i)
      text += (i == 0 ? " <- " : ", ") + std::to_string(plan.nodes[n].inputs[i]);
    if (plan.nodes[n].lanes > 1) text += " x" + std::to_string(plan.nodes[n].lanes);
  }
  return Value::of_string(text);
}

Value as_graphviz(CallContext&, std::span<Value> args) {
  const auto plan = graph_argument(Arguments("StreamGraph::toGraphviz", args))->plan();
  std::string text = "digraph \"" + plan.name + "\" {\n";
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const bool is_table = plan.nodes[n].kind == NodeKind::kTable;
    text += "  n" + std::to_string(n) + " [label=\"" + described(plan.nodes[n]) +
            "\", shape=" + (is_table ? "box" : "ellipse") + "];\n";
  }
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    for (const auto input : plan.nodes[n].inputs)
      text += "  n" + std::to_string(input) + " -> n" + std::to_string(n) + ";\n";
  }
  return Value::of_string(text + "}");
}

#define NEW_GRAPH                                                     \
  "if (!existsCatalog(\"sheet\")) { createCatalog(\"sheet\") }\ngo\n" \
  "use catalog sheet\ng = createStreamGraph(\"example\")\n"
#define SOURCE "s = g.source(\"trades\", `sym`price, [SYMBOL, DOUBLE])\n"

using Row = std::function<void(Nature, functions::Declaration)>;

void register_settings(const Row& row) {
  row(Nature::kCommand,
      {"StreamGraph::setConfigMap", "graph, dict", set_config,
       "Settings of the graph's subscriptions: subscription.batchSize, subscription.throttle, "
       "subscription.sourceOffset (-1: new rows, -3: all that are kept).",
       NEW_GRAPH "g.setConfigMap({\"subscription.batchSize\": 100}).name()", "\"sheet.orca_graph.example\""});
  row(Nature::kCommand,
      {"DStream::setLocalConfigOnce", "stream, dict", set_local_config,
       "The same settings for the subscription of what comes next only.",
       NEW_GRAPH SOURCE "s.setLocalConfigOnce({\"subscription.batchSize\": 100}).getOutputSchema().columnNames()",
       "[\"sym\",\"price\"]"});
  row(Nature::kCommand,
      {"StreamGraph::sharedTable", "graph, name, X, [args...]",
       [](CallContext& context, std::span<Value> args) {
         return share_table("StreamGraph::sharedTable", "table", context, args);
       },
       "A table that the functions of the graph's udfEngines share, found by orcaObj; made as table() makes one.",
       NEW_GRAPH "size(g.sharedTable(\"stats\", 1:0, `sum`count, [DOUBLE, LONG]))", "0"});
  row(Nature::kCommand, {"StreamGraph::sharedKeyedTable", "graph, name, keyColumns, X, [args...]",
                         [](CallContext& context, std::span<Value> args) {
                           return share_table("StreamGraph::sharedKeyedTable", "keyedTable", context, args);
                         },
                         "The same with keys; made as keyedTable() makes one.",
                         NEW_GRAPH "size(g.sharedKeyedTable(\"last\", `id, 1:0, `id`value, [INT, DOUBLE]))", "0"});
  row(Nature::kWhole, {"orcaObj",
                       "name",
                       find_shared,
                       "In a function of a stream graph: the table of that name that its functions share.",
                       "try { orcaObj(`stats) } catch(ex) { }",
                       {}});
}

}  // namespace

void register_graph_objects(functions::Registry& registry, StreamServices& services) {
  const auto bound = [&services](auto* run) {
    return [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
  };
  const Row row = [&](Nature nature, functions::Declaration d) {
    functions::declare(registry, kGraphFamily, nature, std::move(d));
  };
  row(Nature::kCommand, {"createStreamGraph", "name", bound(create),
                         "A stream graph: sources, engines and sinks as its methods add them. submit() makes it run on "
                         "this node, for good: "
                         "it goes on after a restart, until dropStreamGraph.",
                         NEW_GRAPH "g.name()", "\"sheet.orca_graph.example\""});
  row(Nature::kWhole, {"getStreamGraph", "name", bound(get), "A graph that was submitted.",
                       NEW_GRAPH SOURCE "s.sink(\"kept\")\ng.submit()\ngetStreamGraph(\"example\").name()",
                       "\"sheet.orca_graph.example\""});
  row(Nature::kCommand, {"StreamGraph::submit",
                         "graph, [checkpointConfig]",
                         bound(submit),
                         "Makes the graph's tables, engines and subscriptions on this node and tells the cluster of "
                         "them. checkpointConfig is "
                         "kept for show: after a restart engines see the rows again that their tables keep.",
                         NEW_GRAPH SOURCE "s.sink(\"kept\")\ng.submit()",
                         {}});
  row(Nature::kCommand, {"StreamGraph::dropGraph",
                         "graph, [includeTables=false]",
                         [&services](CallContext& context, std::span<Value> args) -> Value {
                           const Arguments a("StreamGraph::dropGraph", args);
                           drop_graph(services, context, a.function(), graph_argument(a)->name(),
                                      a.flag_or(1, "includeTables", false));
                           return Value::null();
                         },
                         "As dropStreamGraph.",
                         NEW_GRAPH SOURCE "s.sink(\"kept\")\ng.submit()\ng.dropGraph(true)",
                         {}});
  row(Nature::kWhole, {"StreamGraph::name", "graph",
                       [](CallContext&, std::span<Value> args) -> Value {
                         return Value::of_string(graph_argument(Arguments("StreamGraph::name", args))->name());
                       },
                       "The full name of the graph.", NEW_GRAPH "g.name()", "\"sheet.orca_graph.example\""});
  row(Nature::kWhole, {"StreamGraph::str", "graph", as_text, "The steps of the graph, one a line, and what feeds them.",
                       NEW_GRAPH SOURCE "split(g.str(), \"\\n\")[1]", "\"0: source sheet.orca_table.trades\""});
  row(Nature::kWhole,
      {"StreamGraph::toGraphviz", "graph", as_graphviz, "The steps of the graph in the language of Graphviz.",
       NEW_GRAPH SOURCE "strpos(g.toGraphviz(), \"digraph\")", "0"});
  register_settings(row);
  registry.add_alias("StreamGraph::setLocalConfigOnce", "DStream::setLocalConfigOnce");
  registry.add_alias("DStream::sharedTable", "StreamGraph::sharedTable");
  registry.add_alias("DStream::sharedKeyedTable", "StreamGraph::sharedKeyedTable");
}

}  // namespace pelorus::stream
