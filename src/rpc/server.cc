#include "rpc/server.h"

#include <unistd.h>

#include "base/log.h"

namespace pelorus::rpc {
namespace {

constexpr std::chrono::hours kNoDeadline{24};
constexpr std::chrono::minutes kTellEvery{1};
constexpr size_t kTextsKept = 64;

}  // namespace

struct Server::Call {
  std::shared_ptr<Connection> connection;
  Frame frame;
  CallInfo info;
  std::shared_ptr<const Method> method;
};

Server::Server(ServerOptions options)
    : options_(std::move(options)),
      workers_({"rpc-worker", options_.workers, options_.calls_waiting_max}),
      urgent_workers_({"rpc-urgent", options_.urgent_workers, options_.calls_waiting_max}),
      loop_("rpc-server") {
  if (options_.key.empty()) {
    log_warning(
        "no cluster key: any process that knows the cluster UUID is trusted as a node (setting clusterKeyFile)");
  }
}

Server::~Server() { stop(); }

void Server::accept_connection(int fd, std::string already_read) {
  if (stopping_ || connection_count() >= options_.connections_max) {
    ::close(fd);
    if (!stopping_)
      log_warning("a node's connection was refused: " + std::to_string(options_.connections_max) + " are open");
    return;
  }
  HandshakeOptions handshake;
  handshake.self = options_.identity();
  handshake.key = options_.key;
  auto tls = options_.tls ? tls_session(fd, std::move(already_read)) : nullptr;
  if (tls) already_read.clear();
  auto opening =
      std::make_unique<Handshake>(Handshake::Side::kServer, std::move(handshake),
                                  [this, session = tls.get()](const Identity& peer) { return admit(peer, session); });
  const std::lock_guard lock(mutex_);  // on_closed finds it in the set, however soon it comes
  connections_.insert(Connection::open(loop_, fd, std::move(opening), *this, std::move(already_read), std::move(tls)));
}

std::unique_ptr<TlsSession> Server::tls_session(int fd, std::string already_read) const {
  const auto refusal = Handshake::refusal(
      {ErrorCode::kDenied,
       "'" + options_.identity().alias + "' takes only TLS from other nodes; set enableRpcSSL=1 on this node, too"});
  return std::make_unique<TlsSession>(fd, TlsSessionOptions{.tls = options_.tls,
                                                            .protocol = std::string(kPreamble),
                                                            .already_read = std::move(already_read),
                                                            .plain_refusal = refusal});
}

Status Server::admit(const Identity& peer, const TlsSession* tls) const {
  if (tls != nullptr && tls->peer()) TRY_DONE(check_host(peer.alias, *tls->peer(), options_.hosts));
  return options_.admit ? options_.admit(peer) : Status();
}

size_t Server::connection_count() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

void Server::on_ready(const std::shared_ptr<Connection>&) {}

void Server::on_frame(const std::shared_ptr<Connection>& connection, Frame frame) {
  if (frame.kind == FrameKind::kRequest) return dispatch(connection, std::move(frame));
  if (frame.kind != FrameKind::kCancel) return connection->close({ErrorCode::kCorrupt, "a caller sent a response"});
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find({connection.get(), frame.call_id});
  if (found != calls_.end()) found->second.cancel();
}

void Server::on_closed(const std::shared_ptr<Connection>& connection, const Error& reason,
                       const std::vector<uint64_t>&) {
  if (reason.code != ErrorCode::kUnavailable) tell_closed(connection->peer().address, reason.message);
  const std::lock_guard lock(mutex_);
  for (auto& [key, token] : calls_) {
    if (key.first == connection.get()) token.cancel();
  }
  connections_.erase(connection);
}

void Server::tell_closed(const std::string& address, const std::string& reason) {
  const auto host = address.substr(0, address.rfind(':'));
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (told_.size() > kTextsKept) told_.clear();
    const auto [last, is_new] = told_.try_emplace(host + " " + reason, now);
    if (!is_new && now < last->second + kTellEvery) return;
    last->second = now;
  }
  log_warning("a node's connection from " + address + " was closed: " + reason);
}

void Server::dispatch(const std::shared_ptr<Connection>& connection, Frame frame) {
  auto call = std::make_shared<Call>();
  call->connection = connection;
  call->info.id = frame.call_id;
  call->info.deadline =
      std::chrono::steady_clock::now() +
      (frame.deadline_ms == 0 ? std::chrono::milliseconds(kNoDeadline) : std::chrono::milliseconds(frame.deadline_ms));
  call->method = methods_.find(frame.method());
  call->info.urgent = (frame.flags & kUrgentFlag) != 0 || (call->method && call->method->options.urgent);
  call->frame = std::move(frame);

  const auto bytes = call->frame.body.size();
  const auto refuse = [&](const char* why) {
    respond(*connection, call->info.id, call->info.urgent, Error{ErrorCode::kUnavailable, why});
  };
  if (stopping_) return refuse("the node is stopping");
  {
    const std::lock_guard lock(mutex_);
    if (!calls_.emplace(CallKey{connection.get(), call->info.id}, call->info.cancelled).second) {
      return connection->close({ErrorCode::kCorrupt, "a call's number was used twice"});
    }
  }
  if (request_bytes_.fetch_add(bytes) + bytes > options_.request_bytes_max) {
    return finish(*call, Error{ErrorCode::kUnavailable, "the node has too many requests in hand"});
  }
  auto& pool = call->info.urgent ? urgent_workers_ : workers_;
  if (!pool.submit([this, call] { run(*call); })) {
    finish(*call, Error{ErrorCode::kUnavailable, "too many calls wait for a worker"});
  }
}

void Server::run(Call& call) {
  if (stopping_) return finish(call, Error{ErrorCode::kUnavailable, "the node is stopping"});
  if (call.info.cancelled.cancelled()) return finish(call, Error{ErrorCode::kCancelled, "cancelled before it began"});
  auto peer = call.connection->peer();
  // This node may have joined the peer's cluster since the connection was made; the peer's proof held then as now.
  const auto cluster = options_.identity().cluster;
  peer.is_member = peer.is_member || (!cluster.is_nil() && cluster == peer.identity.cluster);
  if (cluster.is_nil() && !peer.identity.cluster.is_nil() && call.method && !call.method->options.allows_strangers) {
    return finish(call, Error{ErrorCode::kUnavailable,
                              "'" + options_.identity().alias + "' has not joined the cluster yet; try again"});
  }
  finish(call, methods_.answer(call.method.get(), call.frame.method(), peer, call.frame.payload(), call.info));
}

void Server::finish(const Call& call, Result<Bytes> result) {
  request_bytes_ -= call.frame.body.size();
  {
    const std::lock_guard lock(mutex_);
    calls_.erase({call.connection.get(), call.info.id});
  }
  respond(*call.connection, call.info.id, call.info.urgent, std::move(result));
}

void Server::respond(Connection& connection, uint64_t call_id, bool urgent, Result<Bytes> result) {
  if (result.ok() && result->size() > kPayloadBytesMax) {
    result = Error{ErrorCode::kLimit, "the answer is larger than a frame may be: " + std::to_string(result->size())};
  }
  FrameFields fields;
  fields.call_id = call_id;
  fields.flags = urgent ? kUrgentFlag : 0;
  fields.kind = result.ok() ? FrameKind::kResponse : FrameKind::kError;
  auto payload = result.ok() ? std::move(result).value() : encode_error(result.error());
  if (auto sent = connection.send(make_frame(fields, std::move(payload))); !sent.ok()) {
    connection.close({ErrorCode::kUnavailable, "an answer could not be sent: " + sent.error().message});
  }
}

void Server::stop() {
  if (stopping_.exchange(true)) return;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, token] : calls_) token.cancel();
  }
  workers_.stop();
  urgent_workers_.stop();
  std::set<std::shared_ptr<Connection>> open;
  {
    const std::lock_guard lock(mutex_);
    open = connections_;
  }
  for (const auto& connection : open) connection->close({ErrorCode::kUnavailable, "the node stopped"});
  loop_.stop();
}

}  // namespace pelorus::rpc
