#pragma once
// The other end of a session's connection, as statements may use it. Implemented by net.

#include <functional>
#include <string>

#include "wire/chain.h"

namespace pelorus::wire {

/// Thread-safe. Outlives its connection harmlessly: afterwards everything is refused.
class Peer {
 public:
  virtual ~Peer() = default;
  /// Sends a complete message behind what is already queued (stream records). False when the connection is closed, or
  /// when more than `queued_bytes_max` wait: the caller drops such a reader.
  virtual bool push(Chain message, size_t queued_bytes_max) = 0;
  /// Of pushed messages, those the connection has not taken yet.
  virtual size_t queued_bytes() const = 0;
  /// Called each time a pushed message has left, on the connection's thread; must not block. Until the connection ends.
  virtual void on_sent(std::function<void()> notice) = 0;
  /// Called once, when the answer to the request that is running stands in the queue: what is pushed from then on comes
  /// behind it. Not at all when the connection ends before.
  virtual void after_answer(std::function<void()> begin) = 0;
  /// Called once when the connection closes, at once if it is closed already. From any thread; must not block.
  virtual void on_close(std::function<void()> notice) = 0;
  /// Closes the connection; running statements are cancelled.
  virtual void close() = 0;

  /// The client opened the connection for records of streams (flag 131072, the subprotocol `streaming`).
  virtual bool is_for_streams() const = 0;
  /// The condition on rows that a WebSocket's address named (?filter=); empty: none.
  virtual std::string row_condition() const = 0;
};

}  // namespace pelorus::wire
