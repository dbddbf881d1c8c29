#include "raft/internal/transport.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "base/log.h"
#include "raft/internal/engine.h"

namespace pelorus::raft {

namespace {

constexpr uint64_t kReportEvery_ms = 60000;  // of the same message: the engine dials a lost or removed member for ever
constexpr size_t kReportsMax = 64;
constexpr int kKeepAliveAfter_s = 10;

constexpr std::string_view kTlsPreamble = "PRFT/TLS";
constexpr std::string_view kPlainRefused =
    "PRFT no this member takes only TLS from others; set enableRpcSSL=1 on that node, too\n";

struct Write {
  uv_write_t request;
  std::string bytes;
  Connection* connection;
  bool is_last;
};

}  // namespace

/// One connection until its preamble is exchanged; then the engine owns the socket.
class Connection {
 public:
  Connection(Transport& transport, void* request, uint64_t member)
      : transport_(transport), request_(request), member_(member) {
    uv_timer_init(transport.loop_, &timer_);
    timer_.data = this;
    ++open_;
    uv_timer_start(
        &timer_, [](uv_timer_t* timer) { self(timer)->fail("the peer did not finish its handshake"); },
        transport.options_.handshake_ms, 0);
  }

  void dial(const Endpoint& to);
  void accept(int fd, std::string already_read);
  void fail(const std::string& reason, int status = RAFT_ENGINE_NO_CONNECTION);
  bool is_incoming() const { return request_ == nullptr; }

 private:
  enum class Step { kLine, kConfirmation, kLast };
  union Socket {
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };

  template <class Handle>
  static Connection* self(Handle* handle) {
    return static_cast<Connection*>(handle->data);
  }
  void open_tcp();
  void close_socket();
  bool enter_tunnel(int fd, rpc::TlsSessionOptions options);
  void connect_to(const sockaddr* address);
  void resolve(const Endpoint& to);
  void connected(int status);
  void greet();
  void write(std::string bytes, bool is_last);
  void read();
  void closed_by_peer();
  void take(std::string_view bytes);
  void take_preamble(std::string_view line);
  void take_consent(std::string_view line);
  void take_confirmation();
  void hand_over();
  void release();
  void close_timer();

  Transport& transport_;
  void* const request_;    // the engine's, when we dialled
  const uint64_t member_;  // whom we dialled
  uv_timer_t timer_;
  std::string host_;               // dialled
  uv_stream_t* socket_ = nullptr;  // a Socket, owned until handed over
  std::shared_ptr<const rpc::TlsTunnel> tunnel_;
  uv_connect_t connect_;
  uv_getaddrinfo_t lookup_;
  bool resolving_ = false;
  std::string read_;
  char buffer_[kPreambleBytesMax];
  std::string preamble_line_;
  Preamble peer_;
  Uuid nonce_ = Uuid::random();
  Step step_ = Step::kLine;
  int open_ = 0;          // handles and requests libuv still knows
  bool settled_ = false;  // handed over or failed
};

void Connection::open_tcp() {
  auto* socket = static_cast<Socket*>(raft_engine_allocate(sizeof(Socket)));
  uv_tcp_init(transport_.loop_, &socket->tcp);
  socket_ = reinterpret_cast<uv_stream_t*>(socket);
  socket_->data = this;
  ++open_;
}

void Connection::close_socket() {
  uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(socket_, nullptr)), [](uv_handle_t* handle) {
    auto* connection = self(handle);
    raft_engine_release(handle);
    --connection->open_;
    if (connection->settled_) connection->release();
  });
}

/// Takes `fd`. False: it failed, and so did this connection.
bool Connection::enter_tunnel(int fd, rpc::TlsSessionOptions options) {
  options.tls = transport_.options_.tls;
  options.protocol = kPreambleMagic;
  auto opened = transport_.tunnels_->open(fd, std::move(options));
  if (!opened.ok()) {
    fail(opened.error().message);
    return false;
  }
  tunnel_ = opened->tunnel;
  auto* socket = static_cast<Socket*>(raft_engine_allocate(sizeof(Socket)));
  uv_pipe_init(transport_.loop_, &socket->pipe, 0);
  socket_ = reinterpret_cast<uv_stream_t*>(socket);
  socket_->data = this;
  ++open_;
  if (uv_pipe_open(&socket->pipe, opened->fd) == 0) return true;
  ::close(opened->fd);
  fail("cannot take over the end of a TLS connection");
  return false;
}

void Connection::dial(const Endpoint& to) {
  host_ = to.host;
  sockaddr_in v4;
  sockaddr_in6 v6;
  if (uv_ip4_addr(to.host.c_str(), to.port, &v4) == 0) {
    connect_to(reinterpret_cast<const sockaddr*>(&v4));
  } else if (uv_ip6_addr(to.host.c_str(), to.port, &v6) == 0) {
    connect_to(reinterpret_cast<const sockaddr*>(&v6));
  } else {
    resolve(to);
  }
}

void Connection::resolve(const Endpoint& to) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  lookup_.data = this;
  const auto done = [](uv_getaddrinfo_t* lookup, int status, addrinfo* found) {
    auto* connection = self(lookup);
    --connection->open_;
    connection->resolving_ = false;
    if (connection->settled_) {
      connection->release();
    } else if (status != 0 || found == nullptr) {
      connection->fail("cannot resolve the peer's host name");
    } else {
      connection->connect_to(found->ai_addr);
    }
    uv_freeaddrinfo(found);
  };
  const auto port = std::to_string(to.port);
  if (uv_getaddrinfo(transport_.loop_, &lookup_, done, to.host.c_str(), port.c_str(), &hints) == 0) {
    ++open_;
    resolving_ = true;
  } else {
    fail("cannot resolve the peer's host name: " + to.host);
  }
}

void Connection::connect_to(const sockaddr* address) {
  open_tcp();
  connect_.data = this;
  const auto done = [](uv_connect_t* request, int status) {
    auto* connection = self(request);
    --connection->open_;
    connection->connected(status);
  };
  ++open_;
  if (uv_tcp_connect(&connect_, reinterpret_cast<uv_tcp_t*>(socket_), address, done) != 0) {
    --open_;
    fail("cannot dial the peer");
  }
}

void Connection::connected(int status) {
  if (settled_) return release();
  if (status != 0) return fail("");  // nobody there: the engine tries again, the status shows who is missing
  int fd = -1;
  uv_fileno(reinterpret_cast<uv_handle_t*>(socket_), &fd);
  const unsigned unanswered_ms = transport_.options_.unanswered_ms;
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
  uv_tcp_nodelay(reinterpret_cast<uv_tcp_t*>(socket_), 1);
  if (transport_.tunnels_ && !transport_.plain_peers_.contains(member_)) {
    const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);  // libuv does not give a descriptor away
    if (own < 0) return fail("out of file descriptors");
    close_socket();
    if (!enter_tunnel(own, {.dialled = host_})) return;
  }
  greet();
}

void Connection::greet() {
  auto preamble = transport_.options_.self;
  preamble.target = member_;
  preamble.nonce = nonce_;
  auto line = encode_preamble(preamble, transport_.options_.cluster_key);
  preamble_line_ = line.substr(0, line.size() - 1);
  write(std::move(line), false);
  read();
}

void Connection::accept(int fd, std::string already_read) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveAfter_s, sizeof kKeepAliveAfter_s);
  if (transport_.tunnels_) {
    const rpc::TlsSessionOptions options{.already_read = std::move(already_read),
                                         .plain_refusal = std::string(kPlainRefused)};
    if (enter_tunnel(fd, options)) read();
    return;
  }
  open_tcp();
  if (uv_tcp_open(reinterpret_cast<uv_tcp_t*>(socket_), fd) != 0) {
    ::close(fd);
    return fail("cannot take over the accepted socket");
  }
  read();
  if (!already_read.empty()) take(already_read);
}

void Connection::write(std::string bytes, bool is_last) {
  auto* write = new Write{{}, std::move(bytes), this, is_last};
  write->request.data = write;
  const auto done = [](uv_write_t* request, int status) {
    const std::unique_ptr<Write> finished(static_cast<Write*>(request->data));
    auto* connection = finished->connection;
    --connection->open_;
    if (connection->settled_) return connection->release();
    if (status != 0) return connection->closed_by_peer();
    if (finished->is_last) connection->hand_over();
  };
  const uv_buf_t buffer = uv_buf_init(write->bytes.data(), static_cast<unsigned>(write->bytes.size()));
  ++open_;
  if (uv_write(&write->request, socket_, &buffer, 1, done) != 0) {
    --open_;
    delete write;
    fail("cannot write to the peer");
  }
}

void Connection::read() {
  // Never reads past the confirmation: what follows it belongs to the engine.
  const auto room = [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
    auto* connection = self(handle);
    const auto limit = connection->step_ == Step::kConfirmation ? kConfirmationBytes : kPreambleBytesMax;
    buffer->base = connection->buffer_;
    buffer->len = limit - std::min(limit, connection->read_.size());
  };
  const auto done = [](uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
    auto* connection = self(stream);
    if (connection->settled_ || size == 0) return;
    if (size < 0) return connection->closed_by_peer();
    connection->take({buffer->base, static_cast<size_t>(size)});
  };
  if (uv_read_start(socket_, room, done) != 0) fail("cannot read from the peer");
}

void Connection::closed_by_peer() {
  const auto why = tunnel_ ? tunnel_->failure() : std::string();
  fail(why.empty() ? "the peer closed the connection during the handshake" : why);
}

void Connection::take(std::string_view bytes) {
  read_ += bytes;
  if (!tunnel_ && is_incoming() && step_ == Step::kLine && read_.starts_with(kTlsPreamble))
    return fail("it wants TLS, which is not set here; set enableRpcSSL=1 on all nodes");
  if (step_ == Step::kConfirmation) {
    if (read_.size() >= kConfirmationBytes) take_confirmation();
    return;
  }
  const auto end = read_.find('\n');
  if (end == std::string::npos) {
    if (read_.size() >= kPreambleBytesMax) fail("the peer's first line is too long");
    return;
  }
  if (end + 1 != read_.size() || step_ != Step::kLine) return fail("the peer sent bytes before it was asked to");
  const std::string line = read_.substr(0, end);
  read_.clear();
  is_incoming() ? take_preamble(line) : take_consent(line);
}

void Connection::take_preamble(std::string_view line) {
  auto peer = decode_preamble(line, transport_.options_.cluster_key);
  if (!peer.ok()) return fail(peer.error().message);
  peer_ = std::move(peer).value();
  const auto objection = transport_.objection_to(peer_);
  if (!objection.empty()) return fail(objection);
  if (const auto certificate = tunnel_ ? tunnel_->peer() : nullptr) {
    const auto fits = rpc::check_host(peer_.alias, *certificate, transport_.options_.hosts);
    if (!fits.ok()) return fail(fits.error().message);
  }
  preamble_line_ = line;
  step_ = Step::kConfirmation;
  write(encode_consent(line, nonce_, transport_.options_.cluster_key), false);
}

void Connection::take_consent(std::string_view line) {
  const auto nonce = decode_consent(line, preamble_line_, transport_.options_.cluster_key);
  if (!nonce.ok()) return fail(nonce.error().message);
  step_ = Step::kLast;
  uv_read_stop(socket_);
  write(encode_confirmation(preamble_line_, nonce.value(), transport_.options_.cluster_key), true);
}

void Connection::take_confirmation() {
  if (!is_confirmation(read_, preamble_line_, nonce_, transport_.options_.cluster_key))
    return fail("the peer does not know the cluster key");
  hand_over();
}

void Connection::hand_over() {
  settled_ = true;
  uv_read_stop(socket_);
  auto* socket = std::exchange(socket_, nullptr);
  --open_;
  if (is_incoming()) {
    transport_.admit(peer_, socket);
  } else {
    raft_engine_connected(request_, socket, RAFT_ENGINE_OK);
  }
  close_timer();
}

void Connection::fail(const std::string& reason, int status) {
  if (settled_) return;
  settled_ = true;
  bool was_ignored = false;
  if (!is_incoming() && transport_.options_.tls && transport_.options_.tls->allows_plain()) {
    // The engine dials again soon, in the other way: it may have been restarted with or without TLS.
    if (!tunnel_) transport_.plain_peers_.erase(member_);
    was_ignored = tunnel_ && tunnel_->was_ignored();
    if (was_ignored) transport_.plain_peers_.insert(member_);
  }
  if (!reason.empty() && !was_ignored) {
    const std::string who = is_incoming() ? (peer_.alias.empty() ? "an incoming connection" : peer_.alias)
                                          : "member " + std::to_string(member_);
    transport_.report(who + ": " + reason);
  }
  if (is_incoming() && socket_ != nullptr && !reason.empty()) {
    std::string answer = "PRFT no " + reason + "\n";
    const uv_buf_t buffer = uv_buf_init(answer.data(), static_cast<unsigned>(answer.size()));
    uv_try_write(socket_, &buffer, 1);
  }
  if (resolving_) uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_));
  if (socket_ != nullptr) close_socket();
  if (!is_incoming()) raft_engine_connected(request_, nullptr, status);
  close_timer();
}

void Connection::close_timer() {
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), [](uv_handle_t* handle) {
    auto* connection = self(handle);
    --connection->open_;
    connection->release();
  });
}

void Connection::release() {
  if (open_ == 0) transport_.forget(this);
}

Transport::Transport(uv_loop_t* loop, TransportOptions options, const AddressBook& book)
    : loop_(loop),
      options_(std::move(options)),
      book_(book),
      tunnels_(options_.tls ? std::make_unique<rpc::TlsTunnels>("raft-tls") : nullptr) {}

Transport::~Transport() = default;

bool Transport::dial(void* request, uint64_t member, const std::string& alias) {
  if (closing_) return false;
  auto connection = std::make_unique<Connection>(*this, request, member);
  auto* dialling = connection.get();
  connections_.insert(std::move(connection));
  // A refusal goes through the same answer as a failed dial: only there the engine bounds what waits for the peer.
  const auto endpoint = book_.resolve(member, alias);
  if (endpoint.ok()) {
    dialling->dial(endpoint.value());
  } else {
    dialling->fail(endpoint.error().message);
  }
  return true;
}

void Transport::accept(int fd, std::string already_read) {
  if (closing_ || incoming_ >= options_.incoming_max) {
    ::close(fd);
    return;
  }
  ++incoming_;
  auto connection = std::make_unique<Connection>(*this, nullptr, 0);
  auto* accepted = connection.get();
  connections_.insert(std::move(connection));
  accepted->accept(fd, std::move(already_read));
}

std::string Transport::objection_to(const Preamble& peer) const {
  const auto& self = options_.self;
  if (peer.cluster != self.cluster) return "it belongs to another cluster: " + peer.cluster.to_string();
  if (peer.group != self.group) return "it belongs to another group: " + peer.group;
  if (peer.target != self.id)
    return "it meant another member: " + std::to_string(peer.target) + ", this is " + self.alias;
  if (peer.id == self.id || peer.node == self.node)
    return "it claims the identity of this member; was its directory copied? " + self.alias;
  const auto known = peers_.find(peer.id);
  if (known != peers_.end() && known->second.instance != peer.instance &&
      uv_now(loop_) < known->second.heard_ms + options_.duplicate_window_ms)
    return "a member with the same identity is connected; was its directory copied? " + peer.alias;
  return {};
}

void Transport::admit(const Preamble& peer, uv_stream_t* stream) {
  peers_[peer.id] = Peer{peer.instance, uv_now(loop_)};
  raft_engine_accepted(engine_, peer.id, peer.alias.c_str(), stream);
}

void Transport::heard(uint64_t member) { peers_[member].heard_ms = uv_now(loop_); }

void Transport::report(const std::string& message) {
  const auto now = uv_now(loop_);
  if (reported_ms_.size() > kReportsMax) reported_ms_.clear();
  const auto [last, is_new] = reported_ms_.try_emplace(message, now);
  if (!is_new && now < last->second + kReportEvery_ms) return;
  last->second = now;
  log_warning("raft " + options_.self.group + "/" + options_.self.alias + ": no connection: " + message);
}

void Transport::forget(Connection* connection) {
  if (connection->is_incoming()) --incoming_;
  for (auto at = connections_.begin(); at != connections_.end(); ++at) {
    if (at->get() != connection) continue;
    connections_.erase(at);
    break;
  }
  if (closing_ && connections_.empty()) raft_engine_transport_closed(engine_);
}

void Transport::close() {
  closing_ = true;
  if (connections_.empty()) return raft_engine_transport_closed(engine_);
  for (const auto& connection : connections_) connection->fail("", RAFT_ENGINE_CANCELED);
}

}  // namespace pelorus::raft
