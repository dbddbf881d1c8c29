#pragma once
// Calls to the controllers: finds the leader, follows it through elections, repeats what may be repeated.

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "meta/archive.h"
#include "rpc/caller.h"

namespace pelorus::dist {

enum class Repeat : uint8_t {
  kSafe,          // a read, or a change that is the same when made twice: repeated even when its outcome is unknown
  kIfNotStarted,  // repeated only when it certainly had no effect
};

struct ControllerCall {
  Repeat repeat = Repeat::kSafe;
  std::chrono::milliseconds timeout{30000};  // of all attempts together
};

/// Thread-safe. One per node.
class ControllerClient {
 public:
  /// `controllers`: aliases, in the order of the configuration; this node's own alias may be among them.
  ControllerClient(rpc::Caller& caller, std::vector<std::string> controllers)
      : caller_(caller), controllers_(std::move(controllers)) {}

  /// The answer, or the service's own error, or kUnavailable / kOutcomeUnknown when no leader answered in time,
  /// or kCancelled by the thread's CancellationScope: whether it had an effect is unknown then.
  Result<Bytes> call(std::string_view method, const Bytes& payload, const ControllerCall& options = {});

  template <class Reply, class Request>
  Result<Reply> ask(std::string_view method, const Request& request, const ControllerCall& options = {}) {
    TRY(const auto answer, call(method, meta::encode(request), options));
    return meta::decode<Reply>(answer, method);
  }

  std::vector<std::string> controllers() const;
  /// More became known (from the cluster's configuration).
  void set_controllers(std::vector<std::string> controllers);
  /// The one that answered last; empty before the first answer.
  std::string preferred() const;
  /// Ask this one first from now on: it leads.
  void prefer(const std::string& alias);

 private:
  std::string next_after(const std::string& alias) const;

  rpc::Caller& caller_;
  mutable std::mutex mutex_;
  std::vector<std::string> controllers_;  // guarded by mutex_
  std::string preferred_;                 // guarded by mutex_
};

}  // namespace pelorus::dist
