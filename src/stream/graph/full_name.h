#pragma once
// Names of stream graphs, their tables and engines: catalog.orca_graph.name, catalog.orca_table.name,
// catalog.orca_engine.name.

#include <string>
#include <string_view>

#include "functions/call_context.h"
#include "meta/stream_graphs.h"

namespace pelorus::stream {

/// Completes name, schema.name or catalog.schema.name; without a catalog the session's current one is meant.
/// ScriptError naming `function` when there is none, or when that is no such name.
std::string full_name(functions::CallContext& context, std::string_view function, std::string_view schema,
                      const std::string& name);
/// Whether it is a whole name of a stream table.
bool is_stream_name(std::string_view name);
/// "trades" of "trading.orca_table.trades".
std::string_view last_part(std::string_view full_name);

}  // namespace pelorus::stream
