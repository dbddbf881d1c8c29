#include "rpc/tls_tunnel.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace pelorus::rpc {
namespace {

constexpr size_t kBufferBytes = 64 << 10;  // each way

/// Bytes read on one side and not yet written to the other.
struct Passage {
  std::array<char, kBufferBytes> bytes;
  size_t begin = 0;
  size_t end = 0;
  bool is_empty() const { return begin == end; }
};

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

class Tunnel final : public TlsTunnel, public std::enable_shared_from_this<Tunnel> {
 public:
  Tunnel(EventLoop& loop, int net, int local, TlsSessionOptions options)
      : loop_(loop), net_(net), local_(local), session_(net, std::move(options)) {}
  ~Tunnel() override {
    ::close(net_);
    ::close(local_);
  }
  void begin();
  std::shared_ptr<const PeerCertificate> peer() const override {
    return session_.is_open() ? session_.peer() : nullptr;
  }
  std::string failure() const override {
    const std::lock_guard lock(mutex_);
    return failure_;
  }
  bool was_ignored() const override {
    const std::lock_guard lock(mutex_);
    return ignored_;
  }

 private:
  /// One of its two descriptors in the loop.
  struct End final : Pollable {
    explicit End(std::shared_ptr<Tunnel> of) : tunnel(std::move(of)) {}
    void on_events(uint32_t epoll_events) override { tunnel->go_on((epoll_events & (EPOLLERR | EPOLLHUP)) != 0); }
    void on_tick(std::chrono::steady_clock::time_point) override {}
    const std::shared_ptr<Tunnel> tunnel;
  };
  enum class Side : uint8_t { kNet, kLocal };

  void go_on(bool is_broken);
  bool shake_hands();
  /// Reads and writes until one side blocks. False: that way is at its end.
  bool pass(Passage& passage, Side from);
  ssize_t read(Side side, char* to, size_t size);
  ssize_t write(Side side, const char* from, size_t size);
  void watch();
  void finish(std::string why);

  EventLoop& loop_;
  const int net_;
  const int local_;
  TlsSession session_;
  // The loop's thread only.
  Passage in_, out_;
  bool finished_ = false;

  mutable std::mutex mutex_;
  std::string failure_;   // guarded by mutex_
  bool ignored_ = false;  // guarded by mutex_
};

void Tunnel::begin() {
  auto added = loop_.add(net_, EPOLLIN | EPOLLRDHUP, std::make_shared<End>(shared_from_this()));
  if (added.ok()) added = loop_.add(local_, 0, std::make_shared<End>(shared_from_this()));
  if (!added.ok()) return finish(added.error().message);
  go_on(false);
}

void Tunnel::go_on(bool is_broken) {
  if (finished_) return;
  if (!session_.is_open() && !shake_hands()) {
    if (is_broken) finish("");  // the local side has given up
    return;
  }
  const bool inward = pass(in_, Side::kNet);
  const bool outward = pass(out_, Side::kLocal);
  // A side that has gone is reported again and again: nothing more will come, and what waits has nowhere to go.
  if (!inward || !outward || is_broken) return finish(session_.failure());
  watch();
}

bool Tunnel::shake_hands() {
  auto done = session_.shake_hands();
  if (!done.ok()) {
    finish(done.error().message);
    return false;
  }
  if (!*done) loop_.watch(net_, EPOLLIN | EPOLLRDHUP | (session_.wants_write() ? EPOLLOUT : 0u));
  return *done;
}

bool Tunnel::pass(Passage& passage, Side from) {
  const auto to = from == Side::kNet ? Side::kLocal : Side::kNet;
  while (true) {
    while (!passage.is_empty()) {
      const auto sent = write(to, passage.bytes.data() + passage.begin, passage.end - passage.begin);
      if (sent < 0) return would_block();
      passage.begin += static_cast<size_t>(sent);
    }
    const auto got = read(from, passage.bytes.data(), passage.bytes.size());
    if (got < 0) return would_block();
    if (got == 0) return false;
    passage.begin = 0;
    passage.end = static_cast<size_t>(got);
  }
}

ssize_t Tunnel::read(Side side, char* to, size_t size) {
  return side == Side::kNet ? session_.read(to, size) : ::recv(local_, to, size, MSG_DONTWAIT);
}

ssize_t Tunnel::write(Side side, const char* from, size_t size) {
  if (side == Side::kLocal) return ::send(local_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  const iovec piece{const_cast<char*>(from), size};
  return session_.write(&piece, 1);
}

void Tunnel::watch() {
  loop_.watch(net_, (in_.is_empty() ? EPOLLIN | EPOLLRDHUP : 0u) | (out_.is_empty() ? 0u : EPOLLOUT));
  loop_.watch(local_, (out_.is_empty() ? EPOLLIN : 0u) | (in_.is_empty() ? 0u : EPOLLOUT));
}

void Tunnel::finish(std::string why) {
  if (finished_) return;
  finished_ = true;
  {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(why);
    ignored_ = session_.was_ignored();
  }
  const auto self = shared_from_this();
  loop_.remove(net_);
  loop_.remove(local_);
  ::shutdown(net_, SHUT_RDWR);
  ::shutdown(local_, SHUT_RDWR);
}

}  // namespace

Result<TlsTunnels::Opened> TlsTunnels::open(int fd, TlsSessionOptions options) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    ::close(fd);
    return Error{ErrorCode::kIo, std::string("no local socket for a TLS connection: ") + std::strerror(errno)};
  }
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  const auto tunnel = std::make_shared<Tunnel>(loop_, fd, ends[0], std::move(options));
  loop_.post([tunnel] { tunnel->begin(); });
  return Opened{ends[1], tunnel};
}

}  // namespace pelorus::rpc
