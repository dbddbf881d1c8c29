#pragma once
// Asks the other controllers what they know before the log is started, and answers them the same.

#include <mutex>
#include <string>
#include <vector>

#include "controller/membership.h"
#include "rpc/caller.h"
#include "rpc/methods.h"

namespace pelorus::controller {

/// The server polls until the verdict is no longer kWait, persists what it decided (identity, foundation), tells
/// set_self(), then starts the log. The method goes on answering afterwards. Thread-safe.
class Bootstrap {
 public:
  /// `others`: aliases of the other controllers in cluster.nodes.
  Bootstrap(meta::ControllerState self, std::vector<std::string> others, rpc::Caller& peers)
      : self_(std::move(self)), others_(std::move(others)), peers_(peers) {}

  void register_methods(rpc::Methods& methods);
  /// Asks everybody once, at the same time; waits at most `timeout`. `forced`: do not wait for the unreachable.
  BootstrapDecision poll(std::chrono::milliseconds timeout, bool forced);
  /// The same for a controller whose log is damaged.
  DamageDecision poll_damaged(std::chrono::milliseconds timeout);
  meta::ControllerState self() const;
  void set_self(meta::ControllerState self);

 private:
  BootstrapView ask(std::chrono::milliseconds timeout);

  mutable std::mutex mutex_;
  meta::ControllerState self_;  // guarded by mutex_
  const std::vector<std::string> others_;
  rpc::Caller& peers_;
};

}  // namespace pelorus::controller
