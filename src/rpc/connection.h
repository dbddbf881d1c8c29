#pragma once
// One socket between two nodes: handshake, frames in and out, keep-alive. Both ends use it.

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"
#include "rpc/event_loop.h"
#include "rpc/frame.h"
#include "rpc/handshake.h"
#include "rpc/tls_session.h"

namespace pelorus::rpc {

inline constexpr size_t kQueuedBytesMax = 2UL << 30;  // waiting to be sent on one connection
inline constexpr std::chrono::milliseconds kHandshakeTimeout{3000};
inline constexpr std::chrono::milliseconds kPingInterval{400};       // silence before a ping is sent
inline constexpr std::chrono::milliseconds kPeerSilentMax{1600};     // silence before a server counts as dead
inline constexpr std::chrono::milliseconds kCallerSilentMax{20000};  // a caller pings; the server waits longer

class Connection;

/// What the owner of connections hears; always on the loop's thread, never under a lock of the connection.
/// The owner outlives the loop.
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  /// The handshake is done: peer() and lane() hold.
  virtual void on_ready(const std::shared_ptr<Connection>& connection) = 0;
  /// A request, response, error or cancel; pings are answered before.
  virtual void on_frame(const std::shared_ptr<Connection>& connection, Frame frame) = 0;
  /// Last event of a connection. `unsent`: calls whose frame the peer never got whole.
  virtual void on_closed(const std::shared_ptr<Connection>& connection, const Error& reason,
                         const std::vector<uint64_t>& unsent) = 0;
};

/// Thread-safe. The loop keeps it alive while the socket is open.
class Connection final : public Pollable, public std::enable_shared_from_this<Connection> {
 public:
  /// Takes over `fd`, makes it non-blocking, and begins; `already_read` was received before. From any thread. With
  /// `tls`, made for the same `fd`, everything goes through it, and what was received before is its own.
  static std::shared_ptr<Connection> open(EventLoop& loop, int fd, std::unique_ptr<Handshake> handshake,
                                          ConnectionEvents& events, std::string already_read,
                                          std::unique_ptr<TlsSession> tls = nullptr);
  ~Connection() override;

  /// Sends what the socket takes now and keeps the rest. kUnavailable: closed or not ready, or too much waits;
  /// then not a byte is sent.
  Status send(OutgoingFrame frame);
  /// Ends it soon, with on_closed().
  void close(Error reason);

  /// Once ready.
  const Peer& peer() const { return peer_; }
  Lane lane() const { return handshake_->lane(); }
  Handshake::Side side() const { return side_; }
  /// Once closed: we dialled with TLS, and the peer does not speak it.
  bool was_ignored() const { return tls_ && tls_->was_ignored(); }

  void on_events(uint32_t epoll_events) override;
  void on_tick(std::chrono::steady_clock::time_point now) override;

 private:
  struct Private {};

 public:
  Connection(Private, EventLoop& loop, int fd, std::unique_ptr<Handshake> handshake, ConnectionEvents& events,
             std::unique_ptr<TlsSession> tls);

 private:
  enum class State : uint8_t { kHandshake, kReady, kClosed };

  void begin(std::string already_read);
  /// Goes on with TLS's handshake; ours follows it.
  void shake_hands();
  void greet();
  void receive();
  ssize_t read(char* to, size_t size);
  Error broken(std::string_view what) const;
  Status receive_body(size_t& budget);
  Status take(std::string_view bytes);
  Status advance_handshake(std::string_view& bytes);
  void pass_on(Frame frame);
  void finish(const Error& reason);

  /// Under mutex_: writes until the socket is full or nothing waits.
  Status flush();
  void enqueue(OutgoingFrame frame);
  void update_interest();

  EventLoop& loop_;
  ConnectionEvents& events_;
  const int fd_;
  std::unique_ptr<Handshake> handshake_;  // loop thread; constant once ready
  const Handshake::Side side_;
  const std::unique_ptr<TlsSession> tls_;  // null: plain text
  Peer peer_;                              // constant once ready

  // Loop thread only.
  FrameReader reader_;
  std::string handshake_bytes_;
  std::chrono::steady_clock::time_point opened_;
  std::chrono::steady_clock::time_point heard_;
  std::chrono::steady_clock::time_point pinged_;

  std::mutex mutex_;
  State state_ = State::kHandshake;     // guarded by mutex_
  std::deque<OutgoingFrame> queue_;     // guarded by mutex_; the front one may be sent in part
  size_t front_sent_ = 0;               // guarded by mutex_: bytes of the front one
  size_t queued_bytes_ = 0;             // guarded by mutex_
  bool wants_write_ = false;            // guarded by mutex_
  std::atomic<int64_t> drained_ns_{0};  // steady clock; when a backlog last moved
};

}  // namespace pelorus::rpc
