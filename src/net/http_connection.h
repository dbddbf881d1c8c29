#pragma once
// HTTP/1.1 on the common port: static files, routes, and the upgrade to WebSocket.

#include <string>

#include "net/asio.h"
#include "net/http_routes.h"
#include "net/static_files.h"

namespace pelorus::net {

struct HttpLimits {
  size_t header_bytes_max = 16 << 10;
  size_t body_bytes_max = 16 << 20;
  std::chrono::milliseconds request{30'000};  // for one request to arrive; also how long a connection may idle
  std::chrono::milliseconds response{120'000};
};

struct HttpSurroundings {
  const StaticFiles& files;
  const HttpRoutes& routes;
  ThreadPool& pool;  // for what may block
  HttpLimits limits = {};
};

/// An upgrade that was asked for: the stream is in the middle of it. Implemented by websocket_connection.cc.
template <class Stream>
struct WebSocketUpgrade {
  Stream stream;
  std::string request;  // the request's head as it came, for the handshake
  std::string already_read;
};

/// Serves requests until the connection ends. Something: the client wants a WebSocket; the caller goes on with it.
Awaitable<std::unique_ptr<WebSocketUpgrade<tcp::socket>>> serve_http(tcp::socket stream, std::string already_read,
                                                                     HttpSurroundings with);
Awaitable<std::unique_ptr<WebSocketUpgrade<TlsStream>>> serve_http(TlsStream stream, std::string already_read,
                                                                   HttpSurroundings with);

}  // namespace pelorus::net
