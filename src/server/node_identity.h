#pragma once
// Who this node is, for good: kept in <home>/<alias>/identity, apart from its address.

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/ids.h"
#include "io/file_system.h"

namespace pelorus::server {

struct NodeIdentity {
  std::string alias;
  Uuid node;     // made at the first start
  Uuid cluster;  // nil until the node has joined one
};

/// Reads the file, or makes it with a new node UUID. kInvalid when the file belongs to another alias (a copied
/// directory), kCorrupt when it makes no sense.
Result<NodeIdentity> load_identity(io::FileSystem& files, const std::filesystem::path& directory,
                                   const std::string& alias);
/// Durable when it returns.
Status save_identity(io::FileSystem& files, const std::filesystem::path& directory, const NodeIdentity& identity);

}  // namespace pelorus::server
