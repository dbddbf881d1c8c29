#pragma once
// The parts of a package's tree that commands read, wherever in it the operator points.

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace pelorus::cli {

/// Directories that are not there are empty.
struct PackagePlace {
  std::filesystem::path server;       // server/
  std::filesystem::path demo;         // server/clusterDemo/
  std::filesystem::path config;       // the cluster's four files
  std::filesystem::path single_file;  // dolphindb.cfg of a single node

  /// Where nodes write their logs and keep node.pid.
  std::vector<std::filesystem::path> log_directories() const;
  std::vector<std::filesystem::path> node_directories() const;
};

/// `given`: the package, its server/, clusterDemo/ or config/, or a configuration file. Errors: kNotFound, saying what
/// was looked for.
Result<PackagePlace> find_package(const std::filesystem::path& given);

}  // namespace pelorus::cli
