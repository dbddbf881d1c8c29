// What ends, halts and begins stream graphs that were submitted.

#include "base/script_error.h"
#include "stream/graph/full_name.h"
#include "stream/graph/graph_board.h"
#include "stream/graph/methods.h"

namespace pelorus::stream {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;
using meta::GraphStatus;

meta::StreamGraph known_graph(const StreamServices& services, CallContext& context, std::string_view function,
                              const std::string& name) {
  const auto full = full_name(context, function, meta::kGraphSchema, name);
  const auto known = ask_stream_graphs(services, function);
  const auto* graph = known.find_graph(full);
  if (graph == nullptr) throw ScriptError(std::string(function) + ": the stream graph doesn't exist: " + full + ".");
  return *graph;
}

void check_may(const CallContext& context, std::string_view function, const meta::StreamGraph& graph) {
  if (context.caller().is_admin || context.caller().user == graph.owner) return;
  throw ScriptError("<NoPrivilege>" + std::string(function) + ": only an administrator or " + graph.owner +
                    ", whose it is, may change the stream graph " + graph.name + ".");
}

[[noreturn]] void refuse_status(std::string_view function, const meta::StreamGraph& graph, std::string_view needed) {
  throw ScriptError(std::string(function) + ": the stream graph " + graph.name + " is " +
                    std::string(meta::name_of(graph.status)) + "; it must be " + std::string(needed) + ".");
}

Value drop(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("dropStreamGraph", args);
  drop_graph(services, context, a.function(), a.text(0, "name"), a.flag_or(1, "includeTables", false));
  return Value::null();
}

Value stop(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("stopStreamGraph", args);
  const auto graph = known_graph(services, context, a.function(), a.text(0, "name"));
  check_may(context, a.function(), graph);
  if (graph.status == GraphStatus::kStopped) return Value::null();
  if (graph.status != GraphStatus::kRunning) refuse_status(a.function(), graph, "running");
  if (!run_at(services, context, graph.node, a.function(), {Value::of_string(graph.name)}))
    services.graphs->stop(context, graph);
  return Value::null();
}

Value start(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("startStreamGraph", args);
  const auto graph = known_graph(services, context, a.function(), a.text(0, "name"));
  check_may(context, a.function(), graph);
  if (graph.status == GraphStatus::kRunning) return Value::null();
  if (graph.status != GraphStatus::kStopped) refuse_status(a.function(), graph, "stopped");
  if (!run_at(services, context, graph.node, a.function(), {Value::of_string(graph.name)}))
    services.graphs->start(context, graph);
  return Value::null();
}

Value submit_again(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("resubmitStreamGraph", args);
  const auto graph = known_graph(services, context, a.function(), a.text(0, "name"));
  check_may(context, a.function(), graph);
  if (graph.status != GraphStatus::kFailed && graph.status != GraphStatus::kDestroyed)
    refuse_status(a.function(), graph, "failed or destroyed");
  if (!run_at(services, context, graph.node, a.function(), {Value::of_string(graph.name)}))
    services.graphs->submit_again(context, graph);
  return Value::null();
}

Value purge(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("purgeStreamGraphRecords", args);
  const auto graph = known_graph(services, context, a.function(), a.text(0, "name"));
  (void)change_stream_graphs(
      services, a.function(),
      {.user = context.caller().user, .kind = meta::StreamGraphChange::Kind::kPurge, .graph = graph, .tables = {}});
  return Value::null();
}

#define RUNNING_GRAPH                                                 \
  "if (!existsCatalog(\"sheet\")) { createCatalog(\"sheet\") }\ngo\n" \
  "use catalog sheet\ng = createStreamGraph(\"example\")\n"           \
  "g.source(\"trades\", `sym`price, [SYMBOL, DOUBLE]).sink(\"kept\")\ng.submit()\n"
#define STATUS "getStreamGraphMeta(\"example\").status"

}  // namespace

void drop_graph(StreamServices& services, CallContext& context, std::string_view function, const std::string& name,
                bool with_tables) {
  const auto graph = known_graph(services, context, function, name);
  check_may(context, function, graph);
  if (!graph.is_live()) refuse_status(function, graph, "running, stopped or failed");
  const std::vector<Value> passed{Value::of_string(graph.name), Value::of_bool(with_tables)};
  if (is_gone(services, graph.node) || !run_at(services, context, graph.node, "dropStreamGraph", passed))
    services.graphs->destroy(context, graph, with_tables);
}

void register_graph_control(functions::Registry& registry, StreamServices& services) {
  const auto row = [&](std::string_view name, std::string_view parameters, auto* run, std::string_view summary,
                       std::string_view example, std::string_view result) {
    functions::declare(
        registry, kGraphFamily, Nature::kCommand,
        {.name = name,
         .parameters = parameters,
         .run = [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); },
         .summary = summary,
         .example = example,
         .result = result});
  };
  row("dropStreamGraph", "name, [includeTables=false]", drop,
      "Ends a stream graph on the node that runs it; its record stays, as destroyed. includeTables: the tables that it "
      "made "
      "go, too, unless other graphs or subscribers use them.",
      RUNNING_GRAPH "dropStreamGraph(\"example\", true)\n" STATUS, "[\"destroyed\"]");
  row("stopStreamGraph", "name", stop, "Halts a stream graph: its tables stay, its engines go.",
      RUNNING_GRAPH "stopStreamGraph(\"example\")\n" STATUS, "[\"stopped\"]");
  row("startStreamGraph", "name", start,
      "Begins a stopped stream graph anew, its sources at subscription.sourceOffset: -3, the oldest row that is kept, "
      "unless "
      "setConfigMap said otherwise.",
      RUNNING_GRAPH "stopStreamGraph(\"example\")\nstartStreamGraph(\"example\")\n" STATUS, "[\"running\"]");
  row("resubmitStreamGraph", "name", submit_again, "Submits a graph again that is destroyed or failed.",
      RUNNING_GRAPH "dropStreamGraph(\"example\")\nresubmitStreamGraph(\"example\")\n" STATUS, "[\"running\"]");
  row("purgeStreamGraphRecords", "name", purge, "Forgets a stream graph that is destroyed.",
      RUNNING_GRAPH "dropStreamGraph(\"example\")\npurgeStreamGraphRecords(\"example\")\n" STATUS, "[]");
}

}  // namespace pelorus::stream
