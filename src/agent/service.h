#pragma once
// The agent's methods, and the thread that watches its nodes.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "agent/supervise.h"
#include "rpc/methods.h"

namespace pelorus::agent {

/// Finds what a node is to be started with when an order names only its alias: asks the controllers.
using StartSource = std::function<Result<config::NodeStart>(const std::string& alias)>;

/// Answers agent.start_node, agent.stop_node and agent.list_nodes (config/node_orders.h).
class AgentService {
 public:
  static constexpr std::chrono::milliseconds kWatchInterval{200};
  static constexpr std::chrono::seconds kStartWaitMost{10};  // the answer to start_node waits this long for "listening"

  /// `supervisor` outlives it. `source` may be empty: then a bare alias starts with its last arguments.
  AgentService(Supervisor& supervisor, StartSource source);
  ~AgentService();  // stop()

  void register_methods(rpc::Methods& methods);
  /// Adopts running nodes and begins to watch.
  void start();
  /// Ends watching; the nodes go on.
  void stop();

 private:
  Result<Bytes> start_node(std::string_view payload, const rpc::CallInfo& info);
  Result<Bytes> stop_node(std::string_view payload, const rpc::CallInfo& info);
  void watch();

  Supervisor& supervisor_;
  const StartSource source_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread watcher_;
};

}  // namespace pelorus::agent
