#pragma once
// Which node a directory belongs to (docs/formats/manifest.md §3).

#include <string>
#include <vector>

#include "io/file_system.h"
#include "storage/store_options.h"

namespace pelorus::storage {

struct OpenedVolume {
  Uuid id;
  std::string path;
};

/// Checks all directories of a node, makes them when this is its first start, and returns its volumes in the order of
/// the settings. kInvalid when a directory is another node's, when one holds data but no identity, when the redo log
/// directory of a known node is new, or when a volume the node had is missing. kCorrupt for damaged identity files.
Result<std::vector<OpenedVolume>> open_directories(io::FileSystem& files, const NodeIdentity& identity,
                                                   const NodeDirectories& directories);

/// One more volume for a node that runs: an empty directory, made when missing, gets the node's identity and is noted
/// as one of its volumes. kInvalid when it is another node's, or holds chunks.
Result<OpenedVolume> open_new_volume(io::FileSystem& files, const NodeIdentity& identity,
                                     const NodeDirectories& directories, const std::string& path);

/// For a node that is about to say it has no data: kInvalid naming the first of its redo log directory and volumes that
/// belongs to a node, or holds data. Makes and locks nothing.
Status check_nobodys(io::FileSystem& files, const NodeDirectories& directories);

}  // namespace pelorus::storage
