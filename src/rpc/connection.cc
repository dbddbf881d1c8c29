#include "rpc/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pelorus::rpc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kReadStepBytes = 64 << 10;
constexpr size_t kReadBudgetBytes = 1 << 20;  // per turn, so that a bulk peer does not starve the others
constexpr int kPiecesPerWrite = 32;

std::string remote_address(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  char text[INET6_ADDRSTRLEN] = "";
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "?";
  if (address.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &four.sin_addr, text, sizeof(text));
    return std::string(text) + ":" + std::to_string(ntohs(four.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof(text));
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(six.sin6_port));
  }
  return "local";
}

int64_t ns_of(Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

Connection::Connection(Private, EventLoop& loop, int fd, std::unique_ptr<Handshake> handshake, ConnectionEvents& events,
                       std::unique_ptr<TlsSession> tls)
    : loop_(loop),
      events_(events),
      fd_(fd),
      handshake_(std::move(handshake)),
      side_(handshake_->side()),
      tls_(std::move(tls)),
      opened_(Clock::now()),
      heard_(opened_),
      pinged_(opened_) {}

Connection::~Connection() { ::close(fd_); }

std::shared_ptr<Connection> Connection::open(EventLoop& loop, int fd, std::unique_ptr<Handshake> handshake,
                                             ConnectionEvents& events, std::string already_read,
                                             std::unique_ptr<TlsSession> tls) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // fails harmlessly on local sockets
  auto connection = std::make_shared<Connection>(Private(), loop, fd, std::move(handshake), events, std::move(tls));
  loop.post([connection, bytes = std::move(already_read)]() mutable { connection->begin(std::move(bytes)); });
  return connection;
}

void Connection::begin(std::string already_read) {
  peer_.address = remote_address(fd_);
  if (auto added = loop_.add(fd_, EPOLLIN | EPOLLRDHUP, shared_from_this()); !added.ok()) return finish(added.error());
  if (tls_) return shake_hands();
  greet();
  if (already_read.empty()) return;
  if (auto taken = take(already_read); !taken.ok()) finish(taken.error());
}

void Connection::greet() {
  const std::lock_guard lock(mutex_);
  if (auto first = handshake_->start(); !first.empty()) enqueue({std::move(first), {}, 0});
  (void)flush();
  update_interest();
}

void Connection::shake_hands() {
  const auto done = tls_->shake_hands();
  if (!done.ok()) return finish(done.error());
  if (*done) {
    greet();
    return receive();
  }
  const std::lock_guard lock(mutex_);
  update_interest();
}

ssize_t Connection::read(char* to, size_t size) { return tls_ ? tls_->read(to, size) : recv(fd_, to, size, 0); }

Error Connection::broken(std::string_view what) const {
  const auto reason = errno == EPROTO && tls_ ? tls_->failure() : std::string();
  return {ErrorCode::kUnavailable, reason.empty() ? std::string(what) + ": " + std::strerror(errno) : reason};
}

void Connection::enqueue(OutgoingFrame frame) {
  queued_bytes_ += frame.size();
  queue_.push_back(std::move(frame));
}

Status Connection::send(OutgoingFrame frame) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kReady) return Error{ErrorCode::kUnavailable, "the connection to the peer is closed"};
  if (queued_bytes_ + frame.size() > kQueuedBytesMax) {
    return Error{ErrorCode::kUnavailable,
                 "too many bytes wait to be sent to the peer: " + std::to_string(queued_bytes_)};
  }
  const bool was_idle = queue_.empty();
  enqueue(std::move(frame));
  if (was_idle) {
    // A failed write is found again by the loop, which reports the frame as unsent.
    (void)flush();
    update_interest();
  }
  return {};
}

Status Connection::flush() {
  while (!queue_.empty()) {
    iovec pieces[kPiecesPerWrite];
    int count = 0;
    size_t skip = front_sent_;
    for (const auto& frame : queue_) {
      for (const auto* part : {&frame.head, &frame.payload}) {
        const auto skipped = std::min(skip, part->size());
        skip -= skipped;
        if (part->size() == skipped || count == kPiecesPerWrite) continue;
        pieces[count++] = {const_cast<char*>(part->data()) + skipped, part->size() - skipped};
      }
      if (count >= kPiecesPerWrite - 1) break;
    }
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = static_cast<size_t>(count);
    const auto sent = tls_ ? tls_->write(pieces, count) : sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
    if (sent < 0) return broken("cannot send");
    front_sent_ += static_cast<size_t>(sent);
    queued_bytes_ -= static_cast<size_t>(sent);
    while (!queue_.empty() && front_sent_ >= queue_.front().size()) {
      front_sent_ -= queue_.front().size();
      queue_.pop_front();
    }
  }
  return {};
}

void Connection::update_interest() {
  const bool wants = tls_ && !tls_->is_open() ? tls_->wants_write() : !queue_.empty();
  if (wants == wants_write_ || state_ == State::kClosed) return;
  wants_write_ = wants;
  loop_.watch(fd_, EPOLLIN | EPOLLRDHUP | (wants ? EPOLLOUT : 0u));
}

void Connection::on_events(uint32_t epoll_events) {
  if (tls_ && !tls_->is_open()) return shake_hands();
  if ((epoll_events & EPOLLOUT) != 0) {
    const std::lock_guard lock(mutex_);
    (void)flush();  // a broken socket shows itself at the next read
    drained_ns_ = ns_of(Clock::now());
    update_interest();
  }
  if ((epoll_events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) receive();
}

void Connection::receive() {
  size_t budget = kReadBudgetBytes;
  char block[kReadStepBytes];
  while (budget > 0) {
    if (auto read = receive_body(budget); !read.ok()) return finish(read.error());
    if (budget == 0) break;
    const auto got = read(block, std::min(sizeof(block), budget));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got < 0) return finish(broken("the connection broke"));
    if (got == 0) return finish({ErrorCode::kUnavailable, "the peer closed the connection"});
    heard_ = Clock::now();
    budget -= std::min(budget, static_cast<size_t>(got));
    if (auto taken = take({block, static_cast<size_t>(got)}); !taken.ok()) return finish(taken.error());
  }
  // The socket does not show what TLS holds.
  if (tls_ && tls_->has_buffered()) loop_.post([self = shared_from_this()] { self->receive(); });
}

/// A long body goes straight to its place.
Status Connection::receive_body(size_t& budget) {
  bool received = false;
  while (budget > 0) {
    const auto [room, size] = reader_.body_room(budget);
    if (size == 0 || (size < kReadStepBytes && !received)) break;
    const auto got = read(room, size);
    if (got <= 0) break;  // the caller's own recv says why
    received = true;
    heard_ = Clock::now();
    budget -= static_cast<size_t>(got);
    reader_.commit(static_cast<size_t>(got));
  }
  return received ? take({}) : Status();
}

Status Connection::take(std::string_view bytes) {
  if (!handshake_->done()) {
    handshake_bytes_.append(bytes);
    std::string_view rest = handshake_bytes_;
    TRY_DONE(advance_handshake(rest));
    const std::string left(rest);
    handshake_bytes_ = left;
    if (!handshake_->done()) return {};
    handshake_bytes_.clear();
    return left.empty() ? Status() : take(left);
  }
  while (true) {
    TRY(auto frame, reader_.read(bytes));
    if (frame) pass_on(std::move(*frame));
    if (bytes.empty() && !frame) return {};
    const std::lock_guard lock(mutex_);
    if (state_ == State::kClosed) return {};
  }
}

Status Connection::advance_handshake(std::string_view& bytes) {
  Bytes reply;
  auto advanced = handshake_->advance(bytes, reply);
  {
    const std::lock_guard lock(mutex_);
    if (!reply.empty()) enqueue({std::move(reply), {}, 0});
    (void)flush();
    update_interest();
    if (!advanced.ok() || !handshake_->done()) return advanced;
    peer_.identity = handshake_->peer();
    peer_.is_member = handshake_->peer_is_member();
    state_ = State::kReady;
  }
  events_.on_ready(shared_from_this());
  return {};
}

void Connection::pass_on(Frame frame) {
  if (frame.kind == FrameKind::kPing) {
    (void)send(make_frame({FrameKind::kPong, 0, frame.call_id}, {}));
  } else if (frame.kind != FrameKind::kPong) {
    events_.on_frame(shared_from_this(), std::move(frame));
  }
}

void Connection::on_tick(Clock::time_point now) {
  if (!handshake_->done()) {
    if (now - opened_ > kHandshakeTimeout) finish({ErrorCode::kUnavailable, "the handshake took too long"});
    return;
  }
  const auto drained = Clock::time_point(std::chrono::nanoseconds(drained_ns_.load()));
  const auto silence = now - std::max(heard_, drained);
  const auto silence_max = side_ == Handshake::Side::kClient ? kPeerSilentMax : kCallerSilentMax;
  if (silence > silence_max) return finish({ErrorCode::kUnavailable, "the peer is silent"});
  if (side_ == Handshake::Side::kClient && silence > kPingInterval && now - pinged_ > kPingInterval) {
    pinged_ = now;
    (void)send(make_frame({FrameKind::kPing}, {}));
  }
}

void Connection::close(Error reason) {
  loop_.post([self = shared_from_this(), reason = std::move(reason)] { self->finish(reason); });
}

void Connection::finish(const Error& reason) {
  std::vector<uint64_t> unsent;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kClosed) return;
    (void)flush();  // a refusal of the handshake should still reach the peer
    state_ = State::kClosed;
    for (const auto& frame : queue_) unsent.push_back(frame.call_id);
    queue_.clear();
  }
  const auto self = shared_from_this();
  loop_.remove(fd_);
  shutdown(fd_, SHUT_RDWR);
  events_.on_closed(self, reason, unsent);
}

}  // namespace pelorus::rpc
