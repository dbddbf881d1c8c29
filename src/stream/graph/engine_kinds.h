#pragma once
// The engines that a stream graph can have, and what leaves them.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "functions/call_context.h"
#include "stream/graph/plan.h"

namespace pelorus::stream {

/// What stands before the metrics in the rows of an engine.
enum class LeadingColumns : uint8_t {
  kKeys,            // keyColumn
  kTimeAndKeys,     // timeColumn, keyColumn
  kTimeAndContext,  // timeColumn or the system's time, contextByColumn
  kAnomaly,         // timeColumn, keyColumn, then no metrics but which condition holds
  kMatching,        // matchingColumn
  kTimeAndMatching  // timeColumn or the system's time, matchingColumn
};

struct EngineKind {
  std::string_view method;      // "DStream::timeSeriesEngine"
  std::string_view parameters;  // as it is declared, the stream first
  std::string_view maker;       // the function that makes one: "createTimeSeriesEngine"
  LeadingColumns leading = LeadingColumns::kKeys;
  bool joins = false;
  std::string_view summary;
  std::string_view example, result;
};
std::span<const EngineKind> engine_kinds();
/// Null when there is none of that method ("timeSeriesEngine").
const EngineKind* find_engine_kind(std::string_view call);

/// The columns that leave the engine, from its arguments and what goes in (of joins the left and the right). Types of
/// metrics come from trying them on made-up rows; DOUBLE where that says nothing. ScriptError for columns that are
/// none.
data::Schema engine_output(const EngineKind& kind, const GraphNode& node, const std::vector<const GraphNode*>& inputs,
                           functions::CallContext& context);

}  // namespace pelorus::stream
