#pragma once
// The native protocol on one connection (docs/protocol/native.md §2, §3): requests in order, statements on a pool,
// urgent requests at once, responses with back-pressure.

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include "net/asio.h"
#include "net/transport.h"
#include "session/run_statement.h"
#include "session/session.h"
#include "wire/request.h"
#include "wire/response.h"

namespace pelorus::net {

/// What connections work with; all outlive the listener.
struct NativeSurroundings {
  session::SessionTable& sessions;
  session::StatementRunner& runner;
  ThreadPool& statements;  // one thread per running statement
  ThreadPool& urgent;      // few, for requests with the urgent flag
};

struct NativeLimits {
  std::chrono::milliseconds handshake{30'000};  // until the connect request is complete
  wire::RequestLimits requests = {};
  size_t pending_max = 64;           // requests read ahead of the running one; then reading stops
  size_t print_bytes_max = 4 << 20;  // of print() not yet sent; then the statement waits
  size_t chunk_bytes = 1 << 20;      // of a response encoded ahead of the socket
};

class ConnectionPeer;

/// One connection. Everything happens on one strand except the statements. Closing the socket from either side cancels
/// the running statement; asynchronous requests already read are still carried out.
class NativeConnection final : public std::enable_shared_from_this<NativeConnection> {
 public:
  NativeConnection(const Executor& strand, std::unique_ptr<Transport> transport,
                   std::shared_ptr<session::Session> session, NativeSurroundings surroundings, NativeLimits limits);
  ~NativeConnection();

  /// Until the connection is closed and its last statement has ended.
  static Awaitable<void> serve(std::shared_ptr<NativeConnection> self);
  /// From any thread.
  void close_soon();
  /// No other request begins; what runs is answered, then the connection is closed. From any thread.
  void finish_soon();

 private:
  friend class ConnectionPeer;
  /// A complete message, or the first chunk of one.
  struct Outgoing {
    wire::Chain chunk;
    std::shared_ptr<wire::ResultEncoder> rest;  // null: chunk is all
    size_t counted_bytes = 0;                   // by the peer, until they are sent
    bool sent = false;
  };
  struct Reply;

  Awaitable<void> read_requests();
  Awaitable<void> run_requests();
  Awaitable<void> run_request(wire::Request request, bool beside);
  Awaitable<void> write_messages();
  Awaitable<bool> write_message(std::shared_ptr<Outgoing> message);
  Awaitable<void> send(std::shared_ptr<Outgoing> message);
  Awaitable<void> wait_until_sent(std::shared_ptr<Outgoing> message);
  Status take_bytes(std::span<const char> bytes);
  Status accept_request();
  void choose_limits();
  Result<std::span<char>> place_for_bytes(std::vector<char>& buffer);
  Status take_direct(size_t count);
  Awaitable<void> discard_rest(std::vector<char>& buffer);
  void enqueue(std::shared_ptr<Outgoing> message);
  void close();

  const Executor strand_;
  const std::unique_ptr<Transport> transport_;
  const std::shared_ptr<session::Session> session_;
  const NativeSurroundings with_;
  const NativeLimits limits_;
  const std::shared_ptr<ConnectionPeer> peer_;

  // On the strand only.
  wire::RequestReader reader_;
  bool small_limits_ = false;
  Deadline handshake_;
  Deadline refused_silence_;
  std::deque<wire::Request> pending_;
  std::deque<std::shared_ptr<Outgoing>> outgoing_;
  Signal pending_changed_;
  Signal outgoing_changed_;
  Signal something_sent_;
  bool connected_ = false;
  bool busy_ = false;
  bool finishing_ = false;
  bool closed_ = false;
  int working_ = 0;  // coroutines that serve() waits for

  std::atomic<bool> gone_ = false;  // closed_ as the pool's threads see it
};

}  // namespace pelorus::net
