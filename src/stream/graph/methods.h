#pragma once
// What the methods of graphs and streams have in common.

#include <memory>
#include <string_view>

#include "functions/arguments.h"
#include "functions/declare.h"
#include "stream/functions.h"
#include "stream/graph/objects.h"

namespace pelorus::stream {

inline constexpr std::string_view kGraphFamily = "stream-graphs";

/// The graph, or the stream, a method is called on, or an argument. ScriptError naming the method for other values.
std::shared_ptr<StreamGraphObject> graph_argument(const functions::Arguments& a);
std::shared_ptr<StreamObject> stream_argument(const functions::Arguments& a, size_t i, std::string_view parameter);

/// Adds a node that the streams feed. ScriptError when they are of different graphs or run in different lanes, or when
/// the graph was submitted.
data::Value add_node(std::string_view method, const std::vector<std::shared_ptr<StreamObject>>& inputs, GraphNode node);
/// Adds one that nothing feeds.
data::Value add_source(std::string_view method, const std::shared_ptr<StreamGraphObject>& graph, GraphNode node);

/// source keyedSource haSource haKeyedSource sourceByName, buffer sink and their kinds
void register_graph_tables(functions::Registry& registry, StreamServices& services);
/// map udfEngine fork parallelize sync setEngineName getOutputSchema setLocalConfigOnce, the engines
void register_graph_steps(functions::Registry& registry, StreamServices& services);
/// createStreamGraph getStreamGraph, submit dropGraph name str toGraphviz setConfigMap sharedTable sharedKeyedTable,
/// orcaObj
void register_graph_objects(functions::Registry& registry, StreamServices& services);
/// dropStreamGraph startStreamGraph stopStreamGraph resubmitStreamGraph purgeStreamGraphRecords
void register_graph_control(functions::Registry& registry, StreamServices& services);
/// createOrcaStreamTable … useOrcaStreamTable useOrcaStreamEngine warmupOrcaStreamEngine
void register_catalog_streams(functions::Registry& registry, StreamServices& services);
/// getStreamGraphMeta getStreamGraphInfo getOrcaStreamTableMeta …
void register_graph_questions(functions::Registry& registry, StreamServices& services);

/// Carries a call out at another node; nothing when `node` is this one. ScriptError naming `function`.
std::optional<data::Value> run_at(StreamServices& services, functions::CallContext& context, const std::string& node,
                                  std::string_view function, std::vector<data::Value> arguments);
/// Whether the cluster has no node of that name any more: what was there can only be forgotten.
bool is_gone(const StreamServices& services, const std::string& node);
/// dropStreamGraph, wherever the graph runs.
void drop_graph(StreamServices& services, functions::CallContext& context, std::string_view function,
                const std::string& name, bool with_tables);

}  // namespace pelorus::stream
