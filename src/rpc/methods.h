#pragma once
// What a node answers to: the methods its services register.

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "rpc/peer.h"

namespace pelorus::rpc {

struct CallInfo {
  uint64_t id = 0;
  std::chrono::steady_clock::time_point deadline;  // the caller stops waiting then
  CancellationToken cancelled;                     // the caller gave up or is gone, or the server stops
  bool urgent = false;
};

/// Answers one call, on a worker thread; it may block. `payload` lives as long as the call.
using Handler = std::function<Result<Bytes>(const Peer& peer, std::string_view payload, const CallInfo& info)>;

struct MethodOptions {
  bool urgent = false;            // always answered on the urgent workers: must be quick
  bool allows_strangers = false;  // peers that are not yet members of this cluster may call it
};

struct Method {
  Handler handler;
  MethodOptions options;
};

/// Thread-safe. Shared by the real server and the fake network.
class Methods {
 public:
  /// Registers or replaces. At most kMethodBytesMax letters.
  void on(std::string name, Handler handler, MethodOptions options = {});
  /// Null when nobody registered it.
  std::shared_ptr<const Method> find(std::string_view name) const;
  /// All services have registered: from now on an unknown method is the caller's mistake. Before, the node is starting.
  void complete() { is_complete_ = true; }

  /// Runs `method`'s handler with the checks every server makes: membership, deadline, exceptions.
  /// `method` may be null. Errors that mean "nothing was done": kNotFound, kUnavailable, kDenied, kTimeout.
  Result<Bytes> answer(const Method* method, std::string_view name, const Peer& peer, std::string_view payload,
                       const CallInfo& info) const;

 private:
  std::atomic<bool> is_complete_{false};
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<const Method>, std::less<>> methods_;  // guarded by mutex_
};

}  // namespace pelorus::rpc
