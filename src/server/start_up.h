#pragma once
// The first phases of every role: settings, log, the node's own directory and its lock.

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "config/load.h"
#include "config/node_lock.h"
#include "config/node_state.h"
#include "meta/levels.h"
#include "rpc/node_tls.h"
#include "server/node_identity.h"

namespace pelorus::server {

/// What start-up leaves for the roles. Lives as long as the process.
struct NodeEnvironment {
  meta::Build build;  // this program
  config::Loaded loaded;
  config::NodeMode mode = config::NodeMode::kSingle;
  config::Site site;  // of this node
  std::filesystem::path home;
  std::filesystem::path directory;    // <home>/<alias>: lock, state, identity, keys
  std::string cluster_key;            // empty: peers are trusted by cluster UUID
  std::shared_ptr<rpc::NodeTls> tls;  // null: nodes speak in plain text
  std::optional<config::NodeLock> lock;

  const config::Settings& settings() const { return loaded.settings; }
  mutable std::mutex identity_mutex;
  NodeIdentity identity;  // guarded by identity_mutex
  /// The cluster this node belongs to; nil before it has joined one. Thread-safe.
  Uuid cluster() const;
  /// Thread-safe.
  Uuid node() const;
  /// Durable when it returns.
  Status join(io::FileSystem& files, const Uuid& cluster);
  /// Becomes the node its data belong to. Durable when it returns.
  Status take_over(io::FileSystem& files, const Uuid& node, const Uuid& cluster);
  /// Remembers where the node's files are: `place` is &NodeIdentity::log or data. Durable when it returns.
  Status keep_place(io::FileSystem& files, std::string NodeIdentity::*place, const std::string& path);
  /// Remembers the feature level of the cluster: from then on no program that does not know it starts here. Whoever
  /// writes anything of a new level asks level() first. Durable when it returns.
  Status raise_level(io::FileSystem& files, uint32_t level);
  /// Thread-safe; 0 before any cluster told it.
  uint32_t level() const;
  /// Becomes another node of the same cluster: what it had promised under the old UUID is lost. Durable when it
  /// returns.
  Status renew(io::FileSystem& files);
  /// Writes node.state and the log.
  void announce(config::NodePhase phase, const std::string& detail = {}) const;
};

/// Errors are complete sentences for the operator: they go to the log, standard error and node.state.
Result<std::unique_ptr<NodeEnvironment>> start_up(config::Loaded loaded, io::FileSystem& files, meta::Build build);

/// localhost, ::1 and 127.0.0.0/8.
bool is_loopback(const std::string& host);
/// Every address of the configured cluster is a loopback address, and no node is told to listen on another one: nobody
/// outside this machine can reach it.
bool is_loopback_only(const NodeEnvironment& environment);
/// listenAddress; without it the loopback address that localSite names, else all addresses: of IPv4, or of both where
/// localSite is one of IPv6.
std::string listen_host(const NodeEnvironment& environment);

}  // namespace pelorus::server
