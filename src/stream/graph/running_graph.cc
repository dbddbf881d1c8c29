#include "stream/graph/running_graph.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/script_error.h"
#include "data/shared_table.h"
#include "functions/registry.h"
#include "stream/engine_arguments.h"
#include "stream/engines/join_engine.h"
#include "stream/engines/timer_engine.h"
#include "stream/graph/catalog_stream.h"
#include "stream/graph/engine_kinds.h"
#include "stream/graph/full_name.h"

namespace pelorus::stream {

using data::Table;
using data::TableRef;
using data::Value;

// ------------------------------------------------------------------ making

void RunningGraph::prepare(functions::CallContext& context, std::map<std::string, TableRef> tables) {
  tables_ = std::move(tables);
  for (const auto& [name, value] : plan_.variables) {
    variables_[name] =
        value.is_plain_table() ? Value(TableRef(std::make_shared<data::SharedTable>(value.table()))) : value;
  }
  for (size_t n = 0; n < plan_.nodes.size(); ++n) {
    const auto& node = plan_.nodes[n];
    if (node.kind != NodeKind::kTable) continue;
    size_t branch = 0;
    for (const auto& edge : consumers_of(n)) {
      planned_.push_back({.edge = edge,
                          .table = node.name,
                          .action = plan_.name + "#" + std::to_string(n) + "_" + std::to_string(branch++),
                          .handler = entry(edge, 0, context)});
    }
  }
}

std::vector<RunningGraph::Edge> RunningGraph::consumers_of(size_t node) const {
  std::vector<Edge> edges;
  for (size_t n = node + 1; n < plan_.nodes.size(); ++n) {
    const auto& inputs = plan_.nodes[n].inputs;
    for (size_t side = 0; side < inputs.size(); ++side) {
      if (inputs[side] == node) edges.push_back({n, side});
    }
  }
  return edges;
}

TableRef RunningGraph::entry(const Edge& edge, size_t lane, functions::CallContext& context) {
  const auto key = std::tuple(edge.node, edge.side, lane);
  if (const auto known = entries_.find(key); known != entries_.end()) return known->second;
  auto made = make_entry(edge, lane, context);
  entries_[key] = made;
  return made;
}

TableRef RunningGraph::make_entry(const Edge& edge, size_t lane, functions::CallContext& context) {
  const auto& node = plan_.nodes[edge.node];
  switch (node.kind) {
    case NodeKind::kTable: return gated_stage(gate_, appendable(services_, context.caller(), tables_.at(node.name)));
    case NodeKind::kEngine: return engine(edge.node, lane, context);
    case NodeKind::kJoin: {
      auto join = std::dynamic_pointer_cast<JoinEngine>(engine(edge.node, lane, context));
      CHECK(join != nullptr);
      return std::make_shared<JoinSide>(std::move(join), edge.side == 0);
    }
    case NodeKind::kMap:
    case NodeKind::kCall: return function_stage(edge.node, lane, context);
    case NodeKind::kMerge: return exit(edge.node, 0, context);
    case NodeKind::kSplit: {
      std::vector<TableRef> lanes;
      for (size_t l = 0; l < node.lanes; ++l) lanes.push_back(exit(edge.node, l, context));
      const int column = find_column(node.schema, node.argument("columnName")->text());
      CHECK(column >= 0);
      return splitting_stage(node.schema, static_cast<size_t>(column), std::move(lanes));
    }
  }
  return nullptr;
}

TableRef RunningGraph::exit(size_t node, size_t lane, functions::CallContext& context) {
  const auto key = std::pair(node, lane);
  if (const auto known = exits_.find(key); known != exits_.end()) return known->second;
  std::vector<TableRef> outputs;
  for (const auto& edge : consumers_of(node)) {
    // What comes after lanes came together runs once.
    outputs.push_back(entry(edge, plan_.nodes[edge.node].lanes > 1 ? lane : 0, context));
  }
  const auto& schema = plan_.nodes[node].schema;
  TableRef made = outputs.empty()       ? discarding_stage(schema)
                  : outputs.size() == 1 ? outputs[0]
                                        : forking_stage(schema, std::move(outputs));
  exits_[key] = made;
  return made;
}

std::unique_ptr<exec::WorkerSession> RunningGraph::session_for(functions::CallContext& context) const {
  auto session = std::make_unique<exec::WorkerSession>(context);
  for (const auto& [name, value] : variables_) session->set_variable(std::string(kGraphVariable) + name, value);
  return session;
}

TableRef RunningGraph::function_stage(size_t node, size_t lane, functions::CallContext& context) {
  const auto& step = plan_.nodes[node];
  const auto what = "The " + step.call + " of the stream graph " + plan_.name;
  const auto& schema = plan_.nodes[step.inputs[0]].schema;
  const Value function = *step.argument("func");
  if (step.kind == NodeKind::kCall)
    return gated_stage(gate_, calling_stage(what, schema, function, session_for(context)));
  return mapping_stage(what, schema, function, session_for(context), exit(node, lane, context));
}

std::string RunningGraph::engine_name(size_t node, size_t lane) const {
  const auto& step = plan_.nodes[node];
  const auto name = step.name.empty() ? plan_.name + "." + label_of(step, node) : step.name;
  return step.lanes > 1 ? name + "#lane" + std::to_string(lane) : name;
}

std::shared_ptr<Engine> RunningGraph::engine(size_t node, size_t lane, functions::CallContext& context) {
  const auto key = std::pair(node, lane);
  if (const auto known = engines_.find(key); known != engines_.end()) return known->second;
  auto made = make_engine(node, lane, context);
  engines_[key] = made;
  return made;
}

namespace {

bool is_word(const std::string& text) {
  const auto is_allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
         std::all_of(text.begin(), text.end(), is_allowed);
}

/// Whether an option that the maker does not have may be left out: it says what is so anyway, or only how fast.
bool is_without_effect(std::string_view parameter, const Value& value) {
  constexpr std::string_view kSpeed[] = {"parallelism", "keyCapacity", "garbageSize", "cachedTableCapacity"};
  if (value.is_void() || std::find(std::begin(kSpeed), std::end(kSpeed), parameter) != std::end(kSpeed)) return true;
  if (!value.is_scalar()) return false;
  if (value.is_text()) return value.text() == "left";  // closed
  return value.is_null() || value.scalar().as_int64() <= 0;
}

/// What the call gives. Its own text is nobody's: errors name the method that was called.
Value made_by(const std::string& call, const std::string& method, exec::Interpreter& interpreter) {
  try {
    return interpreter.run(call);
  } catch (const ScriptError& error) {
    constexpr std::string_view kFrame = " => ";
    const auto frame = error.message().rfind(kFrame);
    throw ScriptError("DStream::" + method + ": " +
                      (frame == std::string::npos ? error.message() : error.message().substr(frame + kFrame.size())));
  }
}

}  // namespace

/// A call of the function that makes such engines, with each argument as a variable: the tables' bear their own names,
/// so that metrics may say which side's column is meant.
std::shared_ptr<Engine> RunningGraph::make_engine(size_t node, size_t lane, functions::CallContext& context) {
  const auto& step = plan_.nodes[node];
  if (step.call == "timerEngine") return make_timer(node, lane, context);
  const auto* kind = find_engine_kind(step.call);
  if (kind == nullptr) throw ScriptError("This program has no " + step.call + " for stream graphs.");
  const auto found = context.find_function(kind->maker);
  const auto* maker = found ? dynamic_cast<const functions::Builtin*>(found->function().get()) : nullptr;
  if (maker == nullptr) throw ScriptError("The function " + std::string(kind->maker) + " is missing.");
  const auto session = session_for(context);
  const auto table_variable = [&](size_t side, std::string otherwise) {
    const auto name = stream_name(plan_, step.inputs[side]);
    const bool is_free = is_word(name) && !(side == 1 && name == stream_name(plan_, step.inputs[0]));
    auto variable = is_free ? name : std::move(otherwise);
    session->set_variable(variable, Table(plan_.nodes[step.inputs[side]].schema));
    return variable;
  };
  std::string call = std::string(kind->maker) + "(";
  std::set<std::string_view> taken{"rightStream"};
  for (size_t p = 0; p < maker->function().parameters.size(); ++p) {
    const auto parameter = maker->function().parameters[p].name;
    const auto variable = "argument_" + std::to_string(p);
    if (p > 0) call += ", ";
    if (parameter == "name") {
      session->set_variable(variable, Value::of_string(engine_name(node, lane)));
    } else if (parameter == "outputTable") {
      session->set_variable(variable, exit(node, lane, context));
    } else if (parameter == "dummyTable" || parameter == "leftTable") {
      call += table_variable(0, "leftTable");
      continue;
    } else if (parameter == "rightTable") {
      call += table_variable(1, "rightTable");
      continue;
    } else if (const auto* given = step.argument(parameter)) {
      taken.insert(parameter);
      session->set_variable(variable, *given);
    } else {
      continue;
    }
    call += variable;
  }
  for (const auto& [parameter, value] : step.arguments) {
    if (taken.contains(parameter) || is_without_effect(parameter, value)) continue;
    throw ScriptError("Usage: " + step.call + ". " + parameter + " is not offered yet.");
  }
  while (call.ends_with(", ")) call.resize(call.size() - 2);
  const Value made = made_by(call + ")", step.call, session->interpreter());
  auto engine = made.is_table_object() ? std::dynamic_pointer_cast<Engine>(made.table_object()) : nullptr;
  CHECK(engine != nullptr);
  return engine;
}

std::shared_ptr<Engine> RunningGraph::make_timer(size_t node, size_t lane, functions::CallContext& context) {
  const auto& step = plan_.nodes[node];
  EngineTerms terms{.name = engine_name(node, lane),
                    .user = context.caller().user,
                    .input = step.schema,
                    .metrics = {},
                    .output = exit(node, lane, context),
                    .keys = {},
                    .time_column = {}};
  std::vector<Value> arguments;
  if (const auto* given = step.argument("args"))
    arguments.assign(given->vector().values_any().begin(), given->vector().values_any().end());
  auto engine = std::make_shared<TimerEngine>(std::move(terms), session_for(context),
                                              std::chrono::seconds(step.argument("interval")->scalar().as_int64()),
                                              *step.argument("func"), std::move(arguments));
  services_.engines.add(engine);
  return engine;
}

// ------------------------------------------------------------------ ending

void RunningGraph::end(bool forget) {
  // From the sources to the sinks.
  for (size_t i = topics_.size(); i-- > 0;) {
    try {
      if (services_.subscriptions.has(topics_[i])) services_.subscriptions.remove(topics_[i]);
    } catch (const ScriptError& error) {  // somebody else has ended it meanwhile
      log_warning("The subscription " + topics_[i] + " of the stream graph " + plan_.name + ": " + error.message());
    }
  }
  topics_.clear();
  for (const auto& [key, engine] : engines_) {
    engine->drop();  // none of these kinds refuses
    services_.engines.remove(engine->name());
    services_.engine_access.forget(engine->name());
  }
  engines_.clear();
  if (forget) {
    for (const auto& planned : planned_)
      services_.topic_offsets.remove(topic_of(services_, planned.table, planned.action));
  }
  planned_.clear();
  entries_.clear();
  exits_.clear();
}

}  // namespace pelorus::stream
