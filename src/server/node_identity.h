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
  Uuid node;           // made at the first start
  Uuid cluster;        // nil until the node has joined one
  std::string log;     // a controller's: where its metadata log was at the last start; empty: it never had one
  std::string data;    // a data node's: where its chunk metadata were
  uint32_t level = 0;  // feature level of the cluster; 0: not told yet
};

/// Reads the file, or makes it with a new node UUID. kInvalid when the file belongs to another alias (a copied
/// directory), kCorrupt when it makes no sense.
Result<NodeIdentity> load_identity(io::FileSystem& files, const std::filesystem::path& directory,
                                   const std::string& alias);
/// `kept`: where the node's files were at its last start; `now`: where the settings lead and nothing of this node is.
/// kInvalid when the files still are where they were: a line lost from a file must not make a node forget what it
/// keeps.
Status check_place(io::FileSystem& files, const std::string& kept, const std::string& now, const std::string& setting);
/// kConflict when the directory holds a file `moved`: the node lives elsewhere, and this is what it left behind. The
/// file's first line says where. pelorus migrate writes it.
Status check_not_left(io::FileSystem& files, const std::filesystem::path& directory, const std::string& alias);
/// Durable when it returns.
Status save_identity(io::FileSystem& files, const std::filesystem::path& directory, const NodeIdentity& identity);

}  // namespace pelorus::server
