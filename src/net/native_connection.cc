#include "net/native_connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <condition_variable>
#include <mutex>

#include "base/memory_limit.h"

namespace pelorus::net {
namespace {

constexpr size_t kReadBytes = 16 << 10;      // bigger columns are read in place
constexpr size_t kReadBytesMost = 64 << 10;  // at a time, of a client that sends much
constexpr size_t kGuestBytesMax = 64 << 10;
constexpr std::chrono::milliseconds kRefusedSilence{1000};  // a refused client that sends no more is cut off

/// Before login, on a node that asks for it: nothing large and nothing to unpack.
wire::RequestLimits limits_before_login(wire::RequestLimits limits) {
  limits.body_bytes_max = kGuestBytesMax;
  limits.argument_bytes_max = kGuestBytesMax;
  limits.arguments.allow_compressed = false;
  return limits;
}

}  // namespace

/// The connection as other threads see it: what is queued, and whether it still lives.
class ConnectionPeer final : public wire::Peer {
 public:
  ConnectionPeer(const Executor& strand) : strand_(strand) {}
  void attach(std::weak_ptr<NativeConnection> connection) { connection_ = std::move(connection); }

  bool push(wire::Chain message, size_t queued_bytes_max) override {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || queued_bytes_ + message.size() > queued_bytes_max) return false;
      queued_bytes_ += message.size();
    }
    post(std::move(message));
    return true;
  }
  /// As push(), but waits for room. Does nothing on a closed connection.
  void push_when_room(wire::Chain message, size_t queued_bytes_max) {
    {
      std::unique_lock lock(mutex_);
      has_room_.wait(
          lock, [&] { return closed_ || queued_bytes_ == 0 || queued_bytes_ + message.size() <= queued_bytes_max; });
      if (closed_) return;
      queued_bytes_ += message.size();
    }
    post(std::move(message));
  }
  size_t queued_bytes() const override {
    const std::lock_guard lock(mutex_);
    return queued_bytes_;
  }
  void on_sent(std::function<void()> notice) override {
    const std::lock_guard lock(mutex_);
    if (!closed_) sent_notices_.push_back(std::move(notice));
  }
  void after_answer(std::function<void()> begin) override {
    const std::lock_guard lock(mutex_);
    if (!closed_) begins_.push_back(std::move(begin));
  }
  void on_close(std::function<void()> notice) override {
    {
      const std::lock_guard lock(mutex_);
      if (!closed_) {
        notices_.push_back(std::move(notice));
        return;
      }
    }
    notice();
  }
  void close() override {
    if (const auto connection = connection_.lock()) connection->close_soon();
  }
  bool is_for_streams() const override {
    const std::lock_guard lock(mutex_);
    return wish_.streams;
  }
  std::string row_condition() const override {
    const std::lock_guard lock(mutex_);
    return wish_.row_condition;
  }

  void note_wish(StreamWish wish) {
    const std::lock_guard lock(mutex_);
    wish_ = std::move(wish);
  }
  /// The connection's thread alone.
  void note_sent(size_t bytes) {
    if (bytes == 0) return;
    std::vector<std::function<void()>> notices;
    {
      const std::lock_guard lock(mutex_);
      queued_bytes_ -= std::min(bytes, queued_bytes_);
      has_room_.notify_all();
      notices = sent_notices_;
    }
    for (const auto& notice : notices) notice();
  }
  void note_answered() {
    std::vector<std::function<void()>> begins;
    {
      const std::lock_guard lock(mutex_);
      begins.swap(begins_);
    }
    for (const auto& begin : begins) begin();
  }
  void note_closed() {
    std::vector<std::function<void()>> notices;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      notices.swap(notices_);
      sent_notices_.clear();
      begins_.clear();
      has_room_.notify_all();
    }
    for (const auto& notice : notices) notice();
  }

 private:
  void post(wire::Chain message) {
    const auto connection = connection_.lock();
    if (connection == nullptr) return;
    auto outgoing = std::make_shared<NativeConnection::Outgoing>();
    outgoing->counted_bytes = message.size();
    outgoing->chunk = std::move(message);
    asio::post(strand_, [connection, outgoing] { connection->enqueue(outgoing); });
  }

  const Executor strand_;
  std::weak_ptr<NativeConnection> connection_;
  mutable std::mutex mutex_;
  std::condition_variable has_room_;
  size_t queued_bytes_ = 0;                          // guarded by mutex_
  bool closed_ = false;                              // guarded by mutex_
  StreamWish wish_;                                  // guarded by mutex_
  std::vector<std::function<void()>> notices_;       // guarded by mutex_; of the end
  std::vector<std::function<void()>> sent_notices_;  // guarded by mutex_
  std::vector<std::function<void()>> begins_;        // guarded by mutex_; after the answer
};

/// What a statement gave, with the beginning of its encoding.
struct NativeConnection::Reply {
  wire::Chain chunk;
  std::shared_ptr<wire::ResultEncoder> rest;

  static Reply of(session::Outcome outcome, const wire::RequestHeader& header, uint64_t session, size_t chunk_bytes) {
    Reply reply;
    if (outcome.error) {
      reply.chunk.put_text(wire::error_response(session, *outcome.error));
      return reply;
    }
    auto encoder = std::make_shared<wire::ResultEncoder>(
        std::move(outcome.value), wire::ResultOptions{.session = session,
                                                      .fetch_size = header.fetch_size,
                                                      .rows_max = header.rows_max,
                                                      .no_decimals = header.has(wire::kNoDecimals)});
    const auto complete = encoder->next(reply.chunk, chunk_bytes);
    if (!complete.ok()) {
      reply.chunk.clear();
      reply.chunk.put_text(wire::error_response(session, complete.error().message));
    } else if (!*complete) {
      reply.rest = std::move(encoder);
    }
    return reply;
  }
};

NativeConnection::NativeConnection(const Executor& strand, std::unique_ptr<Transport> transport,
                                   std::shared_ptr<session::Session> session, NativeSurroundings surroundings,
                                   NativeLimits limits)
    : strand_(strand),
      transport_(std::move(transport)),
      session_(std::move(session)),
      with_(surroundings),
      limits_(limits),
      peer_(std::make_shared<ConnectionPeer>(strand)),
      reader_(limits_before_login(limits.requests)),
      small_limits_(true),
      handshake_(strand, [this] { close(); }),
      refused_silence_(strand, [this] { close(); }),
      pending_changed_(strand),
      outgoing_changed_(strand),
      something_sent_(strand) {}

NativeConnection::~NativeConnection() { with_.sessions.close(session_->id()); }

Awaitable<void> NativeConnection::serve(std::shared_ptr<NativeConnection> self) {
  self->peer_->attach(self);
  self->peer_->note_wish(self->transport_->wish());
  self->session_->set_peer(self->peer_);
  self->handshake_.set(self->limits_.handshake);
  asio::co_spawn(self->strand_, self->run_requests(), [self](std::exception_ptr) {
    --self->working_;
    self->something_sent_.notify();
  });
  asio::co_spawn(self->strand_, self->write_messages(), [self](std::exception_ptr) {
    --self->working_;
    self->something_sent_.notify();
  });
  self->working_ += 2;
  co_await self->read_requests();
  self->close();
  while (self->working_ > 0) co_await self->something_sent_.wait();
}

void NativeConnection::close_soon() {
  asio::post(strand_, [self = shared_from_this()] { self->close(); });
}

void NativeConnection::finish_soon() {
  asio::post(strand_, [self = shared_from_this()] {
    self->finishing_ = true;
    self->pending_changed_.notify();
  });
}

void NativeConnection::close() {
  if (closed_) return;
  closed_ = true;
  gone_ = true;
  handshake_.clear();
  refused_silence_.clear();
  transport_->close();
  with_.runner.cancel(*session_);
  session_->set_peer(nullptr);
  peer_->note_closed();
  pending_changed_.notify();
  outgoing_changed_.notify();
  something_sent_.notify();
}

Awaitable<void> NativeConnection::read_requests() {
  std::vector<char> buffer(kReadBytes);
  while (!closed_) {
    const auto to = place_for_bytes(buffer);
    Status status = to.ok() ? Status() : Status(to.error());
    if (status.ok()) {
      const size_t count = co_await transport_->read(*to);
      if (count == 0) break;
      const bool through_buffer = to->data() == buffer.data();
      status = through_buffer ? take_bytes(to->first(count)) : take_direct(count);
      if (through_buffer && count == buffer.size() && count < kReadBytesMost) buffer.resize(kReadBytesMost);
    }
    if (!status.ok()) {
      // The position in the stream is lost: say so and close.
      auto message = std::make_shared<Outgoing>();
      message->chunk.put_text(wire::error_response(session_->id(), status.error().message));
      co_await send(message);
      if (!small_limits_) co_await discard_rest(buffer);
      break;
    }
    while (pending_.size() >= limits_.pending_max && !closed_) co_await pending_changed_.wait();
  }
}

/// Where the next bytes go: into the column they belong to when it is a big one.
Result<std::span<char>> NativeConnection::place_for_bytes(std::vector<char>& buffer) {
  return memory::refused_as_error([&]() -> Result<std::span<char>> {
    const auto direct = reader_.direct();
    return direct.empty() ? std::span<char>(buffer) : direct;
  });
}

Status NativeConnection::take_direct(size_t count) {
  TRY_DONE(memory::refused_as_error([&] { return reader_.direct_done(count); }));
  return reader_.done() ? accept_request() : Status();
}

/// Lets a client that is still sending come to its end, where it reads why it was refused; closing under it would take
/// the answer away with the connection.
Awaitable<void> NativeConnection::discard_rest(std::vector<char>& buffer) {
  refused_silence_.set(kRefusedSilence);
  while (!closed_) {  // GCC 12 breaks an await inside the condition
    const size_t count = co_await transport_->read(std::span<char>(buffer));
    if (count == 0) break;
    refused_silence_.set(kRefusedSilence);
  }
}

Status NativeConnection::take_bytes(std::span<const char> bytes) {
  std::string_view in(bytes.data(), bytes.size());
  while (!in.empty()) {
    if (reader_.idle()) choose_limits();
    TRY(const size_t taken, memory::refused_as_error([&] { return reader_.feed(in); }));
    in.remove_prefix(taken);
    if (reader_.done()) TRY_DONE(accept_request());
  }
  return {};
}

void NativeConnection::choose_limits() {
  const bool small = !connected_ || with_.runner.may_send_only_logins(*session_);
  if (small == small_limits_) return;
  small_limits_ = small;
  reader_.set_limits(small ? limits_before_login(limits_.requests) : limits_.requests);
}

Status NativeConnection::accept_request() {
  auto request = reader_.take();
  if (!connected_) {
    if (request.kind != wire::RequestKind::kConnect) {
      return Error{ErrorCode::kCorrupt, "The first request of a connection must be connect."};
    }
    connected_ = true;
    handshake_.clear();
    if (request.header.has(wire::kReverseStreaming)) peer_->note_wish({.streams = true, .row_condition = {}});
  }
  if (request.header.has(wire::kUrgent) && (busy_ || !pending_.empty())) {
    ++working_;
    asio::co_spawn(strand_, run_request(std::move(request), true), [self = shared_from_this()](std::exception_ptr) {
      --self->working_;
      self->something_sent_.notify();
    });
    return {};
  }
  pending_.push_back(std::move(request));
  pending_changed_.notify();
  return {};
}

Awaitable<void> NativeConnection::run_requests() {
  while (true) {
    while (pending_.empty() && !closed_ && !finishing_) co_await pending_changed_.wait();
    if (pending_.empty()) break;
    auto request = std::move(pending_.front());
    pending_.pop_front();
    pending_changed_.notify();
    if ((closed_ || finishing_) && !request.header.has(wire::kAsynchronous)) continue;
    busy_ = true;
    co_await run_request(std::move(request), false);
    busy_ = false;
  }
  close();
}

Awaitable<void> NativeConnection::run_request(wire::Request request, bool beside) {
  const auto header = request.header;
  const bool answered = request.kind == wire::RequestKind::kConnect || !header.has(wire::kAsynchronous);
  const auto reply = std::make_shared<Reply>();
  const auto given = std::make_shared<wire::Request>(std::move(request));
  const auto self = shared_from_this();
  std::function<void(std::string_view)> print;
  if (header.accepts_messages) {
    print = [peer = peer_, bytes_max = limits_.print_bytes_max](std::string_view text) {
      if (text.ends_with('\n')) text.remove_suffix(1);  // clients end the line themselves
      wire::Chain frame;
      frame.put_text(wire::message_frame(text));
      peer->push_when_room(std::move(frame), bytes_max);
    };
  } else {
    print = [](std::string_view) {};
  }
  std::function<void()> work = [self, given, reply, print, answered, header] {
    if (self->gone_ && answered) return;  // nobody waits for it any more
    auto outcome = self->with_.runner.run(*self->session_, std::move(*given), print);
    if (answered) *reply = Reply::of(std::move(outcome), header, self->session_->id(), self->limits_.chunk_bytes);
  };
  auto& pool = beside || header.has(wire::kUrgent) ? with_.urgent : with_.statements;
  const bool ran = co_await run_on(pool, std::move(work));
  if (!answered && !beside) peer_->note_answered();
  if (!answered || closed_) co_return;
  auto message = std::make_shared<Outgoing>();
  if (ran) {
    message->chunk = std::move(reply->chunk);
    message->rest = std::move(reply->rest);
  } else {
    message->chunk.put_text(wire::error_response(
        session_->id(), "Too many requests wait on this node. Try again later or raise maxQueuedJobs."));
  }
  enqueue(message);
  if (!beside) peer_->note_answered();
  co_await wait_until_sent(message);
}

void NativeConnection::enqueue(std::shared_ptr<Outgoing> message) {
  outgoing_.push_back(std::move(message));
  outgoing_changed_.notify();
}

Awaitable<void> NativeConnection::send(std::shared_ptr<Outgoing> message) {
  enqueue(message);
  co_await wait_until_sent(std::move(message));
}

Awaitable<void> NativeConnection::wait_until_sent(std::shared_ptr<Outgoing> message) {
  while (!message->sent && !closed_) co_await something_sent_.wait();
}

Awaitable<void> NativeConnection::write_messages() {
  while (true) {
    while (outgoing_.empty() && !closed_) co_await outgoing_changed_.wait();
    if (closed_) break;
    const auto message = std::move(outgoing_.front());
    outgoing_.pop_front();
    const bool ok = co_await write_message(message);
    peer_->note_sent(message->counted_bytes);
    if (!ok) {
      close();
      break;
    }
    message->sent = true;
    something_sent_.notify();
  }
}

Awaitable<bool> NativeConnection::write_message(std::shared_ptr<Outgoing> message) {
  while (true) {
    const bool complete = message->rest == nullptr;
    auto pieces = message->chunk.pieces();
    const bool ok = co_await transport_->write(std::move(pieces), complete);
    if (!ok || complete) co_return ok;
    message->chunk.clear();
    // The next chunk is encoded off the io threads; a slow reader holds no thread meanwhile.
    const auto failed = std::make_shared<bool>(false);
    std::function<void()> work = [message, failed, bytes = limits_.chunk_bytes] {
      const auto ended = message->rest->next(message->chunk, bytes);
      if (!ended.ok()) *failed = true;
      if (ended.ok() && *ended) message->rest = nullptr;
    };
    const bool ran = co_await run_on(with_.urgent, std::move(work));
    if (!ran || *failed || closed_) co_return false;
  }
}

}  // namespace pelorus::net
