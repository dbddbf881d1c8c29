// Methods that put stream tables into a graph.

#include <algorithm>

#include "base/script_error.h"
#include "exec/catalog_names.h"
#include "stream/engine_arguments.h"
#include "stream/graph/catalog_stream.h"
#include "stream/graph/full_name.h"
#include "stream/graph/graph_board.h"
#include "stream/graph/methods.h"

namespace pelorus::stream {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

/// source("trade", 1024:0, colNames, colTypes): the capacity that table() takes may stand before the columns.
std::vector<Value> without_capacity(std::span<Value> args, size_t at) {
  std::vector<Value> values(args.begin(), args.end());
  if (values.size() > at && values[at].is_pair()) values.erase(values.begin() + static_cast<std::ptrdiff_t>(at));
  return values;
}

GraphNode table_node(std::string_view method, const GraphPlan& plan, std::string name,
                     const CatalogStreamTerms& terms) {
  for (const auto& node : plan.nodes) {
    if (node.kind == NodeKind::kTable && node.is_own && node.name == name)
      throw ScriptError(std::string(method) + ": the stream graph has a table " + name + " already.");
  }
  return {.kind = NodeKind::kTable,
          .call = std::string(method.substr(method.rfind(':') + 1)),
          .name = std::move(name),
          .schema = terms.schema,
          .arguments = terms_arguments(terms)};
}

/// What the kinds of tables differ in.
struct TableKind {
  bool keyed = false;
  bool ha = false;
};

Value add_first(std::string_view method, TableKind kind, CallContext& context, std::span<Value> args) {
  const size_t columns = kind.keyed ? 3 : 2;
  auto values = without_capacity(args, columns);
  const Arguments a(method, values);
  const auto graph = graph_argument(a);
  const auto name = full_name(context, method, meta::kStreamSchema, a.text(1, "name"));
  if (!a.has(columns) || !a.has(columns + 1)) a.refuse("colNames", "and colTypes must be given.");
  const auto schema = columns_argument(a, columns, columns + 1);
  std::vector<std::string> keys;
  if (kind.keyed) keys = keys_argument(a, 2, schema);
  if (kind.ha && !a.has(columns + 3)) a.refuse("raftGroup", "and cacheLimit must be given.");
  const auto terms =
      kind.ha ? ha_stream_terms(a, columns + 2, schema, keys) : catalog_stream_terms(a, columns + 2, schema, keys);
  return add_source(method, graph, table_node(method, graph->plan(), name, terms));
}

Value add_by_name(StreamServices& services, CallContext& context, std::span<Value> args) {
  constexpr std::string_view kMethod = "StreamGraph::sourceByName";
  const Arguments a(kMethod, args);
  const auto graph = graph_argument(a);
  const auto name = full_name(context, kMethod, meta::kStreamSchema, a.text(1, "name"));
  const auto plan = graph->plan();
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    if (plan.nodes[n].kind == NodeKind::kTable && plan.nodes[n].name == name)
      return data::HandleRef(std::make_shared<StreamObject>(graph, n));
  }
  const Value table = find_catalog_stream(services, context, kMethod, name);
  return add_source(kMethod, graph,
                    {.kind = NodeKind::kTable,
                     .call = "sourceByName",
                     .name = name,
                     .schema = table.table_object()->schema(),
                     .is_own = false});
}

Value add_table(std::string_view method, TableKind kind, CallContext& context, const Arguments& a) {
  const auto stream = stream_argument(a, 0, "stream");
  const auto plan = stream->graph()->plan();
  const auto name = full_name(context, method, meta::kStreamSchema, a.text(1, "name"));
  const auto& schema = plan.nodes[stream->node()].schema;
  const size_t options = kind.keyed ? 3 : 2;
  std::vector<std::string> keys;
  if (kind.keyed) keys = keys_argument(a, 2, schema);
  const auto terms =
      kind.ha ? ha_stream_terms(a, options, schema, keys) : catalog_stream_terms(a, options, schema, keys);
  return add_node(method, {stream}, table_node(method, plan, name, terms));
}

/// A function that writes rows to the stored table "dfs://db/t", or catalog.schema.table.
Value storing_function(CallContext& context, const Arguments& a, const std::string& name) {
  std::string database, table;
  if (name.starts_with("dfs://")) {
    const auto slash = name.rfind('/');
    constexpr size_t kPrefix = 6;
    if (slash < kPrefix) a.refuse("name", "must be dfs://database/table for a stored table.");
    database = name.substr(0, slash);
    table = name.substr(slash + 1);
  } else {
    const auto first = name.find('.'), last = name.rfind('.');
    database = exec::database_of(context, name.substr(0, first), name.substr(first + 1, last - first - 1));
    table = name.substr(last + 1);
  }
  const auto quoted = [](const std::string& text) { return exec::to_script(Value::of_string(text)); };
  (void)exec::call_by_name(context, "loadTable",
                           {Value::of_string(database), Value::of_string(table)});  // is it there?
  return context.run_script("def(rows) { return tableInsert(loadTable(" + quoted(database) + ", " + quoted(table) +
                            "), rows) }");
}

Value add_sink(CallContext& context, std::span<Value> args) {
  constexpr std::string_view kMethod = "DStream::sink";
  // No preCache: the rest stands one place earlier than in a buffer.
  std::vector<Value> values(args.begin(), args.end());
  constexpr size_t kPreCache = 7;
  if (values.size() > kPreCache) values.insert(values.begin() + kPreCache, Value::missing());
  const Arguments a(kMethod, values);
  const auto stream = stream_argument(a, 0, "stream");
  Value function;
  if (a[1].is_function()) {
    function = a[1];
  } else {
    const auto name = a.text(1, "name");
    const auto dots = std::count(name.begin(), name.end(), '.');
    const bool is_stored = name.starts_with("dfs://") || (dots == 2 && !is_stream_name(name));
    if (!is_stored) return add_table(kMethod, {}, context, a);
    function = storing_function(context, a, name);
  }
  const auto schema = stream->graph()->plan().nodes[stream->node()].schema;
  return add_node(kMethod, {stream},
                  {.kind = NodeKind::kCall, .call = "sink", .schema = schema, .arguments = {{"func", function}}});
}

#define KEPT                                                                                              \
  "[asyncWrite=true], [compress=true], [cacheSize], [retentionMinutes=1440], [flushMode=0], [preCache], " \
  "[cachePurgeTimeColumn], [cachePurgeInterval], [cacheRetentionTime]"
#define HA_KEPT "raftGroup, cacheLimit, [retentionMinutes=1440]"
#define NEW_GRAPH                                                     \
  "if (!existsCatalog(\"sheet\")) { createCatalog(\"sheet\") }\ngo\n" \
  "use catalog sheet\ng = createStreamGraph(\"example\")\n"
#define SOURCE "s = g.source(\"trades\", `time`sym`price, [TIMESTAMP, SYMBOL, DOUBLE])\n"

void register_sources(functions::Registry& registry, StreamServices& services) {
  const auto row = [&](std::string_view name, std::string_view parameters, functions::Native run,
                       std::string_view summary, std::string_view example, std::string_view result) {
    functions::declare(registry, kGraphFamily, Nature::kCommand,
                       {.name = name,
                        .parameters = parameters,
                        .run = std::move(run),
                        .summary = summary,
                        .example = example,
                        .result = result});
  };
  const auto first = [](std::string_view method, TableKind kind) {
    return
        [method, kind](CallContext& context, std::span<Value> args) { return add_first(method, kind, context, args); };
  };
  row("StreamGraph::source", "graph, name, colNames, colTypes, " KEPT ", [more]", first("StreamGraph::source", {}),
      "A shared stream table, persisted where the node has a persistenceDir, that the graph's rows come from; made "
      "when the "
      "graph is submitted where it is not there.",
      NEW_GRAPH "g.source(\"trades\", `sym`price, [SYMBOL, DOUBLE]).getOutputSchema().columnNames()",
      "[\"sym\",\"price\"]");
  row("StreamGraph::keyedSource", "graph, name, keyColumn, colNames, colTypes, " KEPT ", [more]",
      first("StreamGraph::keyedSource", {.keyed = true}),
      "The same as source, but rows whose key the table has seen are ignored.",
      NEW_GRAPH "g.keyedSource(\"trades\", `sym, `sym`price, [SYMBOL, DOUBLE]).getOutputSchema().columnNames()",
      "[\"sym\",\"price\"]");
  row("StreamGraph::haSource",
      "graph, name, colNames, colTypes, [raftGroup], [cacheLimit], [retentionMinutes=1440], [more]",
      first("StreamGraph::haSource", {.ha = true}),
      "A highly available stream table (haStreamTable) that the graph's rows come from.",
      NEW_GRAPH "g.haSource(\"trades\", `sym`price, [SYMBOL, DOUBLE], 3, 50000).getOutputSchema().columnNames()",
      "[\"sym\",\"price\"]");
  row("StreamGraph::haKeyedSource",
      "graph, name, keyColumn, colNames, colTypes, [raftGroup], [cacheLimit], [retentionMinutes=1440], [more]",
      first("StreamGraph::haKeyedSource", {.keyed = true, .ha = true}),
      "The same as haSource, but rows whose key the table has are ignored.",
      NEW_GRAPH
      "g.haKeyedSource(\"trades\", `sym, `sym`price, [SYMBOL, DOUBLE], 3, 50000).getOutputSchema().columnNames()",
      "[\"sym\",\"price\"]");
  row(
      "StreamGraph::sourceByName", "graph, name",
      [&services](CallContext& context, std::span<Value> args) { return add_by_name(services, context, args); },
      "The rows of a stream table of a catalog that is there, on whichever node.",
      NEW_GRAPH
      "createOrcaStreamTable(\"trades\", `sym`price, [SYMBOL, DOUBLE])\n"
      "g.sourceByName(\"trades\").getOutputSchema().columnNames()",
      "[\"sym\",\"price\"]");
}

void register_targets(functions::Registry& registry) {
  const auto row = [&](std::string_view name, std::string_view parameters, TableKind kind, std::string_view summary,
                       std::string_view example) {
    functions::declare(
        registry, kGraphFamily, Nature::kCommand,
        {.name = name,
         .parameters = parameters,
         .run = [name, kind](CallContext& context,
                             std::span<Value> args) { return add_table(name, kind, context, Arguments(name, args)); },
         .summary = summary,
         .example = example});
  };
  row("DStream::buffer", "stream, name, " KEPT, {},
      "A shared stream table of the stream's rows, from which the stream goes on.",
      NEW_GRAPH SOURCE "s.buffer(\"kept\")");
  row("DStream::keyedBuffer", "stream, name, keyColumn, " KEPT, {.keyed = true},
      "The same as buffer, but rows whose key the table has seen are ignored.",
      NEW_GRAPH SOURCE "s.keyedBuffer(\"kept\", `sym)");
  row("DStream::haBuffer", "stream, name, " HA_KEPT, {.ha = true},
      "The same as buffer, in a highly available stream table.", NEW_GRAPH SOURCE "s.haBuffer(\"kept\", 3, 50000)");
  row("DStream::haKeyedBuffer", "stream, name, keyColumn, " HA_KEPT, {.keyed = true, .ha = true},
      "The same as keyedBuffer, in a highly available stream table.",
      NEW_GRAPH SOURCE "s.haKeyedBuffer(\"kept\", `sym, 3, 50000)");
  row("DStream::keyedSink", "stream, name, keyColumn, " KEPT, {.keyed = true},
      "Puts the stream's rows into a shared stream table that ignores rows whose key it has seen.",
      NEW_GRAPH SOURCE "s.keyedSink(\"kept\", `sym)");
  row("DStream::haSink", "stream, name, " HA_KEPT, {.ha = true},
      "Puts the stream's rows into a highly available stream table.", NEW_GRAPH SOURCE "s.haSink(\"kept\", 3, 50000)");
  row("DStream::haKeyedSink", "stream, name, keyColumn, " HA_KEPT, {.keyed = true, .ha = true},
      "The same as haSink, but rows whose key the table has are ignored.",
      NEW_GRAPH SOURCE "s.haKeyedSink(\"kept\", `sym, 3, 50000)");
  functions::declare(
      registry, kGraphFamily, Nature::kCommand,
      {.name = "DStream::sink",
       .parameters = "stream, dest|name, [asyncWrite=true], [compress=true], [cacheSize], [retentionMinutes=1440], "
                     "[flushMode=0], [cachePurgeTimeColumn], [cachePurgeInterval], [cacheRetentionTime]",
       .run = add_sink,
       .summary = "Puts the stream's rows into a shared stream table, or into a stored table (dfs://db/t or "
                  "catalog.schema.table), or calls a function with them.",
       .example =
           NEW_GRAPH SOURCE "s.sink(\"kept\")\ng.submit()\n"
                            "appendOrcaStreamTable(\"trades\", table(now() as time, `a as sym, 1.5 as price))\n"
                            "for (i in 0..500) { if (size(loadOrcaStreamTable(\"kept\")) > 0) { break }; sleep(10) }\n"
                            "exec price from orca_table.kept",
       .result = "[1.5]"});
}

}  // namespace

void register_graph_tables(functions::Registry& registry, StreamServices& services) {
  register_sources(registry, services);
  register_targets(registry);
}

}  // namespace pelorus::stream
