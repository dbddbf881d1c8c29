#pragma once
// Starts, watches, restarts and stops the data and compute nodes of this host.

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "config/node_lock.h"
#include "config/node_orders.h"
#include "config/settings.h"

namespace pelorus::agent {

/// Where an agent's nodes live. From the agent's own settings: see place_of.
struct AgentPlace {
  std::string alias;                    // the agent's
  std::string program;                  // absolute: the server's own file
  std::filesystem::path home;           // …/clusterDemo/data; a node's directory is home/<alias>
  std::filesystem::path log_directory;  // …/clusterDemo/log
  std::filesystem::path key_directory;  // …/clusterDemo/data/<agent>/keys
  std::filesystem::path cluster_key_file;
};
AgentPlace place_of(const config::Settings& agent_settings, const std::string& program);

/// The whole command line of a node, without the program: its place, identity, peers, and every setting that is
/// known. A node started so reads no file.
std::vector<std::string> node_arguments(const AgentPlace& place, const config::NodeStart& start);

/// Thread-safe; blocks only where said. Nodes run in sessions of their own and survive the agent; a new agent
/// recognises them by node.pid and node.lock.
class Supervisor {
 public:
  static constexpr std::chrono::milliseconds kRestartWaitLeast{500};  // before the first restart after a crash
  static constexpr std::chrono::milliseconds kRestartWaitMost{60000};
  static constexpr std::chrono::seconds kSteadyAfter{60};  // a node that ran this long begins with the least wait again
  static constexpr size_t kLogTailBytes = 4096;

  /// `clock` outlives the supervisor.
  Supervisor(AgentPlace place, const Clock& clock);

  /// Looks for nodes that an earlier agent left running in `home`.
  void adopt_running();

  /// Starts the node unless it runs; its process number. kStale: ordered by an older leader. kUnavailable: the
  /// package is being stopped. kIo: the program cannot be started.
  Result<int> start(const config::NodeStart& start);
  /// With the arguments of its last start. kNotFound when there was none.
  Result<int> start_again(const std::string& alias);
  /// Waits until the node listens, ends (kUnavailable with the reason) or `deadline` comes (success: it goes on).
  Status await_listening(const std::string& alias, std::chrono::steady_clock::time_point deadline);

  /// Asks the node to end (SIGTERM) and waits. Success when it does not run; kTimeout at the deadline.
  Status stop(const config::NodeStop& stop, std::chrono::steady_clock::time_point deadline);

  /// Notices ended nodes and restarts crashed ones that are to be. Call it several times a second.
  void poll();

  config::AgentReport report() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Node {
    std::vector<std::string> arguments;
    bool restarts_after_crash = false;
    bool is_wanted = false;  // started and not stopped since
    int pid = 0;             // 0: not running
    bool is_child = false;   // of this process: its exit can be heard
    std::optional<config::ProcessIdentity> identity;
    Time started{};
    Time restart_at{};  // when not running and wanted
    std::chrono::milliseconds restart_wait{0};
    std::string last_exit;
    uint32_t restarts = 0;
  };

  std::filesystem::path directory_of(const std::string& alias) const { return place_.home / alias; }
  std::string log_of(const std::string& alias) const { return (place_.log_directory / (alias + ".log")).string(); }
  /// The rest under mutex_.
  Status check_term(uint64_t term);
  Status check_not_stopping() const;
  Result<int> launch(const std::string& alias, Node& node);
  bool notice_running(const std::string& alias, Node& node);
  void notice_exit(const std::string& alias, Node& node);
  void restart_if_due(const std::string& alias, Node& node);
  bool is_running(const Node& node) const;

  const AgentPlace place_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Node> nodes_;  // guarded by mutex_
  uint64_t newest_term_ = 0;           // guarded by mutex_
};

}  // namespace pelorus::agent
