#pragma once
// The plan of a stream graph as the controllers keep it (docs/formats/stream_graph.md).

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "functions/call_context.h"
#include "stream/graph/plan.h"

namespace pelorus::stream {

/// Values as script, with the session's functions they mention. ScriptError for a value that can't be kept, or when it
/// grows too large.
Bytes write_definition(const GraphPlan& plan, functions::CallContext& context);
/// Runs the kept scripts in `context`, a session of the owner's. ScriptError.
GraphPlan read_definition(std::string_view bytes, functions::CallContext& context);

/// The same without values: nothing runs, arguments are their scripts. ScriptError.
GraphPlan read_structure(std::string_view bytes);

}  // namespace pelorus::stream
