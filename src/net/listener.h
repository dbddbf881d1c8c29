#pragma once
// The node's one port: accepts connections, finds out what they speak, and serves them.

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "net/http_connection.h"
#include "net/native_connection.h"
#include "net/websocket_connection.h"

namespace pelorus::net {

struct ListenerOptions {
  std::string host = "0.0.0.0";  // "::" takes IPv4, too
  uint16_t port = 0;             // 0: any free one, see port()
  size_t io_threads = 2;
  std::string tls_certificate_file;  // PEM chain and key; both empty: no TLS
  std::string tls_key_file;
  std::string web_root;                           // empty: no pages
  size_t sockets_max = 16384;                     // of every kind; more are closed at once
  std::chrono::milliseconds first_bytes{30'000};  // to say what they speak, TLS handshake included
  /// How long statements may still run, and their answers be taken, when the listener stops. A client whose connection
  /// ends under a statement does not know whether it took effect, and may send it to another node.
  std::chrono::milliseconds last_answers{5'000};
  NativeLimits native = {};
  HttpLimits http = {};
  WebSocketLimits websocket = {};
};

/// A plain connection of a node that spoke `already_read`; the receiver owns `fd` (non-blocking). Called on an io
/// thread.
using HandOver = std::function<void(int fd, std::string already_read)>;

struct ListenerHandlers {
  HandOver rpc;   // PRPC; null: such connections are closed
  HandOver raft;  // PRFT
  HttpRoutes routes;
};

/// Owns the io threads. The surroundings' pools must be stopped after stop() and before it is destroyed: a statement's
/// thread may be the last to let go of its connection.
class Listener {
 public:
  Listener(ListenerOptions options, NativeSurroundings surroundings, ListenerHandlers handlers);
  ~Listener();  // stop()
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Errors: kIo "Failed to bind the socket on port 8848 with error code 98 (Address already in use)"; kInvalid for a
  /// certificate or key that cannot be used.
  Status start();
  /// Reads certificate and key again: connections opened from now on use what they hold. kInvalid when they cannot be
  /// used; then all stays as it was. Without TLS nothing.
  Status renew_tls();
  /// The port in use, after start().
  uint16_t port() const;
  /// Closes the port and all connections, cancels their statements and waits for them.
  void stop();
  size_t sockets() const;

 private:
  struct Loop;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pelorus::net
