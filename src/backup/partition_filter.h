#pragma once
// Which partitions a call means.

#include <string>
#include <string_view>
#include <vector>

#include "meta/partition_scheme.h"

namespace pelorus::backup {

/// All partitions when empty; else those that fit a pattern or, level by level, hold a named part.
struct PartitionFilter {
  /// Against "/20240101/0_50", the same without its first slash, and "/db/20240101/0_50" (also with "dfs:/").
  std::vector<std::string> patterns;
  /// One list of parts a level; an empty list is any part.
  std::vector<std::vector<types::Scalar>> parts;

  bool is_everything() const { return patterns.empty() && parts.empty(); }
  /// `path`: of the key, as meta::path_of gives it.
  bool takes(const std::string& database, const std::string& path, const meta::PartitionKey& key) const;
};

}  // namespace pelorus::backup
