#pragma once
// The bytes of one native connection, over TCP, TLS or WebSocket.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/asio.h"

namespace pelorus::net {

/// What the opening of a connection says about streams.
struct StreamWish {
  bool streams = false;       // records of streams shall come on it
  std::string row_condition;  // rows that are wanted; empty: all
};

/// Used on its connection's strand; one read and one write may be under way at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  /// At least one byte; 0 when the peer has closed or the connection failed.
  virtual Awaitable<size_t> read(std::span<char> to) = 0;
  /// All pieces; `ends_message` closes a message where the transport has such (WebSocket). False: the connection
  /// failed.
  virtual Awaitable<bool> write(std::vector<std::string_view> pieces, bool ends_message) = 0;
  /// Ends reads and writes under way.
  virtual void close() = 0;
  virtual StreamWish wish() const { return {}; }
};

/// `already_read` comes before what the socket will give.
std::unique_ptr<Transport> make_transport(tcp::socket socket, std::string already_read);
std::unique_ptr<Transport> make_transport(TlsStream stream, std::string already_read);

}  // namespace pelorus::net
