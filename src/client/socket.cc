#include "client/socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace pelorus::client {
namespace {

Error away(std::string what) { return {ErrorCode::kUnavailable, std::move(what)}; }

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

void prepare(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/// 0 or the error number.
int finish_connect(int fd, std::chrono::milliseconds at_most) {
  pollfd poll{.fd = fd, .events = POLLOUT, .revents = 0};
  const int ready = ::poll(&poll, 1, static_cast<int>(at_most.count()));
  if (ready == 0) return ETIMEDOUT;
  if (ready < 0) return errno;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const Error bad{ErrorCode::kInvalid, "Not host:port or host:port:alias: " + std::string(text)};
  Endpoint endpoint;
  size_t host_end = text.find(':');
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos || close + 1 >= text.size() || text[close + 1] != ':') return bad;
    endpoint.host = text.substr(1, close - 1);
    host_end = close + 1;
  } else {
    if (host_end == std::string_view::npos) return bad;
    endpoint.host = text.substr(0, host_end);
  }
  const auto rest = text.substr(host_end + 1);
  const auto digits = rest.substr(0, rest.find(':'));
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  const bool whole = failure == std::errc() && end == digits.data() + digits.size();
  if (endpoint.host.empty() || !whole || endpoint.port < 1 || endpoint.port > 65535) return bad;
  return endpoint;
}

struct Socket::Tls {
  ~Tls() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
};

Socket::Socket(int fd, const SocketOptions& options) : fd_(fd), options_(options) {}

Socket::~Socket() {
  tls_.reset();
  ::close(fd_);
}

Result<std::unique_ptr<Socket>> Socket::connect(const Endpoint& to, const SocketOptions& options) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);
  if (failed != 0) return away("The host is not known: " + to.host + " (" + gai_strerror(failed) + ")");
  int error = 0;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int fd = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      error = errno;
      continue;
    }
    prepare(fd);
    error = ::connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) error = finish_connect(fd, options.connect);
    if (error != 0) {
      ::close(fd);
      continue;
    }
    std::unique_ptr<Socket> socket(new Socket(fd, options));
    if (options.tls) TRY_DONE(socket->start_tls(to.host));
    return socket;
  }
  return away("Cannot connect to " + to.text() + ": " + std::strerror(error));
}

Status Socket::wait(short events, std::chrono::milliseconds at_most) const {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kBetweenQuestions{200};
  pollfd poll{.fd = fd_, .events = events, .revents = 0};
  const auto end = Clock::now() + at_most;
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    const bool is_timed = at_most.count() != 0;
    if (is_timed && left.count() <= 0)
      return Error{ErrorCode::kTimeout, "No answer within " + std::to_string(at_most.count()) + " ms."};
    if (options_.cancelled) {
      if (options_.cancelled()) return Error{ErrorCode::kCancelled, "The wait for the other side was cancelled."};
      left = is_timed ? std::min(left, kBetweenQuestions) : kBetweenQuestions;
    }
    const bool for_ever = !is_timed && !options_.cancelled;
    const int ready = ::poll(&poll, 1, for_ever ? -1 : static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR)
      return away(std::string("Waiting for the connection failed: ") + std::strerror(errno));
  }
}

Status Socket::start_tls(const std::string& host) {
  tls_ = std::make_unique<Tls>();
  tls_->context = SSL_CTX_new(TLS_client_method());
  if (tls_->context != nullptr) tls_->ssl = SSL_new(tls_->context);
  if (tls_->ssl == nullptr) return Error{ErrorCode::kInternal, "TLS cannot be set up."};
  SSL_set_fd(tls_->ssl, fd_);
  SSL_set_tlsext_host_name(tls_->ssl, host.c_str());
  while (true) {
    const int done = SSL_connect(tls_->ssl);
    if (done == 1) return {};
    const int reason = SSL_get_error(tls_->ssl, done);
    if (reason == SSL_ERROR_WANT_READ) {
      TRY_DONE(wait(POLLIN, options_.connect));
    } else if (reason == SSL_ERROR_WANT_WRITE) {
      TRY_DONE(wait(POLLOUT, options_.connect));
    } else {
      return away("The TLS handshake with " + host + " failed. Is enableHTTPS set there?");
    }
  }
}

Status Socket::write(std::string_view bytes) {
  while (!bytes.empty()) {
    short wanted = POLLOUT;
    ssize_t count = 0;
    if (tls_) {
      const int size = static_cast<int>(std::min<size_t>(bytes.size(), 1 << 20));
      count = SSL_write(tls_->ssl, bytes.data(), size);
      const int reason = count > 0 ? SSL_ERROR_NONE : SSL_get_error(tls_->ssl, static_cast<int>(count));
      if (reason == SSL_ERROR_WANT_READ) wanted = POLLIN;
      if (count <= 0 && reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
        return away("The connection is closed by the other side.");
      }
    } else {
      count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        return away(std::string("Sending failed: ") + std::strerror(errno));
      }
    }
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else {
      TRY_DONE(wait(wanted, options_.silence));
    }
  }
  return {};
}

Result<size_t> Socket::read(std::span<char> to) {
  while (true) {
    short wanted = POLLIN;
    ssize_t count = 0;
    if (tls_) {
      count = SSL_read(tls_->ssl, to.data(), static_cast<int>(std::min<size_t>(to.size(), 1 << 20)));
      const int reason = count > 0 ? SSL_ERROR_NONE : SSL_get_error(tls_->ssl, static_cast<int>(count));
      if (reason == SSL_ERROR_WANT_WRITE) wanted = POLLOUT;
      if (count <= 0 && reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
        return away("The connection is closed by the other side.");
      }
    } else {
      count = ::recv(fd_, to.data(), to.size(), 0);
      if (count == 0) return away("The connection is closed by the other side.");
      if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        return away(std::string("Receiving failed: ") + std::strerror(errno));
      }
    }
    if (count > 0) return static_cast<size_t>(count);
    TRY_DONE(wait(wanted, options_.silence));
  }
}

}  // namespace pelorus::client
