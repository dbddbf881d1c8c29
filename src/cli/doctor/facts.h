#pragma once
// What the doctor looked at. Gathering fills it (gather_live.h, gather_package.h), checks only read it.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/cluster_view.h"
#include "cli/config/compare.h"
#include "cli/config/read_package.h"
#include "observe/machine.h"

namespace pelorus::cli::doctor {

/// A directory a node writes, and the setting that names it.
struct PlaceFacts {
  std::string setting;
  observe::DirectoryFacts directory;
};

/// One member of the live cluster: what the leader says of it and what itself answered.
struct NodeFacts {
  NodeRow row;
  bool has_answered = false;  // us, at its address; a new leader may not have heard of it yet
  std::string failure;        // why it did not; empty: it did, or was not asked
  bool is_silent = false;     // it failed by a timeout
  std::string version;
  std::string listens;  // the address its port is open on
  std::map<std::string, std::string> settings;
  std::optional<observe::MachineFacts> machine;
  std::optional<int64_t> clock_ahead_ms;  // of ours
  int64_t clock_doubt_ms = 0;             // half of what the question took
  std::optional<int64_t> raft_committed;  // controllers
  std::optional<int64_t> raft_applied;
  std::vector<PlaceFacts> places;
  std::string certificate;                   // its file that ends first
  std::optional<int64_t> certificate_end_s;  // since 1970; nothing: no TLS, or it did not tell

  /// Silence may be a firewall between it and us; a refused connection is a process that is gone.
  bool is_up() const { return has_answered || (row.online && (failure.empty() || is_silent)); }
};

struct ReplicaFacts {
  std::string node;
  bool is_stale = false;
};

struct ChunkFacts {
  std::string id;
  std::string file;
  std::string state;  // COMPLETE, …
  std::vector<ReplicaFacts> replicas;
};

struct OpenTransaction {
  int64_t id = 0;
  std::string status;
  int64_t age_ms = 0;
};

struct LiveFacts {
  std::string asked;            // host:port of the node that answered first
  std::string failure;          // why none did; then all else is empty
  bool is_denied = false;       // because of the user or the password
  std::string user;             // empty: guest
  bool stock_password = false;  // the customary one was given and taken
  std::vector<NodeFacts> nodes;
  std::string leader;
  std::vector<std::string> voters;
  std::optional<std::vector<ChunkFacts>> chunks;             // administrators only
  std::optional<std::vector<OpenTransaction>> transactions;  // undecided, or decided and not carried out everywhere
  std::vector<Difference> drift;                             // files of the packages against what is in effect
  std::string drift_refusal;                                 // why they could not be compared
  std::string refusal;                                       // why chunks or transactions are missing

  const NodeFacts* find(const std::string& alias) const;
};

/// A node of a package on this machine.
struct LocalNode {
  config::NodeEntry entry;
  bool was_started = false;    // its directory is there
  bool is_running = false;     // node.pid names a living process
  bool has_stale_pid = false;  // node.pid names a dead one
  std::string state;           // node.state, when it does not run
  int port_owner = 0;          // process that listens on its port; -1: another user's; 0: nobody
  std::string port_program;    // of that process
  bool owner_is_node = false;  // that process is this node, or runs the server's program
};

struct CrashSign {
  std::string file;
  std::string text;  // the line, or empty for a core file
};

struct LogErrors {
  std::string alias;
  size_t count = 0;
  std::string last;
};

/// The folder of keys of a node with TLS.
struct KeyFacts {
  std::string alias;
  std::string directory;
  std::string missing;                   // a file that is not there or cannot be read; then nothing below is known
  std::optional<int64_t> certificate_s;  // when server.crt ends, since 1970; nothing: it is no certificate
  std::optional<int64_t> authority_s;    // as above: ca.crt
  bool is_for_host = true;               // of localSite; needed between nodes, as all below
  bool is_signed = true;                 // by the authority
  bool has_key = true;                   // serverPrivate.key is its key, or not ours to read
};

struct PackageFacts {
  PackageConfig config;
  std::string name;
  std::vector<std::string>
      foreign_addresses;  // "agent1 10.0.0.1 (agent.cfg)": own addresses this machine does not have
  std::vector<LocalNode> nodes;
  std::vector<PlaceFacts> places;
  std::string owner;   // of the package
  std::string nested;  // a package copied into this one
  std::vector<KeyFacts> keys;
  std::vector<CrashSign> crashes;
  std::vector<LogErrors> errors;  // of the last hour
};

struct Facts {
  std::optional<LiveFacts> live;  // asked for
  std::vector<PackageFacts> packages;
  std::optional<observe::MachineFacts> here;  // when packages were given
  int64_t now_s = 0;                          // since 1970
};

}  // namespace pelorus::cli::doctor
