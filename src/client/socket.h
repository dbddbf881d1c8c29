#pragma once
// A blocking connection with timeouts, plain or TLS.

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pelorus::client {

struct Endpoint {
  std::string host;
  int port = 0;
  bool operator==(const Endpoint&) const = default;
  std::string text() const { return host + ":" + std::to_string(port); }
};
/// "host:port" or "host:port:alias"; IPv6 addresses in brackets. Errors: kInvalid.
Result<Endpoint> parse_endpoint(std::string_view text);

struct SocketOptions {
  std::chrono::milliseconds connect{5000};
  std::chrono::milliseconds silence{0};  // longest wait for the next bytes; 0: for ever
  bool tls = false;                      // certificates are not verified, as with the official clients
  std::function<bool()> cancelled;       // asked several times a second while waiting; true ends it with kCancelled
};

/// One thread at a time. Errors: kUnavailable when the peer is away, kTimeout when it is silent, kCancelled.
class Socket {
 public:
  static Result<std::unique_ptr<Socket>> connect(const Endpoint& to, const SocketOptions& options);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  Status write(std::string_view bytes);
  /// At least one byte.
  Result<size_t> read(std::span<char> to);
  /// In place of SocketOptions::silence from now on.
  void set_silence(std::chrono::milliseconds silence) { options_.silence = silence; }

 private:
  struct Tls;
  Socket(int fd, const SocketOptions& options);
  Status start_tls(const std::string& host);
  Status wait(short events, std::chrono::milliseconds at_most) const;

  const int fd_;
  SocketOptions options_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace pelorus::client
