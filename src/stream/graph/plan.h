#pragma once
// What a stream graph consists of, as its methods add it; nothing runs yet.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/table.h"
#include "data/value.h"

namespace pelorus::stream {

enum class NodeKind : uint8_t {
  kTable,   // a stream table; what comes after it is a subscription
  kEngine,  // of one stream
  kJoin,    // an engine of a left and a right stream
  kMap,     // a function of rows whose result goes on
  kCall,    // a function of rows that only acts
  kSplit,   // parallelize: rows go to one of several lanes
  kMerge,   // sync: the lanes come together
};

/// How a subscription of a graph reads; what is not said follows from the graph's settings.
struct EdgeSettings {
  std::optional<int64_t> batch_rows;
  std::optional<int64_t> throttle_ms;
  std::optional<int64_t> source_offset;

  /// `otherwise` where nothing is said.
  EdgeSettings over(const EdgeSettings& otherwise) const {
    return {.batch_rows = batch_rows ? batch_rows : otherwise.batch_rows,
            .throttle_ms = throttle_ms ? throttle_ms : otherwise.throttle_ms,
            .source_offset = source_offset ? source_offset : otherwise.source_offset};
  }
};

struct GraphNode {
  NodeKind kind = NodeKind::kTable;
  std::string call;            // the method that added it: "timeSeriesEngine"
  std::string name;            // in full, of tables and of engines that were given one; else empty
  std::vector<size_t> inputs;  // nodes; of kJoin: left, right
  size_t lanes = 1;            // it runs so many times, each with its share of the rows
  data::Schema schema;         // of the rows that leave it
  std::vector<std::pair<std::string, data::Value>> arguments;  // by parameter, those that were given
  EdgeSettings settings;                                       // of the subscription it is fed by
  bool is_own = true;                                          // kTable: the graph makes it where it is not there

  /// Null when it was not given.
  const data::Value* argument(std::string_view parameter) const {
    for (const auto& [name_of_it, value] : arguments) {
      if (name_of_it == parameter) return &value;
    }
    return nullptr;
  }
  bool is_engine() const { return kind == NodeKind::kEngine || kind == NodeKind::kJoin; }
};

struct GraphPlan {
  std::string name;              // in full
  std::vector<GraphNode> nodes;  // inputs stand before what they feed
  EdgeSettings settings;
  std::vector<std::pair<std::string, data::Value>> variables;  // sharedTable …: what each begins with
};

/// The name a stream is known by: of its table, or of the table that its rows come from.
std::string stream_name(const GraphPlan& plan, size_t node);
/// How messages and pictures call it: its name, else the method and its place.
std::string label_of(const GraphNode& node, size_t place);

}  // namespace pelorus::stream
