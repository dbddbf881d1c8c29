#pragma once
// The bytes of log entries and snapshots, and the place in the group's history they claim. Specified in
// docs/internals/raft.md, "Formats".

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"

namespace pelorus::raft {

/// A place in a group's history: how many commands came before, and the hash chain over them.
struct LogPlace {
  uint64_t command_count = 0;
  uint64_t link = 0;
  bool operator==(const LogPlace&) const = default;
};

/// One log entry: the commands of one loop turn.
struct Entry {
  Uuid group;
  LogPlace before;                         // where the leader stood
  uint64_t proposer = 0;                   // its member id
  std::vector<std::string_view> commands;  // in the decoded bytes
  LogPlace after;                          // computed
};

/// Bytes one command adds to an entry.
inline size_t entry_cost(std::string_view command) { return command.size() + sizeof(uint32_t); }

class EntryEncoder {
 public:
  /// Starts an entry that follows `before`.
  EntryEncoder(const Uuid& group, LogPlace before, uint64_t proposer);
  void add(std::string_view command);
  /// The entry, and the place behind it.
  Bytes finish(LogPlace& after);

 private:
  Bytes bytes_;
  LogPlace before_;
  uint32_t count_ = 0;
};

/// kCorrupt unless `bytes` is one whole entry.
Result<Entry> decode_entry(std::string_view bytes);

struct SnapshotContent {
  Uuid group;
  LogPlace at;
  std::string_view state;  // in the decoded bytes
};

Bytes encode_snapshot(const Uuid& group, LogPlace at, std::string_view state);
/// kCorrupt unless magic, lengths and CRC-32C agree.
Result<SnapshotContent> decode_snapshot(std::string_view bytes);

/// The UUID of a group: the first 16 bytes of SHA-256 over cluster UUID and name, the same on all members.
Uuid group_uuid(const Uuid& cluster, std::string_view group);

}  // namespace pelorus::raft
