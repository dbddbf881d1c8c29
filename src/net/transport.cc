#include "net/transport.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

namespace pelorus::net {
namespace {

tcp::socket& socket_of(tcp::socket& socket) { return socket; }
tcp::socket& socket_of(TlsStream& stream) { return stream.next_layer(); }

template <class Stream>
class StreamTransport final : public Transport {
 public:
  StreamTransport(Stream stream, std::string already_read)
      : stream_(std::move(stream)), already_read_(std::move(already_read)) {}

  Awaitable<size_t> read(std::span<char> to) override {
    if (!already_read_.empty()) {
      const size_t count = std::min(to.size(), already_read_.size());
      std::memcpy(to.data(), already_read_.data(), count);
      already_read_.erase(0, count);
      co_return count;
    }
    const auto room = asio::buffer(to.data(), to.size());
    const auto [error, count] = co_await stream_.async_read_some(room, kAwait);
    co_return error ? 0 : count;
  }

  Awaitable<bool> write(std::vector<std::string_view> pieces, bool) override {
    std::vector<asio::const_buffer> buffers;
    buffers.reserve(pieces.size());
    for (const auto piece : pieces) buffers.emplace_back(piece.data(), piece.size());
    const auto [error, count] = co_await asio::async_write(stream_, buffers, kAwait);
    co_return !error;
  }

  void close() override {
    boost::system::error_code ignored;
    socket_of(stream_).shutdown(tcp::socket::shutdown_both, ignored);
    socket_of(stream_).close(ignored);
  }

 private:
  Stream stream_;
  std::string already_read_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(tcp::socket socket, std::string already_read) {
  return std::make_unique<StreamTransport<tcp::socket>>(std::move(socket), std::move(already_read));
}
std::unique_ptr<Transport> make_transport(TlsStream stream, std::string already_read) {
  return std::make_unique<StreamTransport<TlsStream>>(std::move(stream), std::move(already_read));
}

}  // namespace pelorus::net
