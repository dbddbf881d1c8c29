#pragma once
// The other end of a session's connection, as statements may use it. Implemented by net.

#include <functional>

#include "wire/chain.h"

namespace pelorus::session {

/// Thread-safe. Outlives its connection harmlessly: afterwards everything is refused.
class Peer {
 public:
  virtual ~Peer() = default;
  /// Sends a complete message behind what is already queued (stream records). False when the connection is closed, or
  /// when more than `queued_bytes_max` wait: the caller drops such a reader.
  virtual bool push(wire::Chain message, size_t queued_bytes_max) = 0;
  /// Called once when the connection closes, at once if it is closed already. From any thread; must not block.
  virtual void on_close(std::function<void()> notice) = 0;
  /// Closes the connection; running statements are cancelled.
  virtual void close() = 0;
};

}  // namespace pelorus::session
