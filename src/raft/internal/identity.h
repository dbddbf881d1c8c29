#pragma once
// The identity file beside the engine's directory: whose log this is, that it may have voted, and how far it got.
// It is what makes a wiped, copied or cut directory refuse to start instead of forgetting what it promised.

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/ids.h"

namespace pelorus::raft {

struct Identity {
  Uuid cluster;
  Uuid node;
  std::string group;
  uint64_t id = 0;
  std::string alias;
  bool was_voter = false;
  uint64_t committed_index = 0;  // the log once reached this: a shorter one has lost entries
};

struct StorageCheck {
  bool is_new = false;         // nothing there yet
  bool has_log = false;        // the engine's directory holds its metadata
  bool lost_metadata = false;  // one of the two metadata files is missing or cut
};

/// Compares the directory with who we are. kDenied when it belongs to another member, or was wiped after having
/// voted; kCorrupt when files are damaged beyond what the engine notices itself.
/// On return `known` holds the stored identity when there is one, otherwise a copy of `self`.
Result<StorageCheck> check_storage(const std::string& directory, const Identity& self, Identity& known);

/// Written to a new file, synced and renamed.
Status write_identity(const std::string& directory, const Identity& identity);

/// The directory the engine writes to.
std::string engine_directory(const std::string& directory);

}  // namespace pelorus::raft
