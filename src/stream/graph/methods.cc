#include "stream/graph/methods.h"

#include "base/script_error.h"
#include "stream/graph/graph_board.h"

namespace pelorus::stream {

using data::Value;
using functions::Arguments;

std::shared_ptr<StreamGraphObject> graph_argument(const Arguments& a) {
  auto graph = a[0].is_handle() ? std::dynamic_pointer_cast<StreamGraphObject>(a[0].handle()) : nullptr;
  if (graph == nullptr) a.refuse("graph", "must be a stream graph, as createStreamGraph gives it.");
  return graph;
}

std::shared_ptr<StreamObject> stream_argument(const Arguments& a, size_t i, std::string_view parameter) {
  auto stream = a[i].is_handle() ? std::dynamic_pointer_cast<StreamObject>(a[i].handle()) : nullptr;
  if (stream == nullptr) a.refuse(parameter, "must be a stream of a graph, as StreamGraph::source gives it.");
  return stream;
}

Value add_source(std::string_view method, const std::shared_ptr<StreamGraphObject>& graph, GraphNode node) {
  size_t place = 0;
  graph->change(method, [&](GraphPlan& plan) {
    place = plan.nodes.size();
    plan.nodes.push_back(std::move(node));
  });
  return data::HandleRef(std::make_shared<StreamObject>(graph, place));
}

Value add_node(std::string_view method, const std::vector<std::shared_ptr<StreamObject>>& inputs, GraphNode node) {
  const auto& graph = inputs[0]->graph();
  const auto plan = graph->plan();
  for (const auto& input : inputs) {
    if (input->graph() != graph)
      throw ScriptError(std::string(method) + ": the streams belong to different graphs, " + graph->name() + " and " +
                        input->graph()->name() + "; read the other one's table by sourceByName.");
    if (plan.nodes[input->node()].lanes != plan.nodes[inputs[0]->node()].lanes)
      throw ScriptError(std::string(method) +
                        ": either both streams are parallelized, in as many lanes, or none; see DStream::sync.");
    node.inputs.push_back(input->node());
  }
  node.settings = inputs[0]->settings();
  const auto kind = node.kind;
  if (kind != NodeKind::kTable && kind != NodeKind::kSplit && kind != NodeKind::kMerge)
    node.lanes = plan.nodes[inputs[0]->node()].lanes;
  return add_source(method, graph, std::move(node));
}

bool is_gone(const StreamServices& services, const std::string& node) {
  if (node == services.alias || !services.site_of) return false;
  const auto site = services.site_of(Value::of_string(node));
  return !site.ok() && site.error().code == ErrorCode::kNotFound;
}

std::optional<Value> run_at(StreamServices& services, functions::CallContext& context, const std::string& node,
                            std::string_view function, std::vector<Value> arguments) {
  if (node == services.alias) return std::nullopt;
  if (!services.run_on) throw ScriptError(std::string(function) + ": this program can't reach the node " + node + ".");
  auto answer = services.run_on(node, context.caller(), std::string(function), std::move(arguments));
  if (answer.ok()) return *std::move(answer);
  const auto& message = answer.error().message;
  throw ScriptError(message.starts_with('<') ? message : std::string(function) + " at " + node + ": " + message);
}

void register_stream_graphs(functions::Registry& registry, StreamServices& services) {
  services.graphs = std::make_shared<GraphBoard>(services);
  register_graph_objects(registry, services);
  register_graph_tables(registry, services);
  register_graph_steps(registry, services);
  register_graph_control(registry, services);
  register_catalog_streams(registry, services);
  register_graph_questions(registry, services);
}

}  // namespace pelorus::stream
