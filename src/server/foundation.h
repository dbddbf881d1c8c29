#pragma once
// What a controller has promised to the group it founds or joined: kept in <home>/<alias>/foundation, beside identity.

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "io/file_system.h"
#include "meta/messages/node_messages.h"

namespace pelorus::server {

struct Foundation {
  Uuid cluster;  // nil: nothing was promised yet
  std::vector<meta::Founder> founders;
  bool log_made = false;  // a log found missing later is a lost one
  template <class A>
  void fields(A& a) {
    a(cluster, founders, log_made);
  }
};

/// An empty one when there is no file. kCorrupt when it makes no sense.
Result<Foundation> load_foundation(io::FileSystem& files, const std::filesystem::path& directory);
/// Durable when it returns.
Status save_foundation(io::FileSystem& files, const std::filesystem::path& directory, const Foundation& foundation);

}  // namespace pelorus::server
