#pragma once
// The calling side, as upper folders see it.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/cancellation.h"
#include "base/error.h"

namespace pelorus::rpc {

struct CallOptions {
  std::chrono::milliseconds timeout{30000};
  bool urgent = false;  // its own connection and workers: heartbeats, health, cancel
  std::optional<CancellationToken> cancellation = {};
};

/// Runs on a network thread: must not block, may begin other calls.
using Done = std::function<void(Result<Bytes>)>;

/// Calls methods of other nodes by alias. Thread-safe.
/// Errors of the transport, besides those of the method itself:
///   kUnavailable     the peer certainly did nothing: no connection, or the request never left whole
///   kTimeout         nothing was done in time: it never left, or the peer's workers came to it too late
///   kOutcomeUnknown  it was sent, and no answer came: the connection broke or the time was up
///   kCancelled       by options.cancellation; the peer is told, the outcome is unknown
///   kDenied, kConflict, kLimit  refused by the peer, another node answers there, the payload is too large
class Caller {
 public:
  virtual ~Caller() = default;
  virtual void call_async(const std::string& alias, std::string_view method, Bytes payload, CallOptions options,
                          Done done) = 0;
  /// Waits for the answer. Not from a network thread, so not from a Done.
  Result<Bytes> call(const std::string& alias, std::string_view method, Bytes payload, CallOptions options = {});
};

}  // namespace pelorus::rpc
