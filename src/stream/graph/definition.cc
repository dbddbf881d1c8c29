#include "stream/graph/definition.h"

#include "base/script_error.h"
#include "exec/session_texts.h"
#include "meta/archive.h"
#include "meta/commands/user_commands.h"
#include "stream/graph/stored_columns.h"

namespace pelorus::stream {
namespace {

using data::Value;

constexpr uint32_t kVersion = 1;
constexpr size_t kDefinitionBytesMax = meta::kRecordBytesMax / 2;

using Texts = std::vector<std::pair<std::string, std::string>>;
struct StoredSettings {
  std::optional<int64_t> batch_rows, throttle_ms, source_offset;
  template <class A>
  void fields(A& a) {
    a(batch_rows, throttle_ms, source_offset);
  }
};
struct StoredNode {
  NodeKind kind = NodeKind::kTable;
  std::string call, name;
  std::vector<uint64_t> inputs;
  uint64_t lanes = 1;
  std::vector<StoredColumn> columns;
  Texts arguments;  // name and script
  StoredSettings settings;
  bool is_own = true;
  template <class A>
  void fields(A& a) {
    a(kind, call, name, inputs, lanes, columns, arguments, settings, is_own);
  }
};
struct StoredGraph {
  uint32_t version = kVersion;
  std::string name, definitions;
  std::vector<StoredNode> nodes;
  StoredSettings settings;
  Texts variables;
  template <class A>
  void fields(A& a) {
    a(version, name, definitions, nodes, settings, variables);
  }
};

StoredSettings stored(const EdgeSettings& s) { return {s.batch_rows, s.throttle_ms, s.source_offset}; }
EdgeSettings settings_of(const StoredSettings& s) { return {s.batch_rows, s.throttle_ms, s.source_offset}; }

StoredNode stored(const GraphNode& node, std::vector<std::string>* texts) {
  StoredNode out{.kind = node.kind,
                 .call = node.call,
                 .name = node.name,
                 .inputs = {node.inputs.begin(), node.inputs.end()},
                 .lanes = node.lanes,
                 .columns = stored_columns(node.schema),
                 .arguments = {},
                 .settings = stored(node.settings),
                 .is_own = node.is_own};
  for (const auto& [name, value] : node.arguments) {
    texts->push_back(exec::value_text(value));
    out.arguments.emplace_back(name, texts->back());
  }
  return out;
}

/// Functions and code come back as such; what a lambda's text gives is the function.
Value value_of(const std::string& text, functions::CallContext& context) {
  if (text.empty()) return Value::missing();
  return context.run_script(text);
}

/// Without its arguments.
GraphNode node_of(const StoredNode& kept, size_t place) {
  GraphNode node{.kind = kept.kind,
                 .call = kept.call,
                 .name = kept.name,
                 .inputs = {kept.inputs.begin(), kept.inputs.end()},
                 .lanes = kept.lanes,
                 .schema = schema_of(kept.columns),
                 .arguments = {},
                 .settings = settings_of(kept.settings),
                 .is_own = kept.is_own};
  for (const auto input : node.inputs) {
    if (input >= place) throw ScriptError("The definition of the stream graph is damaged.");
  }
  return node;
}

StoredGraph decoded(std::string_view bytes) {
  auto graph = meta::decode<StoredGraph>(bytes, "the definition of a stream graph");
  if (!graph.ok()) throw ScriptError(graph.error().message);
  if (graph->version != kVersion)
    throw ScriptError("The stream graph " + graph->name + " was defined by a newer version of this program.");
  return std::move(*graph);
}

}  // namespace

Bytes write_definition(const GraphPlan& plan, functions::CallContext& context) {
  StoredGraph graph{
      .name = plan.name, .definitions = {}, .nodes = {}, .settings = stored(plan.settings), .variables = {}};
  std::vector<std::string> texts;
  for (const auto& node : plan.nodes) graph.nodes.push_back(stored(node, &texts));
  for (const auto& [name, value] : plan.variables) graph.variables.emplace_back(name, exec::value_text(value));
  graph.definitions = exec::definitions_for(context, texts);
  auto bytes = meta::encode(graph);
  if (bytes.size() > kDefinitionBytesMax)
    throw ScriptError("The definition of the stream graph " + plan.name + " has " + std::to_string(bytes.size()) +
                      " bytes, more than the " + std::to_string(kDefinitionBytesMax) +
                      " that can be kept: give smaller values to its engines, tables and functions.");
  return bytes;
}

GraphPlan read_definition(std::string_view bytes, functions::CallContext& context) {
  const auto graph = decoded(bytes);
  if (!graph.definitions.empty()) (void)context.run_script(graph.definitions);
  GraphPlan plan{.name = graph.name, .nodes = {}, .settings = settings_of(graph.settings), .variables = {}};
  for (const auto& kept : graph.nodes) {
    auto node = node_of(kept, plan.nodes.size());
    for (const auto& [name, text] : kept.arguments) node.arguments.emplace_back(name, value_of(text, context));
    plan.nodes.push_back(std::move(node));
  }
  for (const auto& [name, text] : graph.variables) plan.variables.emplace_back(name, value_of(text, context));
  return plan;
}

GraphPlan read_structure(std::string_view bytes) {
  const auto graph = decoded(bytes);
  GraphPlan plan{.name = graph.name, .nodes = {}, .settings = settings_of(graph.settings), .variables = {}};
  for (const auto& kept : graph.nodes) {
    auto node = node_of(kept, plan.nodes.size());
    for (const auto& [name, text] : kept.arguments) node.arguments.emplace_back(name, Value::of_string(text));
    plan.nodes.push_back(std::move(node));
  }
  return plan;
}

}  // namespace pelorus::stream
