#include "net/websocket_connection.h"

#include "net/percent_decoding.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace pelorus::net {
namespace {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

tcp::socket& socket_of(tcp::socket& socket) { return socket; }
tcp::socket& socket_of(TlsStream& stream) { return stream.next_layer(); }

template <class Stream>
class WebSocketTransport final : public Transport {
 public:
  WebSocketTransport(Stream stream, StreamWish wish) : socket_(std::move(stream)), wish_(std::move(wish)) {}

  websocket::stream<Stream>& socket() { return socket_; }

  Awaitable<size_t> read(std::span<char> to) override {
    // Requests follow one another in the bytes of binary messages; an empty message is not the end.
    while (true) {
      const auto room = asio::buffer(to.data(), to.size());
      const auto [error, count] = co_await socket_.async_read_some(room, kAwait);
      if (error) co_return 0;
      if (count > 0) co_return count;
    }
  }

  Awaitable<bool> write(std::vector<std::string_view> pieces, bool ends_message) override {
    std::vector<asio::const_buffer> buffers;
    buffers.reserve(pieces.size());
    for (const auto piece : pieces) buffers.emplace_back(piece.data(), piece.size());
    const auto [error, count] = co_await socket_.async_write_some(ends_message, buffers, kAwait);
    co_return !error;
  }

  void close() override {
    boost::system::error_code ignored;
    socket_of(socket_.next_layer()).close(ignored);
  }
  StreamWish wish() const override { return wish_; }

 private:
  websocket::stream<Stream> socket_;
  const StreamWish wish_;
};

/// The value of a parameter in a request's address, with its escapes undone; empty when there is none.
std::string parameter_of(std::string_view target, std::string_view name) {
  const size_t query_at = target.find('?');
  if (query_at == std::string_view::npos) return {};
  std::string_view rest = target.substr(query_at + 1);
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=')
      return percent_decoded(pair.substr(name.size() + 1), true).value_or(std::string(pair.substr(name.size() + 1)));
  }
  return {};
}

/// The first of the offered subprotocols; clients offer one.
std::string first_token(std::string_view list) {
  const auto token = list.substr(0, list.find(','));
  const size_t begin = token.find_first_not_of(' ');
  const size_t end = token.find_last_not_of(' ');
  return begin == std::string_view::npos ? std::string() : std::string(token.substr(begin, end - begin + 1));
}

template <class Stream>
Awaitable<std::unique_ptr<Transport>> accept(std::unique_ptr<WebSocketUpgrade<Stream>> upgrade,
                                             WebSocketLimits limits) {
  http::request_parser<http::empty_body> parser;
  parser.eager(true);
  boost::system::error_code error;
  const auto head = asio::buffer(upgrade->request);
  parser.put(head, error);
  // Clients wait for the answer before they send: bytes behind the request are no WebSocket client's.
  if (error || !parser.is_done() || !upgrade->already_read.empty()) co_return nullptr;
  const auto offered = parser.get()[http::field::sec_websocket_protocol];
  const auto protocol = first_token({offered.data(), offered.size()});

  const auto target = parser.get().target();
  const bool streams = protocol == "streaming";
  StreamWish wish{.streams = streams,
                  .row_condition = streams ? parameter_of({target.data(), target.size()}, "filter") : std::string()};
  auto transport = std::make_unique<WebSocketTransport<Stream>>(std::move(upgrade->stream), std::move(wish));
  auto& socket = transport->socket();
  socket.binary(true);
  socket.auto_fragment(false);
  socket.read_message_max(limits.message_bytes_max);
  const std::function<void(websocket::response_type&)> decorate = [protocol](websocket::response_type& response) {
    response.set(http::field::server, "Pelorus");
    if (!protocol.empty()) response.set(http::field::sec_websocket_protocol, protocol);
  };
  socket.set_option(websocket::stream_base::decorator(decorate));
  const Executor strand = co_await asio::this_coro::executor;
  Deadline deadline(strand, [raw = transport.get()] { raw->close(); });
  deadline.set(limits.handshake);
  const auto [failed] = co_await socket.async_accept(parser.get(), kAwait);
  deadline.clear();
  if (failed) co_return nullptr;
  co_return transport;
}

}  // namespace

Awaitable<std::unique_ptr<Transport>> accept_websocket(std::unique_ptr<WebSocketUpgrade<tcp::socket>> upgrade,
                                                       WebSocketLimits limits) {
  return accept<tcp::socket>(std::move(upgrade), limits);
}
Awaitable<std::unique_ptr<Transport>> accept_websocket(std::unique_ptr<WebSocketUpgrade<TlsStream>> upgrade,
                                                       WebSocketLimits limits) {
  return accept<TlsStream>(std::move(upgrade), limits);
}

}  // namespace pelorus::net
