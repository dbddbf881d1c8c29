#pragma once
// Stream tables of catalogs on the node that has their rows.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "meta/stream_graphs.h"
#include "stream/functions.h"

namespace pelorus::stream {

/// How a table is made, here and once more after a restart.
struct CatalogStreamTerms {
  data::Schema schema;
  std::vector<std::string> keys;
  bool sync_each = false;
  int64_t retention_minutes = 1440;
  int64_t memory_rows_max = 0;  // 0: no bound
  int64_t group = 0;            // of streamingRaftGroups; 0: not highly available
};
/// From the arguments name, [colNames, colTypes], asyncWrite, compress, cacheSize … that stand from `at` on.
CatalogStreamTerms catalog_stream_terms(const functions::Arguments& a, size_t at, data::Schema schema,
                                        std::vector<std::string> keys);
/// From the arguments raftGroup, cacheLimit, [retentionMinutes] that stand from `at` on.
CatalogStreamTerms ha_stream_terms(const functions::Arguments& a, size_t at, data::Schema schema,
                                   std::vector<std::string> keys);
/// colNames and colTypes. ScriptError.
data::Schema columns_argument(const functions::Arguments& a, size_t names, size_t types);
/// ScriptError unless they name columns.
std::vector<std::string> keys_argument(const functions::Arguments& a, size_t i, const data::Schema& schema);

Bytes definition_of(const CatalogStreamTerms& terms);
/// kCorrupt for a definition this build cannot read.
Result<CatalogStreamTerms> terms_of_definition(std::string_view definition);
bool same_columns(const data::Schema& left, const data::Schema& right);

/// The table, with the rows the node has on disk of it where it keeps any; nobody sees it yet. ScriptError.
std::shared_ptr<StreamTable> open_catalog_stream(StreamServices& services, const std::string& name,
                                                 const CatalogStreamTerms& terms);
/// Takes it from the node's sessions and its files from the disk; subscribers are ended. Fine when it is not there.
void drop_catalog_stream(StreamServices& services, functions::SharedObjects& shared, const std::string& name);

inline constexpr std::chrono::milliseconds kControllerPatience{30'000};

/// The cluster's stream graphs and tables. ScriptError naming `function` where the controllers don't answer in time.
meta::StreamGraphs ask_stream_graphs(const StreamServices& services, std::string_view function,
                                     std::chrono::milliseconds patience = kControllerPatience);
/// ScriptError with what the controllers refuse it for.
meta::StreamGraphs change_stream_graphs(const StreamServices& services, std::string_view function,
                                        const meta::StreamGraphChange& change);

/// The table by its whole name wherever it is: the shared one of this node, else one whose rows are asked for at its
/// node. ScriptError naming `function`.
data::Value find_catalog_stream(StreamServices& services, functions::CallContext& context, std::string_view function,
                                const std::string& name);
/// What takes rows for a table on this node: of a highly available one, its leader, wherever that is.
data::TableRef appendable(StreamServices& services, const functions::Caller& caller, data::TableRef table);
/// The node that has the table; empty: this one, or there is no such table.
std::string node_of_stream(StreamServices& services, functions::SharedObjects& shared, const std::string& name);

}  // namespace pelorus::stream
