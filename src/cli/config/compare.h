#pragma once
// Lines of configuration that differ between two packages, or between a package and what the cluster works with.

#include <map>
#include <string>
#include <vector>

#include "cli/config/read_package.h"

namespace pelorus::cli {

struct Difference {
  std::string file;  // of the first place; of the second where only that has the line
  int line = 0;      // 0: the line is only at the other place
  std::string key;   // setting, "alias.setting", or "member alias"
  std::string here;  // empty: not there
  std::string there;
};

/// What a live cluster works with.
struct InEffect {
  config::ClusterNodes nodes;
  config::ClusterConfig cluster;
  /// By alias of a controller or agent; of those that were asked and answered.
  std::map<std::string, std::map<std::string, std::string>> settings;
};

std::vector<Difference> differences(const PackageConfig& here, const PackageConfig& there);
/// Lines of the files that are not in effect, and lines in effect that the files lack.
std::vector<Difference> differences(const PackageConfig& here, const InEffect& live);

}  // namespace pelorus::cli
