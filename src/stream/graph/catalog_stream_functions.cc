// Stream tables of catalogs and engines of graphs, wherever in the cluster they are.

#include "base/script_error.h"
#include "exec/session_texts.h"
#include "functions/append.h"
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

Value create(StreamServices& services, std::string_view function, bool keyed, CallContext& context,
             std::span<Value> args) {
  const size_t columns = keyed ? 2 : 1;
  std::vector<Value> values(args.begin(), args.end());
  if (values.size() > columns && values[columns].is_pair())
    values.erase(values.begin() + static_cast<std::ptrdiff_t>(columns));
  const Arguments a(function, values);
  const auto name = full_name(context, function, meta::kStreamSchema, a.text(0, "name"));
  if (!a.has(columns) || !a.has(columns + 1)) a.refuse("colNames", "and colTypes must be given.");
  const auto schema = columns_argument(a, columns, columns + 1);
  std::vector<std::string> keys;
  if (keyed) keys = keys_argument(a, 1, schema);
  return services.graphs->create_table(context, function, name, catalog_stream_terms(a, columns + 2, schema, keys));
}

Value create_ha(StreamServices& services, std::string_view function, bool keyed, CallContext& context,
                std::span<Value> args) {
  const Arguments a(function, args);
  const size_t columns = keyed ? 2 : 1;
  const auto name = full_name(context, function, meta::kStreamSchema, a.text(0, "name"));
  const auto schema = columns_argument(a, columns, columns + 1);
  std::vector<std::string> keys;
  if (keyed) keys = keys_argument(a, 1, schema);
  return services.graphs->create_table(context, function, name, ha_stream_terms(a, columns + 2, schema, keys));
}

Value drop(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("dropOrcaStreamTable", args);
  const auto name = full_name(context, a.function(), meta::kStreamSchema, a.text(0, "name"));
  const auto known = ask_stream_graphs(services, a.function());
  const auto* table = known.find_table(name);
  if (table == nullptr) throw ScriptError("dropOrcaStreamTable: the stream table doesn't exist: " + name + ".");
  if (is_gone(services, table->node) ||
      !run_at(services, context, table->node, a.function(), {Value::of_string(table->name)}))
    services.graphs->drop_table(context, a.function(), *table);
  return Value::null();
}

Value load(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("loadOrcaStreamTable", args);
  const auto name = full_name(context, a.function(), meta::kStreamSchema, a.text(0, "name"));
  return find_catalog_stream(services, context, a.function(), name);
}

Value append(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("appendOrcaStreamTable", args);
  const auto name = full_name(context, a.function(), meta::kStreamSchema, a.text(0, "name"));
  const Value found = find_catalog_stream(services, context, a.function(), name);
  Value table = appendable(services, context.caller(), found.table_object());
  (void)functions::append_to(context, a.function(), table, a[1]);
  return Value::null();
}

/// The function, here; from another node it comes as the script that gives it.
Value function_argument(CallContext& context, const Arguments& a, size_t i) {
  if (a[i].is_function()) return a[i];
  if (!a[i].is_text()) a.refuse("func", "must be a function.");
  Value function = context.run_script(a.text(i, "func"));
  if (!function.is_function()) a.refuse("func", "must be a function.");
  return function;
}

/// The same call at another node: functions travel as scripts, with those of the session that they call.
std::optional<Value> use_at(StreamServices& services, CallContext& context, const std::string& node,
                            const std::string& name, const Arguments& a) {
  if (node.empty() || node == services.alias) return std::nullopt;
  std::vector<Value> passed{Value::of_string(name)};
  std::string script = a[1].is_function() ? exec::function_text(*a[1].function()) : a.text(1, "func");
  passed.push_back(Value::of_string(exec::definitions_for(context, {script}) + script));
  for (const auto& argument : a.from(2)) passed.push_back(argument);
  return run_at(services, context, node, a.function(), std::move(passed));
}

Value use_table(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("useOrcaStreamTable", args);
  const auto name = full_name(context, a.function(), meta::kStreamSchema, a.text(0, "name"));
  const auto node = node_of_stream(services, context.shared_objects(), name);
  if (auto answer = use_at(services, context, node, name, a)) return *std::move(answer);
  std::vector<Value> passed{find_catalog_stream(services, context, a.function(), name)};
  const Value function = function_argument(context, a, 1);
  for (const auto& argument : a.from(2)) passed.push_back(argument);
  return context.call(function, std::span<Value>(passed));
}

/// The engines of that name on this node: one for each lane.
std::vector<std::shared_ptr<Engine>> engines_of(const StreamServices& services, std::string_view function,
                                                const std::string& name, const meta::StreamGraph& graph) {
  std::vector<std::shared_ptr<Engine>> engines;
  (void)services.graphs->look_at(graph.name,
                                 [&](const RunningGraph& running) { engines = running.find_engines(name); });
  if (engines.empty())
    throw ScriptError(std::string(function) + ": the engine " + name + " does not run: its graph " + graph.name +
                      " is " + std::string(meta::name_of(graph.status)) + ".");
  return engines;
}

meta::StreamGraph graph_of(const StreamServices& services, std::string_view function, const std::string& engine) {
  const auto known = ask_stream_graphs(services, function);
  const auto* graph = known.graph_of_engine(engine);
  if (graph == nullptr)
    throw ScriptError(std::string(function) + ": no stream graph has an engine named " + engine +
                      "; DStream::setEngineName gives one its name.");
  return *graph;
}

Value use_engine(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("useOrcaStreamEngine", args);
  const auto name = full_name(context, a.function(), meta::kEngineSchema, a.text(0, "name"));
  const auto graph = graph_of(services, a.function(), name);
  if (auto answer = use_at(services, context, graph.node, name, a)) return *std::move(answer);
  const auto engines = engines_of(services, a.function(), name, graph);
  const Value function = function_argument(context, a, 1);
  std::vector<Value> answers;
  for (const auto& engine : engines) {
    std::vector<Value> passed{data::TableRef(engine)};
    for (const auto& argument : a.from(2)) passed.push_back(argument);
    answers.push_back(context.call(function, std::span<Value>(passed)));
  }
  return answers.size() == 1 ? answers[0] : Value(data::Vector::tuple(std::move(answers)));
}

Value warm_up(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("warmupOrcaStreamEngine", args);
  const auto name = full_name(context, a.function(), meta::kEngineSchema, a.text(0, "name"));
  const auto graph = graph_of(services, a.function(), name);
  if (run_at(services, context, graph.node, a.function(), {Value::of_string(name), a[1]})) return Value::null();
  const auto engines = engines_of(services, a.function(), name, graph);
  if (engines.size() > 1)
    throw ScriptError("warmupOrcaStreamEngine: the engine " + name + " runs in " + std::to_string(engines.size()) +
                      " lanes, which share its rows: let them come through the graph.");
  const auto done = engines[0]->warm_up(functions::table_argument(a.function(), a[1]));
  if (!done.ok()) throw ScriptError(done.error().message);
  return Value::null();
}

#define IN_CATALOG                                                    \
  "if (!existsCatalog(\"sheet\")) { createCatalog(\"sheet\") }\ngo\n" \
  "use catalog sheet\n"
#define TABLE "createOrcaStreamTable(\"trades\", `sym`price, [SYMBOL, DOUBLE])\n"
#define ENGINE                                                                             \
  "g = createStreamGraph(\"example\")\ng.source(\"trades\", `sym`price, [SYMBOL, DOUBLE])" \
  ".reactiveStateEngine(<cumsum(price)>, `sym).setEngineName(\"sums\").sink(\"kept\")\ng.submit()\n"
#define KEPT                                                                                              \
  "[asyncWrite=true], [compress=true], [cacheSize], [retentionMinutes=1440], [flushMode=0], [preCache], " \
  "[cachePurgeTimeColumn], [cachePurgeInterval], [cacheRetentionTime], [more]"

using Row = std::function<void(Nature, functions::Declaration)>;

void register_tables(const Row& row, StreamServices& services) {
  const auto maker = [&services](auto* run, std::string_view function, bool keyed) {
    return [&services, run, function, keyed](CallContext& context, std::span<Value> args) {
      return run(services, function, keyed, context, args);
    };
  };
  row(Nature::kCommand,
      {"createOrcaStreamTable", "name, colNames, colTypes, " KEPT, maker(create, "createOrcaStreamTable", false),
       "A shared stream table of a catalog, catalog.orca_table.name, on this node and known to all; persisted "
       "where the node has a persistenceDir.",
       IN_CATALOG TABLE "size(orca_table.trades)", "0"});
  row(Nature::kCommand,
      {"createOrcaKeyedStreamTable", "name, keyColumn, colNames, colTypes, " KEPT,
       maker(create, "createOrcaKeyedStreamTable", true),
       "The same, but rows whose key the table has seen are ignored.",
       IN_CATALOG
       "createOrcaKeyedStreamTable(\"trades\", `sym, `sym`price, [SYMBOL, DOUBLE])\n"
       "appendOrcaStreamTable(\"trades\", table(`a`a as sym, 1.0 2 as price))\nexec price from orca_table.trades",
       "[1]"});
  row(Nature::kCommand,
      {"createOrcaHaStreamTable",
       "name, colNames, colTypes, raftGroup, cacheLimit, [retentionMinutes=1440]",
       maker(create_ha, "createOrcaHaStreamTable", false),
       "A highly available stream table (haStreamTable) of a catalog.",
       IN_CATALOG "try { createOrcaHaStreamTable(\"trades\", `sym`price, [SYMBOL, DOUBLE], 11, 1000) } catch(ex) { }",
       {}});
  row(Nature::kCommand,
      {"createOrcaHaKeyedStreamTable",
       "name, keyColumn, colNames, colTypes, raftGroup, cacheLimit, [retentionMinutes=1440]",
       maker(create_ha, "createOrcaHaKeyedStreamTable", true),
       "The same, but rows whose key the table has are ignored.",
       IN_CATALOG
       "try { createOrcaHaKeyedStreamTable(\"trades\", `sym, `sym`price, [SYMBOL, DOUBLE], 11, 1000) } catch(ex) { }",
       {}});
}

}  // namespace

void register_catalog_streams(functions::Registry& registry, StreamServices& services) {
  const auto bound = [&services](auto* run) {
    return [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
  };
  const Row row = [&](Nature nature, functions::Declaration d) {
    functions::declare(registry, kGraphFamily, nature, std::move(d));
  };
  register_tables(row, services);
  row(Nature::kCommand,
      {"dropOrcaStreamTable",
       "name",
       bound(drop),
       "Drops a stream table of a catalog that no graph and no subscriber uses, with its rows on disk.",
       IN_CATALOG TABLE "dropOrcaStreamTable(\"trades\")",
       {}});
  row(Nature::kWhole, {"loadOrcaStreamTable", "name", bound(load),
                       "The stream table of a catalog; of another node, a table whose rows that node is asked for.",
                       IN_CATALOG TABLE "size(loadOrcaStreamTable(\"trades\"))", "0"});
  row(Nature::kCommand,
      {"appendOrcaStreamTable", "name, data", bound(append),
       "Adds rows to a stream table of a catalog, on whichever node.",
       IN_CATALOG TABLE
       "appendOrcaStreamTable(\"trades\", table(`a as sym, 1.5 as price))\nexec price from orca_table.trades",
       "[1.5]"});
  row(Nature::kWhole,
      {"useOrcaStreamTable", "name, func, [args...]", bound(use_table),
       "Calls a function with a stream table of a catalog and the arguments, on the node that has the table.",
       IN_CATALOG TABLE "useOrcaStreamTable(\"trades\", (t, x) -> size(t) + x, 5)", "5"});
  row(Nature::kWhole,
      {"useOrcaStreamEngine", "name, func, [args...]", bound(use_engine),
       "Calls a function with a named engine of a stream graph and the arguments, on the node that runs it; a tuple of "
       "answers where the engine runs in several lanes.",
       IN_CATALOG ENGINE "useOrcaStreamEngine(\"sums\", (e, x) -> x + 1, 5)", "6"});
  row(Nature::kCommand,
      {"warmupOrcaStreamEngine",
       "name, data",
       bound(warm_up),
       "Lets a named engine of a stream graph take rows in without putting anything out, on the node that runs it.",
       IN_CATALOG ENGINE "warmupOrcaStreamEngine(\"sums\", table(`a as sym, 1.5 as price))",
       {}});
}

}  // namespace pelorus::stream
