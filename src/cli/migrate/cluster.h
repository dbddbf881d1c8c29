#pragma once
// The running cluster as the steps see it and order it about. Tests bring one that lives in memory.

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/migrate/plan.h"

namespace pelorus::cli::migrate {

/// The replicas as the controllers have them.
struct Replicas {
  int64_t stale = 0;                                   // lack something, or their node is not there
  std::map<std::vector<std::string>, int64_t> chunks;  // how many have their replicas on just these data nodes
};

/// Errors: kUnavailable when no controller answers or none leads; kDenied; kScript with the server's line.
class Cluster {
 public:
  virtual ~Cluster() = default;

  /// Sorted as ClusterFacts::members; `server` is left empty.
  virtual Result<std::vector<Member>> members() = 0;
  virtual Status add_controller(const Addition& made) = 0;
  /// A former member comes back under its alias, with a new identity.
  virtual Status remove_controller(const std::string& alias) = 0;
  /// Away from where it is; `to` may be empty.
  virtual Status move_leader(const std::string& to) = 0;
  /// Another address for a stopped member; waits until it counts as stopped.
  virtual Status move_member(const std::string& alias, const std::string& host, int port) = 0;
  virtual Status add_agent(const Addition& made) = 0;
  virtual Status add_data_node(const Addition& made) = 0;
  /// Agents and data nodes. `force`: also when it does not answer.
  virtual Status remove_node(const std::string& alias, bool force) = 0;
  virtual Status start_node(const std::string& alias) = 0;
  virtual Status stop_node(const std::string& alias) = 0;
  virtual Status drain(const std::string& alias) = 0;
  virtual Status undrain(const std::string& alias) = 0;
  /// Of copies between data nodes, MB/s; 0: none.
  virtual Status set_throttle(int64_t mb_per_second) = 0;
  /// Begins to even out the replicas; false when none shall go to `alias`.
  virtual Result<bool> fill(const std::string& alias) = 0;
  /// Replicas that are being copied or brought up to date.
  virtual Result<int64_t> copies_under_way() = 0;
  /// The replicated text of cluster.cfg.
  virtual Result<std::string> nodes_settings() = 0;
  virtual Status save_nodes_settings(const std::string& text) = 0;
  virtual Result<Replicas> replicas() = 0;
  virtual Result<int> feature_level() = 0;
  /// Raises it to the highest that every member's program knows; the level afterwards.
  virtual Result<int> finalize() = 0;
  /// What the controllers have: users, rights, views, databases, and the version of every chunk. Asks no data node.
  virtual Result<boost::json::object> state() = 0;
  /// Everything that must be the same before and after (report.h). Of what data nodes keep for themselves, that of
  /// `leaving` does not count: it leaves with them (warnings_of_items).
  virtual Result<boost::json::object> report(const std::vector<std::string>& leaving) = 0;
};

}  // namespace pelorus::cli::migrate
