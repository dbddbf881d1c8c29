#include "net/listener.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "net/sniff.h"

namespace pelorus::net {
namespace {

using boost::system::error_code;

constexpr std::string_view kUnknownProtocol =
    "This port speaks the native protocol (API, API2), HTTP and WebSocket; nothing of these began here.\n";
/// A fatal TLS alert: handshake_failure.
constexpr std::string_view kTlsRefusal("\x15\x03\x01\x00\x02\x02\x28", 7);

void prepare_socket(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(tcp::socket::keep_alive(true), ignored);
}

session::Remote remote_of(const tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return {address.to_string(), endpoint.port()};
}

Result<std::shared_ptr<asio::ssl::context>> load_tls(const ListenerOptions& options) {
  const auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  auto& context = *made;
  error_code error;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
                      error);
  context.use_certificate_chain_file(options.tls_certificate_file, error);
  if (error) {
    return Error{ErrorCode::kInvalid,
                 "The TLS certificate cannot be used: " + options.tls_certificate_file + ": " + error.message()};
  }
  context.use_private_key_file(options.tls_key_file, asio::ssl::context::pem, error);
  if (error) {
    return Error{ErrorCode::kInvalid, "The TLS key cannot be used: " + options.tls_key_file + ": " + error.message()};
  }
  return made;
}

}  // namespace

/// One thread's connections. Each thread has a loop of its own: in one for all, whatever a connection leaves for later
/// would wake another thread.
struct Listener::Loop {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> runs_without_connections{io.get_executor()};
};

/// Shared by the listener and its connections' coroutines.
struct Listener::State : std::enable_shared_from_this<State> {
  struct Caller {
    uint64_t id = 0;  // of the connection
    session::Remote remote;
  };
  struct Ends {
    std::function<void()> close;
    std::function<void()> finish;  // empty: nothing to wait for
  };

  State(ListenerOptions given, NativeSurroundings surroundings, ListenerHandlers given_handlers)
      : options(std::move(given)),
        with(surroundings),
        handlers(std::move(given_handlers)),
        files(options.web_root),
        loops(options.io_threads),
        acceptor(loops.front().io) {}

  Status bind();
  Status renew_tls();
  std::shared_ptr<asio::ssl::context> present_tls();
  Awaitable<void> accept_connections();
  Awaitable<void> serve(std::shared_ptr<tcp::socket> socket);
  template <class Stream>
  Awaitable<void> serve_as(Protocol protocol, Stream stream, std::string first, Caller caller);
  Awaitable<void> serve_native(std::unique_ptr<Transport> transport, Caller caller);
  Awaitable<void> serve_tls(std::shared_ptr<tcp::socket> socket, std::string first, Caller caller);
  void hand_over(const HandOver& handler, tcp::socket& socket, std::string first);
  HttpSurroundings http_surroundings() { return {files, handlers.routes, with.urgent, options.http}; }

  /// Counts a connection while it lives. 0: there is no room, or the listener stops.
  uint64_t enter(std::function<void()> close);
  /// From now on the connection is asked to finish before it is closed.
  void let_finish(uint64_t id, std::function<void()> finish);
  void leave(uint64_t id);

  const ListenerOptions options;
  const NativeSurroundings with;
  const ListenerHandlers handlers;
  const StaticFiles files;
  std::deque<Loop> loops;
  tcp::acceptor acceptor;  // on the first one
  std::vector<std::thread> threads;

  std::mutex mutex;
  std::condition_variable left;
  std::map<uint64_t, Ends> connections;     // guarded by mutex
  uint64_t next_connection = 1;             // guarded by mutex
  bool stopping = false;                    // guarded by mutex
  std::shared_ptr<asio::ssl::context> tls;  // guarded by mutex; null: no TLS
};

uint64_t Listener::State::enter(std::function<void()> close) {
  const std::lock_guard lock(mutex);
  if (stopping || connections.size() >= options.sockets_max) return 0;
  connections.emplace(next_connection, Ends{.close = std::move(close), .finish = {}});
  return next_connection++;
}

void Listener::State::let_finish(uint64_t id, std::function<void()> finish) {
  const std::lock_guard lock(mutex);
  if (stopping) finish();
  connections.at(id).finish = std::move(finish);
}

void Listener::State::leave(uint64_t id) {
  const std::lock_guard lock(mutex);
  connections.erase(id);
  left.notify_all();
}

Status Listener::State::renew_tls() {
  if (options.tls_certificate_file.empty()) return {};
  TRY(auto made, load_tls(options));
  const std::lock_guard lock(mutex);
  tls = std::move(made);  // connections keep what they have of the old one
  return {};
}

std::shared_ptr<asio::ssl::context> Listener::State::present_tls() {
  const std::lock_guard lock(mutex);
  return tls;
}

Status Listener::State::bind() {
  TRY_DONE(renew_tls());
  error_code error;
  const auto address = asio::ip::make_address(options.host, error);
  if (error) return Error{ErrorCode::kInvalid, "The address to listen on is not an IP address: " + options.host};
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && address.is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return {};
  return Error{ErrorCode::kIo, "Failed to bind the socket on port " + std::to_string(options.port) +
                                   " with error code " + std::to_string(error.value()) + " (" + error.message() + ")"};
}

Awaitable<void> Listener::State::accept_connections() {
  constexpr std::chrono::milliseconds kPause{50};  // out of descriptors: wait until some are closed
  for (size_t next = 0; acceptor.is_open();) {
    const Executor strand = asio::make_strand(loops[next].io);
    auto [error, accepted] = co_await acceptor.async_accept(strand, kAwait);
    if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) break;
    if (error) {
      log_warning("Accepting a connection failed: " + error.message());
      asio::steady_timer pause(acceptor.get_executor(), kPause);
      co_await pause.async_wait(kAwait);
      continue;
    }
    const auto socket = std::make_shared<tcp::socket>(std::move(accepted));
    asio::co_spawn(strand, serve(socket), asio::detached);
    next = (next + 1) % loops.size();
  }
}

/// The connection's whole life; runs on its own strand.
Awaitable<void> Listener::State::serve(std::shared_ptr<tcp::socket> socket) {
  const auto self = shared_from_this();
  const Executor strand = co_await asio::this_coro::executor;
  // Closing by descriptor shutdown works whoever owns the stream by then.
  const int fd = socket->native_handle();
  const uint64_t id = enter([fd] { ::shutdown(fd, SHUT_RDWR); });
  if (id == 0) co_return;
  prepare_socket(*socket);
  Caller caller{id, remote_of(*socket)};
  std::string first;
  auto protocol = Protocol::kUndecided;
  {
    Deadline deadline(strand, [socket] {
      error_code ignored;
      socket->close(ignored);
    });
    deadline.set(options.first_bytes);
    while (protocol == Protocol::kUndecided) {
      char bytes[kSniffBytes];
      const auto room = asio::buffer(bytes, kSniffBytes - first.size());
      const auto [error, count] = co_await socket->async_read_some(room, kAwait);
      if (error) break;
      first.append(bytes, count);
      protocol = sniff(first);
    }
  }
  if (protocol == Protocol::kTls) {
    co_await serve_tls(socket, std::move(first), std::move(caller));
  } else if (protocol == Protocol::kRpc || protocol == Protocol::kRaft) {
    leave(id);  // its descriptor is another's now
    hand_over(protocol == Protocol::kRpc ? handlers.rpc : handlers.raft, *socket, std::move(first));
    co_return;
  } else if (protocol != Protocol::kUndecided) {
    co_await serve_as<tcp::socket>(protocol, std::move(*socket), std::move(first), std::move(caller));
  }
  leave(id);
}

void Listener::State::hand_over(const HandOver& handler, tcp::socket& socket, std::string first) {
  if (handler == nullptr) return;
  error_code error;
  const int fd = socket.release(error);
  if (!error) handler(fd, std::move(first));
}

Awaitable<void> Listener::State::serve_tls(std::shared_ptr<tcp::socket> socket, std::string first, Caller caller) {
  const auto context = present_tls();
  if (context == nullptr) {
    log_warning("A client at " + caller.remote.ip + " began TLS, which is not configured (enableHTTPS).");
    const auto refusal = asio::buffer(kTlsRefusal.data(), kTlsRefusal.size());
    co_await asio::async_write(*socket, refusal, kAwait);
    co_return;
  }
  const Executor strand = co_await asio::this_coro::executor;
  const auto stream = std::make_shared<TlsStream>(std::move(*socket), *context);
  auto protocol = Protocol::kUndecided;
  std::string plain;
  {
    Deadline deadline(strand, [stream] {
      error_code ignored;
      stream->next_layer().close(ignored);
    });
    deadline.set(options.first_bytes);
    const auto head = asio::buffer(first);
    const auto [failed, used] = co_await stream->async_handshake(asio::ssl::stream_base::server, head, kAwait);
    if (failed) co_return;
    while (protocol == Protocol::kUndecided) {
      char bytes[kSniffBytes];
      const auto room = asio::buffer(bytes, kSniffBytes - plain.size());
      const auto [error, count] = co_await stream->async_read_some(room, kAwait);
      if (error) co_return;
      plain.append(bytes, count);
      protocol = sniff(plain);
    }
  }
  co_await serve_as<TlsStream>(protocol, std::move(*stream), std::move(plain), std::move(caller));
}

template <class Stream>
Awaitable<void> Listener::State::serve_as(Protocol protocol, Stream stream, std::string first, Caller caller) {
  if (protocol == Protocol::kNative) {
    auto transport = make_transport(std::move(stream), std::move(first));
    co_await serve_native(std::move(transport), std::move(caller));
  } else if (protocol == Protocol::kHttp) {
    auto upgrade = co_await serve_http(std::move(stream), std::move(first), http_surroundings());
    if (upgrade == nullptr) co_return;
    auto transport = co_await accept_websocket(std::move(upgrade), options.websocket);
    if (transport != nullptr) co_await serve_native(std::move(transport), std::move(caller));
  } else {
    const auto text = asio::buffer(kUnknownProtocol.data(), kUnknownProtocol.size());
    co_await asio::async_write(stream, text, kAwait);
  }
}

Awaitable<void> Listener::State::serve_native(std::unique_ptr<Transport> transport, Caller caller) {
  auto session = with.sessions.open(std::move(caller.remote));
  if (!session.ok()) {
    const auto text = wire::error_response(0, session.error().message);
    std::vector<std::string_view> pieces{text};
    co_await transport->write(std::move(pieces), true);
    transport->close();
    co_return;
  }
  const Executor strand = co_await asio::this_coro::executor;
  const auto connection =
      std::make_shared<NativeConnection>(strand, std::move(transport), *session, with, options.native);
  let_finish(caller.id, [weak = std::weak_ptr(connection)] {
    if (const auto alive = weak.lock()) alive->finish_soon();
  });
  co_await NativeConnection::serve(connection);
}

Listener::Listener(ListenerOptions options, NativeSurroundings surroundings, ListenerHandlers handlers)
    : state_(std::make_shared<State>(std::move(options), surroundings, std::move(handlers))) {}

Listener::~Listener() { stop(); }

Status Listener::start() {
  TRY_DONE(state_->bind());
  asio::co_spawn(state_->acceptor.get_executor(), state_->accept_connections(), asio::detached);
  for (auto& loop : state_->loops) {
    state_->threads.emplace_back([&loop] { loop.io.run(); });
  }
  return {};
}

Status Listener::renew_tls() { return state_->renew_tls(); }

uint16_t Listener::port() const {
  error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

size_t Listener::sockets() const {
  const std::lock_guard lock(state_->mutex);
  return state_->connections.size();
}

void Listener::stop() {
  if (state_->threads.empty()) return;
  asio::post(state_->acceptor.get_executor(), [state = state_.get()] {
    error_code ignored;
    state->acceptor.close(ignored);
  });
  {
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    const auto all_left = [&] { return state_->connections.empty(); };
    for (const auto& [id, ends] : state_->connections) (ends.finish ? ends.finish : ends.close)();
    state_->left.wait_for(lock, state_->options.last_answers, all_left);
    for (const auto& [id, ends] : state_->connections) ends.close();
    lock.unlock();
    state_->with.runner.cancel_all();
    lock.lock();
    state_->left.wait(lock, all_left);
  }
  for (auto& loop : state_->loops) loop.io.stop();
  for (auto& thread : state_->threads) thread.join();
  state_->threads.clear();
}

}  // namespace pelorus::net
