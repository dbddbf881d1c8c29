#pragma once
// The native protocol inside WebSocket (docs/protocol/native.md §5.1).

#include <memory>

#include "net/http_connection.h"
#include "net/transport.h"

namespace pelorus::net {

struct WebSocketLimits {
  std::chrono::milliseconds handshake{30'000};
  uint64_t message_bytes_max = 4ull << 30;  // one request with its arguments
};

/// Answers the upgrade. Null when it failed. The subprotocol asked for is echoed; compression is declined; binary
/// messages only. A message to the client is one response, print or stream record.
Awaitable<std::unique_ptr<Transport>> accept_websocket(std::unique_ptr<WebSocketUpgrade<tcp::socket>> upgrade,
                                                       WebSocketLimits limits);
Awaitable<std::unique_ptr<Transport>> accept_websocket(std::unique_ptr<WebSocketUpgrade<TlsStream>> upgrade,
                                                       WebSocketLimits limits);

}  // namespace pelorus::net
