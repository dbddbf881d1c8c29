#pragma once
// The configuration of one package as its nodes would load it.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/package_place.h"
#include "config/load.h"

namespace pelorus::cli {

/// A role without its file is empty.
struct PackageConfig {
  PackagePlace place;
  std::optional<config::Loaded> controller;  // with cluster.cfg and cluster.nodes
  std::optional<config::Loaded> agent;
  std::optional<config::Loaded> single;
  /// From a package without controller.cfg too.
  config::ClusterNodes nodes;
  config::ClusterConfig cluster;
  config::Findings findings;  // of all roles, each once
};

/// The package's name in messages: the directory its operator knows it by.
std::string name_of(const PackageConfig& package);

/// Reads the files of `place`: the cluster's when it has any, else those of a single node. Never fails: what cannot be
/// read is an error among the findings.
PackageConfig read_package(const PackagePlace& place);

/// The settings the data or compute node `alias` would be started with. Errors: kNotFound, naming the nearest alias.
Result<config::Settings> settings_of_node(const PackageConfig& package, const std::string& alias);

}  // namespace pelorus::cli
