// The service's answers about stream graphs.

#include "base/log.h"
#include "controller/metadata_service.h"
#include "meta/stream_graphs.h"

namespace pelorus::controller {

/// As change_catalogs. A definition is recorded before the graph that needs it and erased after the graph that needed
/// it: a change that breaks off between the two leaves a definition too many at most.
Result<Bytes> MetadataService::change_stream_graphs(std::string_view payload) {
  TRY(const auto change, meta::decode<meta::StreamGraphChange>(payload, meta::kChangeStreamGraphs));
  const std::lock_guard lock(cataloguing_);
  TRY(const auto before, machine_.read([](const meta::State& state) { return meta::stream_graphs_of(state); }));
  TRY(const auto after, machine_.read([&](const meta::State& state) { return meta::changed(state, change); }));
  const auto record = [this](const char* area, const std::string& name, std::optional<std::string> value) -> Status {
    TRY_DONE(propose(meta::PutRecord{.area = area, .name = name, .value = std::move(value)}));
    return {};
  };
  if (change.definition) TRY_DONE(record(meta::kGraphDefinitionsArea, change.graph.id, change.definition));
  const auto done = record(meta::kStreamGraphsArea, meta::kStreamGraphsRecord, meta::encode(after));
  log_info("change of stream graph " + change.graph.name + " by " + change.user +
           (done.ok() ? "" : " refused: " + done.error().message));
  TRY_DONE(done);
  std::set<std::string> needed;
  for (const auto& [name, graph] : after.graphs) needed.insert(graph.id);
  for (const auto& [name, graph] : before.graphs) {
    if (!needed.contains(graph.id)) TRY_DONE(record(meta::kGraphDefinitionsArea, graph.id, std::nullopt));
  }
  return meta::encode(after);
}

Result<Bytes> MetadataService::list_stream_graphs(std::string_view) {
  return machine_.read([](const meta::State& state) -> Result<Bytes> {
    TRY(const auto graphs, meta::stream_graphs_of(state));
    return encode(graphs);
  });
}

}  // namespace pelorus::controller
