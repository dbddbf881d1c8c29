#pragma once
// The replicated log of a cluster of one: an append-only file with checksummed frames, synced in groups, and a
// snapshot file. Always leads; no network. Format: docs/internals/raft.md.

#include <chrono>
#include <memory>
#include <string>

#include "io/file_system.h"
#include "raft/replicated_log.h"

namespace pelorus::raft {

struct SingleNodeOptions {
  std::string directory;  // made when missing
  Member self;
  size_t command_bytes_max = 4u << 20;        // kLimit above
  size_t queue_commands_max = 65536;          // waiting proposals; kUnavailable beyond
  size_t queue_bytes_max = 64u << 20;         // their bytes; kUnavailable beyond
  uint64_t snapshot_after_bytes = 64u << 20;  // snapshot once the log file is larger
};

/// `machine` and `files` must outlive the log. Membership changes are refused with kInvalid. bootstrap() may be left
/// out: an empty directory is founded by start().
std::unique_ptr<ReplicatedLog> make_single_node_log(SingleNodeOptions options, StateMachine& machine,
                                                    io::FileSystem& files);

}  // namespace pelorus::raft
