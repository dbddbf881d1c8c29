#include "rpc/channel.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pelorus::rpc {
namespace {

Error unavailable(std::string text) { return {ErrorCode::kUnavailable, std::move(text)}; }

/// Connects within kConnectTimeout; -1 with errno set otherwise.
int connect_to(const addrinfo& address) {
  const int fd = socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol);
  if (fd < 0) return -1;
  int failure = connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (failure == EINPROGRESS) {
    pollfd waiting{fd, POLLOUT, 0};
    socklen_t size = sizeof(failure);
    if (poll(&waiting, 1, static_cast<int>(kConnectTimeout.count())) <= 0) {
      failure = ETIMEDOUT;
    } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) {
      failure = errno;
    }
  }
  if (failure == 0) return fd;
  close(fd);
  errno = failure;
  return -1;
}

}  // namespace

ChannelLane::ChannelLane(std::string alias, Lane lane, const ChannelOptions& options, EventLoop& loop,
                         ThreadPool& connectors)
    : alias_(std::move(alias)), lane_(lane), options_(options), loop_(loop), connectors_(connectors) {}

void ChannelLane::call(std::string_view method, Bytes payload, CallOptions options, Done done) {
  const auto now = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  auto refusal = want_connection();
  if (refusal.ok() && pending_.size() >= kCallsInFlightMax) {
    refusal = unavailable("too many calls to '" + alias_ + "' are under way: " + std::to_string(pending_.size()));
  }
  if (!refusal.ok()) {
    lock.unlock();
    return done(refusal.error());
  }
  FrameFields fields;
  fields.kind = FrameKind::kRequest;
  fields.flags = options.urgent ? kUrgentFlag : 0;
  fields.call_id = next_call_id_++;
  fields.deadline_ms = static_cast<uint32_t>(std::clamp<int64_t>(options.timeout.count(), 1, UINT32_MAX));
  fields.method = method;
  pending_[fields.call_id] = {std::move(done), now + options.timeout, std::move(options.cancellation), false};
  if (state_ != State::kReady) {
    waiting_.push_back(make_frame(fields, std::move(payload)));
    return;
  }
  // The checksum of a large payload is computed outside the lock.
  const auto connection = connection_;
  pending_[fields.call_id].sent = true;
  lock.unlock();
  if (auto sent = connection->send(make_frame(fields, std::move(payload))); !sent.ok()) {
    lock.lock();
    const auto found = pending_.find(fields.call_id);
    if (found == pending_.end()) return;  // on_closed was quicker
    auto callback = std::move(found->second.done);
    pending_.erase(found);
    lock.unlock();
    callback(sent.error());
  }
}

Status ChannelLane::want_connection() {
  if (state_ == State::kReady || state_ == State::kConnecting) return {};
  if (state_ == State::kBackOff && std::chrono::steady_clock::now() < try_again_at_) return last_failure_;
  state_ = State::kConnecting;
  if (!connectors_.submit([this] { connect(options_.tls != nullptr); })) {
    state_ = State::kIdle;
    return unavailable("no connections are opened any more");
  }
  return {};
}

void ChannelLane::connect(bool with_tls) {
  Endpoint endpoint;
  auto fd = dial(endpoint);
  if (!fd.ok()) return connect_failed(fd.error());
  const std::lock_guard lock(
      mutex_);  // before the identity is read: a reconnect() sees this connection, or comes earlier
  HandshakeOptions handshake;
  handshake.self = options_.identity();
  handshake.key = options_.key;
  handshake.called_alias = alias_;
  handshake.lane = lane_;
  std::unique_ptr<TlsSession> tls;
  if (with_tls) {
    tls = std::make_unique<TlsSession>(
        *fd, TlsSessionOptions{.tls = options_.tls, .protocol = std::string(kPreamble), .dialled = endpoint.host});
  }
  connection_ =
      Connection::open(loop_, *fd, std::make_unique<Handshake>(Handshake::Side::kClient, std::move(handshake)), *this,
                       {}, std::move(tls));
}

Result<int> ChannelLane::dial(Endpoint& endpoint) {
  auto address_now = options_.addresses(alias_);
  if (!address_now.ok()) return unavailable("no address is known for '" + alias_ + "': " + address_now.error().message);
  endpoint = *address_now;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (failure != 0) {
    return unavailable("the address of '" + alias_ + "' is unknown to this machine: " + gai_strerror(failure) + ": " +
                       endpoint.to_string());
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, &freeaddrinfo);
  for (const auto* address = found; address != nullptr; address = address->ai_next) {
    if (const int fd = connect_to(*address); fd >= 0) return fd;
  }
  return unavailable("cannot connect to '" + alias_ + "': " + std::strerror(errno) + ": " + endpoint.to_string());
}

void ChannelLane::connect_failed(const Error& reason) {
  std::vector<Finished> finished;
  {
    const std::lock_guard lock(mutex_);
    back_off_ = std::clamp(back_off_ * 2, kBackOffLeast, kBackOffMost);
    try_again_at_ = std::chrono::steady_clock::now() + back_off_;
    state_ = State::kBackOff;
    last_failure_ = reason.code == ErrorCode::kCorrupt ? unavailable(reason.message) : reason;
    connection_ = nullptr;
    waiting_.clear();
    for (auto& [id, pending] : pending_) finished.push_back({std::move(pending.done), last_failure_});
    pending_.clear();
  }
  run(std::move(finished));
}

void ChannelLane::on_ready(const std::shared_ptr<Connection>& connection) {
  std::vector<Finished> refused;
  {
    const std::lock_guard lock(mutex_);
    connection_ = connection;
    state_ = State::kReady;
    back_off_ = std::chrono::milliseconds(0);
    refused = send_waiting();
  }
  run(std::move(refused));
}

std::vector<ChannelLane::Finished> ChannelLane::send_waiting() {
  std::vector<Finished> refused;
  for (auto& frame : waiting_) {
    const auto found = pending_.find(frame.call_id);
    if (found == pending_.end()) continue;  // its time was up before it could be sent
    if (auto sent = connection_->send(std::move(frame)); sent.ok()) {
      found->second.sent = true;
    } else {
      refused.push_back({std::move(found->second.done), sent.error()});
      pending_.erase(found);
    }
  }
  waiting_.clear();
  return refused;
}

void ChannelLane::on_frame(const std::shared_ptr<Connection>& connection, Frame frame) {
  const bool is_answer = frame.kind == FrameKind::kResponse || frame.kind == FrameKind::kError;
  if (!is_answer) return connection->close({ErrorCode::kCorrupt, "'" + alias_ + "' answered with something else"});
  Done done;
  {
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(frame.call_id);
    if (found == pending_.end()) return;  // nobody waits any more
    done = std::move(found->second.done);
    pending_.erase(found);
  }
  if (frame.kind == FrameKind::kError) return done(decode_error(frame.payload()));
  done(frame.take_payload());
}

void ChannelLane::on_closed(const std::shared_ptr<Connection>& connection, const Error& reason,
                            const std::vector<uint64_t>& unsent) {
  std::vector<Finished> finished;
  {
    std::unique_lock lock(mutex_);
    if (connection_ != connection) return;
    if (state_ == State::kConnecting) {
      const bool goes_plain = connection->was_ignored() && options_.tls->allows_plain();
      if (goes_plain && connectors_.submit([this] { connect(false); })) return;  // the calls wait on
      lock.unlock();
      return connect_failed({reason.code, "cannot reach '" + alias_ + "': " + reason.message});
    }
    for (const auto id : unsent) {
      if (const auto found = pending_.find(id); found != pending_.end()) found->second.sent = false;
    }
    for (auto& [id, pending] : pending_) {
      const auto code = pending.sent ? ErrorCode::kOutcomeUnknown : ErrorCode::kUnavailable;
      finished.push_back(
          {std::move(pending.done), Error{code, "the connection to '" + alias_ + "' ended: " + reason.message}});
    }
    pending_.clear();
    waiting_.clear();
    connection_ = nullptr;
    state_ = State::kIdle;
  }
  run(std::move(finished));
}

void ChannelLane::tick(Time now) {
  std::vector<Finished> finished;
  std::vector<uint64_t> cancelled;
  std::shared_ptr<Connection> connection;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = pending_.begin(); at != pending_.end();) {
      auto& [id, pending] = *at;
      const bool gave_up = pending.cancellation && pending.cancellation->cancelled();
      if (!gave_up && now < pending.deadline) {
        ++at;
        continue;
      }
      const auto code = gave_up        ? ErrorCode::kCancelled
                        : pending.sent ? ErrorCode::kOutcomeUnknown
                                       : ErrorCode::kTimeout;
      const std::string text =
          gave_up ? "the call to '" + alias_ + "' was cancelled" : "no answer came in time from '" + alias_ + "'";
      finished.push_back({std::move(pending.done), Error{code, text}});
      if (pending.sent) cancelled.push_back(id);
      at = pending_.erase(at);
    }
    if (state_ == State::kReady) connection = connection_;
  }
  if (connection) {
    for (const auto id : cancelled) (void)connection->send(make_frame({FrameKind::kCancel, 0, id}, {}));
  }
  run(std::move(finished));
}

void ChannelLane::reconnect() {
  const std::lock_guard lock(mutex_);
  back_off_ = std::chrono::milliseconds(0);
  try_again_at_ = {};
  if (connection_) connection_->close(unavailable("reconnecting"));
}

bool ChannelLane::is_ready() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::kReady;
}

void ChannelLane::run(std::vector<Finished> finished) {
  for (auto& one : finished) one.done(std::move(one.result));
}

Channel::Channel(const std::string& alias, const ChannelOptions& options, EventLoop& loop, ThreadPool& connectors) {
  for (size_t i = 0; i < kLaneCount; ++i) {
    lanes_[i] = std::make_unique<ChannelLane>(alias, static_cast<Lane>(i), options, loop, connectors);
  }
}

void Channel::call_async(std::string_view method, Bytes payload, CallOptions options, Done done) {
  if (payload.size() > kPayloadBytesMax) {
    return done(
        Error{ErrorCode::kLimit, "the payload is larger than a frame may be: " + std::to_string(payload.size())});
  }
  const auto lane = options.urgent ? Lane::kUrgent : payload.size() > kBulkPayloadBytes ? Lane::kBulk : Lane::kOrdinary;
  lanes_[static_cast<size_t>(lane)]->call(method, std::move(payload), std::move(options), std::move(done));
}

void Channel::tick(std::chrono::steady_clock::time_point now) {
  for (const auto& lane : lanes_) lane->tick(now);
}

void Channel::reconnect() {
  for (const auto& lane : lanes_) lane->reconnect();
}

bool Channel::is_connected() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->is_ready(); });
}

}  // namespace pelorus::rpc
