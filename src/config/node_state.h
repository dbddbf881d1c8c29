#pragma once
// node.state: one line by which scripts and the agent see how far a node has come.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pelorus::config {

/// How far a node has come.
enum class NodePhase : uint8_t {
  kStarting,   // reading, replaying; the detail may say how far
  kListening,  // the port is bound
  kReady,      // everything is loaded, work is done
  kStopping,   // no new work; flushing
  kFailed,     // gave up; the detail says why
};

struct NodeState {
  NodePhase phase = NodePhase::kStarting;
  std::string detail;
  /// "starting", "listening", "ready", "stopping", "failed"; ": detail" behind it when there is one.
  std::string to_string() const;
};

/// Replaces <directory>/node.state atomically. Line ends in the detail become blanks.
Status write_node_state(const std::filesystem::path& directory, const NodeState& state);
/// kNotFound when there is none, kCorrupt when it makes no sense.
Result<NodeState> read_node_state(const std::filesystem::path& directory);

}  // namespace pelorus::config
