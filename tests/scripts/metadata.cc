#include "tests/scripts/metadata.h"

#include "meta/catalogs.h"
#include "meta/messages.h"
#include "meta/stream_graphs.h"

namespace pelorus::tests {

Result<Bytes> Metadata::answer(std::string_view method, std::string_view payload) {
  if (method == meta::kListCatalogs) {
    TRY(const auto catalogs, meta::catalogs_of(state_));
    return meta::encode(catalogs);
  }
  if (method == meta::kChangeCatalogs) {
    TRY(const auto change, meta::decode<meta::CatalogChange>(payload, method));
    TRY(const auto after, meta::changed(state_, change));
    state_.records[{meta::kCatalogsArea, meta::kCatalogsRecord}] = meta::encode(after);
    return Bytes();
  }
  if (method == meta::kListStreamGraphs) {
    TRY(const auto graphs, meta::stream_graphs_of(state_));
    return meta::encode(graphs);
  }
  if (method == meta::kChangeStreamGraphs) return change_graphs(payload);
  if (method == meta::kListRecords) {
    TRY(const auto request, meta::decode<meta::RecordsRequest>(payload, method));
    meta::RecordsReply reply;
    for (const auto& [key, value] : state_.records) {
      if (key.first == request.area) reply.records.emplace(key.second, value);
    }
    return meta::encode(reply);
  }
  return Error{ErrorCode::kNotFound, "There are no controllers here to answer " + std::string(method) + "."};
}

Result<Bytes> Metadata::change_graphs(std::string_view payload) {
  TRY(const auto change, meta::decode<meta::StreamGraphChange>(payload, meta::kChangeStreamGraphs));
  TRY(const auto after, meta::changed(state_, change));
  if (change.definition) state_.records[{meta::kGraphDefinitionsArea, change.graph.id}] = *change.definition;
  state_.records[{meta::kStreamGraphsArea, meta::kStreamGraphsRecord}] = meta::encode(after);
  return meta::encode(after);
}

}  // namespace pelorus::tests
