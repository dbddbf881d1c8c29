#pragma once
// From arguments and files to the settings of this process: the whole of start-up phase "configuration".

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/cluster_config.h"
#include "config/cluster_nodes.h"
#include "config/command_line.h"
#include "config/finding.h"
#include "config/settings.h"
#include "config/validate.h"

namespace pelorus::config {

struct LoadRequest {
  std::vector<std::string> arguments;       // without the program's name
  std::filesystem::path program_directory;  // of the program's file
  std::vector<std::string> known_aliases;   // of the replicated copy, if there is one
  IsOwnHost own_host = is_own_host;
};

struct Loaded {
  Settings settings;
  CommandLine command_line;
  std::string config_file;  // read; empty: none
  ClusterConfig cluster;    // controllers only
  ClusterNodes nodes;       // controllers only; of a cluster's Raft copy the caller decides what counts
  // Controllers by the agent's file, when cluster.nodes lacks this controller itself: to dial, never to add as members.
  std::vector<Site> agents_controllers;
  std::string cluster_file;  // cluster.cfg's path; empty: there is none
  std::string cluster_text;  // the files as they are, to hash
  std::string nodes_text;
  Findings findings;  // everything reported, in the order of reading

  /// Where the files say that controllers listen, this one included when they say so.
  std::vector<Site> controllers() const;
};

/// Reads flags, then the file of the role, then (controllers) cluster.cfg and cluster.nodes.
/// Flags win over the file, the file over defaults. An Error is for what cannot be gone on with: wrong flags, a
/// file that was asked for and cannot be read. Everything else is in `findings`; a caller that starts afresh
/// refuses when has_errors(findings), a member of a living cluster may go on without the faulty lines of
/// cluster.nodes and cluster.cfg.
Result<Loaded> load(const LoadRequest& request);

}  // namespace pelorus::config
