// Methods that put functions, engines and lanes into a graph.

#include <algorithm>

#include "base/script_error.h"
#include "data/shared_table.h"
#include "exec/session_texts.h"
#include "exec/worker_session.h"
#include "stream/engine_arguments.h"
#include "stream/engines/sample_rows.h"
#include "stream/engines/timer_engine.h"
#include "stream/graph/engine_kinds.h"
#include "stream/graph/full_name.h"
#include "stream/graph/methods.h"
#include "stream/graph/running_graph.h"

namespace pelorus::stream {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

constexpr int64_t kLanesMax = 64;

data::Schema columns_of(const Value& result) {
  if (result.is_plain_table()) return result.table().schema();
  if (result.is_table_object()) return result.table_object()->schema();
  data::Schema schema;
  for (size_t c = 0; result.is_dictionary() && c < result.dictionary().size(); ++c) {
    const Value column = result.dictionary().values().at(c);
    const bool is_array = column.is_vector() && column.vector().is_array();
    schema.push_back({.name = result.dictionary().keys().at(c).text(), .type = column.type(), .array = is_array});
  }
  return schema;
}

/// What the function makes of no rows, or of made-up ones where it makes nothing of none.
data::Schema function_output(std::string_view method, CallContext& context, const GraphPlan& plan,
                             const data::Schema& input, const Value& function) {
  std::string error;
  for (const bool has_rows : {false, true}) {
    exec::WorkerSession session(context);
    for (const auto& [name, value] : plan.variables) {
      const Value own =
          value.is_plain_table() ? Value(data::TableRef(std::make_shared<data::SharedTable>(value.table()))) : value;
      session.set_variable(std::string(kGraphVariable) + name, own);
    }
    try {
      std::vector<Value> rows{has_rows ? sample_of(input) : data::Table(input)};
      const auto schema = columns_of(session.interpreter().call(function, std::span<Value>(rows)));
      if (!schema.empty()) return schema;
    } catch (const ScriptError& failed) {
      error = failed.message();
    }
  }
  if (!error.empty())
    throw ScriptError(std::string(method) +
                      ": the function fails when it is tried on a table of the stream's columns: " + error);
  return {};
}

Value add_function(std::string_view method, CallContext& context, std::span<Value> args) {
  const Arguments a(method, args);
  const auto stream = stream_argument(a, 0, "stream");
  if (!a[1].is_function()) a.refuse("func", "must be a function of one argument, the table of the rows.");
  const auto plan = stream->graph()->plan();
  const auto output = function_output(method, context, plan, plan.nodes[stream->node()].schema, a[1]);
  const bool is_map = method == "DStream::map";
  if (is_map && output.empty()) a.refuse("func", "must give a table.");
  return add_node(method, {stream},
                  {.kind = output.empty() ? NodeKind::kCall : NodeKind::kMap,
                   .call = std::string(is_map ? "map" : "udfEngine"),
                   .schema = output,
                   .arguments = {{"func", a[1]}}});
}

Value fork(CallContext&, std::span<Value> args) {
  const Arguments a("DStream::fork", args);
  const auto stream = stream_argument(a, 0, "stream");
  const int64_t count = a.integer(1, "count");
  if (count < 1 || count > kLanesMax) a.refuse("count", "must be between 1 and " + std::to_string(kLanesMax) + ".");
  return data::Vector::tuple(std::vector<Value>(static_cast<size_t>(count), a[0]));
}

Value parallelize(CallContext&, std::span<Value> args) {
  constexpr std::string_view kMethod = "DStream::parallelize";
  const Arguments a(kMethod, args);
  const auto stream = stream_argument(a, 0, "stream");
  const auto plan = stream->graph()->plan();
  const auto& input = plan.nodes[stream->node()];
  if (input.lanes > 1) throw ScriptError("DStream::parallelize: the stream is parallelized already; sync() it first.");
  const auto column = a.text(1, "columnName");
  const int found = find_column(input.schema, column);
  if (found < 0) a.refuse("columnName", "names " + column + ", which is no column of the stream.");
  const int64_t count = a.integer(2, "count");
  if (count < 1 || count > kLanesMax) a.refuse("count", "must be between 1 and " + std::to_string(kLanesMax) + ".");
  return add_node(kMethod, {stream},
                  {.kind = NodeKind::kSplit,
                   .call = "parallelize",
                   .lanes = static_cast<size_t>(count),
                   .schema = input.schema,
                   .arguments = {{"columnName", Value::of_string(input.schema[static_cast<size_t>(found)].name)}}});
}

Value sync(CallContext&, std::span<Value> args) {
  constexpr std::string_view kMethod = "DStream::sync";
  const Arguments a(kMethod, args);
  const auto stream = stream_argument(a, 0, "stream");
  const auto input = stream->graph()->plan().nodes[stream->node()];
  if (input.lanes < 2 && input.kind != NodeKind::kSplit)
    throw ScriptError("DStream::sync: the stream is not parallelized; see DStream::parallelize.");
  return add_node(kMethod, {stream}, {.kind = NodeKind::kMerge, .call = "sync", .schema = input.schema});
}

Value add_timer(CallContext&, std::span<Value> args) {
  constexpr std::string_view kMethod = "DStream::timerEngine";
  const Arguments a(kMethod, args);
  const auto stream = stream_argument(a, 0, "stream");
  const auto input = stream->graph()->plan().nodes[stream->node()];
  if (input.lanes > 1)
    throw ScriptError("DStream::timerEngine: it can't run in several lanes; sync() the stream first.");
  constexpr int64_t kSecondsMax = 366LL * 86400;
  const int64_t interval = a.integer(1, "interval");
  if (interval < 1 || interval > kSecondsMax) a.refuse("interval", "must be a number of seconds from 1 on.");
  if (!a[2].is_function()) a.refuse("func", "must be a function.");
  GraphNode node{.kind = NodeKind::kEngine,
                 .call = "timerEngine",
                 .schema = input.schema,
                 .arguments = {{"interval", Value::of_long(interval)}, {"func", a[2]}}};
  const auto passed = a.from(3);
  if (!passed.empty())
    node.arguments.emplace_back("args", data::Vector::tuple(std::vector<Value>(passed.begin(), passed.end())));
  return add_node(kMethod, {stream}, std::move(node));
}

/// stopTimerEngine, resumeTimerEngine
Value switch_timer(std::string_view function, void (TimerEngine::*deed)(), std::span<Value> args) {
  const Arguments a(function, args);
  const auto engine = a[0].is_table_object() ? std::dynamic_pointer_cast<TimerEngine>(a[0].table_object()) : nullptr;
  if (engine == nullptr) a.refuse("engine", "must be a timer engine, as useOrcaStreamEngine gives it.");
  (engine.get()->*deed)();
  return Value::null();
}

Value name_engine(CallContext& context, std::span<Value> args) {
  constexpr std::string_view kMethod = "DStream::setEngineName";
  const Arguments a(kMethod, args);
  const auto stream = stream_argument(a, 0, "stream");
  const auto name = full_name(context, kMethod, meta::kEngineSchema, a.text(1, "name"));
  stream->graph()->change(kMethod, [&](GraphPlan& plan) {
    auto& node = plan.nodes[stream->node()];
    if (!node.is_engine() && node.call != "udfEngine")
      throw ScriptError("DStream::setEngineName: it must follow an engine, not " + node.call + ".");
    const auto is_taken = [&](const GraphNode& other) { return other.name == name; };
    if (std::any_of(plan.nodes.begin(), plan.nodes.end(), is_taken))
      throw ScriptError("DStream::setEngineName: the graph has an engine named " + name + " already.");
    node.name = name;
  });
  return args[0];
}

Value output_schema(CallContext&, std::span<Value> args) {
  const Arguments a("DStream::getOutputSchema", args);
  const auto stream = stream_argument(a, 0, "stream");
  return data::Table(stream->graph()->plan().nodes[stream->node()].schema);
}

std::vector<std::string> parameter_names(const functions::Function& function) {
  std::vector<std::string> names;
  for (const auto& parameter : function.parameters) names.emplace_back(parameter.name);
  return names;
}

Value add_engine(const EngineKind& kind, const std::vector<std::string>& parameters, CallContext& context,
                 std::span<Value> args) {
  const Arguments a(kind.method, args);
  std::vector<std::shared_ptr<StreamObject>> streams{stream_argument(a, 0, "stream")};
  if (kind.joins) streams.push_back(stream_argument(a, 1, "rightStream"));
  const auto plan = streams[0]->graph()->plan();
  GraphNode node{.kind = kind.joins ? NodeKind::kJoin : NodeKind::kEngine,
                 .call = std::string(kind.method.substr(kind.method.rfind(':') + 1))};
  for (size_t i = streams.size(); i < args.size(); ++i) {
    if (!a.has(i)) continue;
    if (parameters[i] == "checkTimes" && is_given(a, i))
      a.refuse("checkTimes", "is not offered: the right side is a stream, whose rows are there once they come.");
    node.arguments.emplace_back(parameters[i], exec::closed_code(a[i]));
  }
  std::vector<const GraphNode*> inputs;
  for (const auto& stream : streams) {
    if (stream->graph() == streams[0]->graph()) inputs.push_back(&plan.nodes[stream->node()]);
  }
  if (inputs.size() == streams.size()) node.schema = engine_output(kind, node, inputs, context);
  return add_node(kind.method, streams, std::move(node));
}

#define NEW_GRAPH                                                     \
  "if (!existsCatalog(\"sheet\")) { createCatalog(\"sheet\") }\ngo\n" \
  "use catalog sheet\ng = createStreamGraph(\"example\")\n"           \
  "s = g.source(\"trades\", `time`sym`price, [TIMESTAMP, SYMBOL, DOUBLE])\n"

void register_engines(functions::Registry& registry) {
  for (const auto& kind : engine_kinds()) {
    auto parameters = std::make_shared<std::vector<std::string>>();
    functions::declare(
        registry, kGraphFamily, Nature::kCommand,
        {.name = kind.method,
         .parameters = kind.parameters,
         .run = [&kind, parameters](CallContext& context,
                                    std::span<Value> args) { return add_engine(kind, *parameters, context, args); },
         .summary = kind.summary,
         .example = kind.example,
         .result = kind.result});
    *parameters = parameter_names(registry.find(kind.method)->function());
  }
}

}  // namespace

void register_graph_steps(functions::Registry& registry, StreamServices&) {
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
  const auto function = [](std::string_view method) {
    return [method](CallContext& context, std::span<Value> args) { return add_function(method, context, args); };
  };
  row("DStream::map", "stream, func", function("DStream::map"),
      "The table that a function makes of each batch of rows.",
      NEW_GRAPH "s.map(rows -> select sym, price * 2 as twice from rows).getOutputSchema().columnNames()",
      "[\"sym\",\"twice\"]");
  row("DStream::udfEngine", "stream, func", function("DStream::udfEngine"),
      "The same as map, for a function that may also use the graph's shared tables (orcaObj), and give nothing.",
      NEW_GRAPH "s.udfEngine(def(rows) { return table(rows.sym as sym) }).getOutputSchema().columnNames()",
      "[\"sym\"]");
  row("DStream::fork", "stream, count", fork, "The stream several times over, for different ways from here.",
      NEW_GRAPH "size(s.fork(3))", "3");
  row("DStream::parallelize", "stream, columnName, count", parallelize,
      "What follows, up to sync, runs `count` times side by side, each with the rows that the hash of a column gives "
      "it; "
      "rows where it is null are left out.",
      NEW_GRAPH "s.parallelize(`sym, 4).getOutputSchema().columnNames()", "[\"time\",\"sym\",\"price\"]");
  row("DStream::sync", "stream", sync, "The lanes of parallelize as one stream again.",
      NEW_GRAPH
      "s.parallelize(`sym, 4).reactiveStateEngine(<cumsum(price)>, `sym).sync().getOutputSchema().columnNames()",
      "[\"sym\",\"cumsum_price\"]");
  row("DStream::setEngineName", "stream, name", name_engine,
      "Gives the engine before a name, catalog.orca_engine.name, by which useOrcaStreamEngine finds it.",
      NEW_GRAPH "s.reactiveStateEngine(<cumsum(price)>, `sym).setEngineName(\"sums\").getOutputSchema().columnNames()",
      "[\"sym\",\"cumsum_price\"]");
  row("DStream::getOutputSchema", "stream", output_schema, "An empty table of the stream's columns.",
      NEW_GRAPH "s.getOutputSchema().columnNames()", "[\"time\",\"sym\",\"price\"]");
  row("DStream::timerEngine", "stream, interval, func, [args...]", add_timer,
      "Calls a function with the arguments every so many seconds for as long as the graph runs; the rows go on as they "
      "are.",
      NEW_GRAPH "s.timerEngine(3, def(text) { print(text) }, \"tick\").getOutputSchema().columnNames()",
      "[\"time\",\"sym\",\"price\"]");
  row("stopTimerEngine", "engine",
      [](CallContext&, std::span<Value> args) { return switch_timer("stopTimerEngine", &TimerEngine::hold, args); },
      "A timer engine calls its function no more, until resumeTimerEngine.",
      NEW_GRAPH
      "s.timerEngine(3, def() { }).setEngineName(\"job\").sink(\"kept\")\ng.submit()\n"
      "useOrcaStreamEngine(\"job\", stopTimerEngine)",
      {});
  row("resumeTimerEngine", "engine",
      [](CallContext&, std::span<Value> args) { return switch_timer("resumeTimerEngine", &TimerEngine::go_on, args); },
      "A timer engine calls its function again.",
      NEW_GRAPH
      "s.timerEngine(3, def() { }).setEngineName(\"job\").sink(\"kept\")\ng.submit()\n"
      "useOrcaStreamEngine(\"job\", resumeTimerEngine)",
      {});
  register_engines(registry);
}

}  // namespace pelorus::stream
