#pragma once
// The calls of this node to one other: three connections (urgent, ordinary, bulk), opened when first needed.

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/thread_pool.h"
#include "rpc/caller.h"
#include "rpc/connection.h"

namespace pelorus::rpc {

inline constexpr size_t kBulkPayloadBytes = 256 << 10;  // larger requests take the bulk connection
inline constexpr size_t kCallsInFlightMax = 65536;      // of one connection; beyond: kUnavailable
inline constexpr std::chrono::milliseconds kConnectTimeout{1500};
inline constexpr std::chrono::milliseconds kBackOffLeast{20};  // after a failed attempt to connect, doubling
inline constexpr std::chrono::milliseconds kBackOffMost{1000};

/// Where a peer listens now; asked at every attempt to connect, on a worker thread, so it may block shortly.
using AddressBook = std::function<Result<Endpoint>(const std::string& alias)>;

struct ChannelOptions {
  IdentitySource identity;
  std::string key;
  AddressBook addresses;
  std::shared_ptr<const NodeTls> tls = nullptr;  // null: plain text; else as it demands
};

/// One lane of a channel: one connection at a time and the calls on it. Thread-safe.
class ChannelLane final : public ConnectionEvents {
 public:
  ChannelLane(std::string alias, Lane lane, const ChannelOptions& options, EventLoop& loop, ThreadPool& connectors);

  void call(std::string_view method, Bytes payload, CallOptions options, Done done);
  /// Loop thread: ends calls whose time is up or that were cancelled.
  void tick(std::chrono::steady_clock::time_point now);
  /// Drops the connection; the next call opens a new one without waiting. Calls under way fail.
  void reconnect();
  bool is_ready() const;

  void on_ready(const std::shared_ptr<Connection>& connection) override;
  void on_frame(const std::shared_ptr<Connection>& connection, Frame frame) override;
  void on_closed(const std::shared_ptr<Connection>& connection, const Error& reason,
                 const std::vector<uint64_t>& unsent) override;

 private:
  using Time = std::chrono::steady_clock::time_point;
  enum class State : uint8_t { kIdle, kConnecting, kReady, kBackOff };
  struct Pending {
    Done done;
    Time deadline;
    std::optional<CancellationToken> cancellation;
    bool sent = false;
  };
  struct Finished {
    Done done;
    Result<Bytes> result;
  };

  /// Under mutex_: may a call wait for a connection now? Starts one if need be; an Error while backing off.
  Status want_connection();
  void connect(bool with_tls);
  Result<int> dial(Endpoint& endpoint);
  void connect_failed(const Error& reason);
  /// Under mutex_: sends what waited for the connection; the calls that could not be.
  std::vector<Finished> send_waiting();
  static void run(std::vector<Finished> finished);

  const std::string alias_;
  const Lane lane_;
  const ChannelOptions& options_;
  EventLoop& loop_;
  ThreadPool& connectors_;

  mutable std::mutex mutex_;
  State state_ = State::kIdle;                     // guarded by mutex_
  std::shared_ptr<Connection> connection_;         // guarded by mutex_; while connecting and ready
  std::unordered_map<uint64_t, Pending> pending_;  // guarded by mutex_
  std::vector<OutgoingFrame> waiting_;             // guarded by mutex_; until ready
  uint64_t next_call_id_ = 1;                      // guarded by mutex_
  Time try_again_at_{};                            // guarded by mutex_
  std::chrono::milliseconds back_off_{0};          // guarded by mutex_
  Error last_failure_{};                           // guarded by mutex_
};

/// Thread-safe. Made and owned by a ChannelPool.
class Channel {
 public:
  Channel(const std::string& alias, const ChannelOptions& options, EventLoop& loop, ThreadPool& connectors);

  void call_async(std::string_view method, Bytes payload, CallOptions options, Done done);
  void tick(std::chrono::steady_clock::time_point now);
  void reconnect();
  /// Is any connection to the peer up?
  bool is_connected() const;

 private:
  std::array<std::unique_ptr<ChannelLane>, kLaneCount> lanes_;
};

}  // namespace pelorus::rpc
