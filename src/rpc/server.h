#pragma once
// The answering side: connections that other nodes opened to this one.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>

#include "base/thread_pool.h"
#include "rpc/connection.h"
#include "rpc/methods.h"

namespace pelorus::rpc {

struct ServerOptions {
  IdentitySource identity;
  std::string key;      // of the cluster; empty: trust by cluster UUID, warned of once
  size_t workers = 16;  // setting rpcWorkerNum
  size_t urgent_workers = 2;
  size_t calls_waiting_max = 65536;  // beyond: kUnavailable to the caller
  size_t connections_max = 10000;
  size_t request_bytes_max = 4UL << 30;  // of all requests in hand; beyond: kUnavailable to the caller
  Handshake::Admit admit;                // asked once a peer's proof holds; quick, on the network thread
  std::shared_ptr<const NodeTls> tls;    // null: plain text; else as it demands
  KnownHosts hosts;                      // with TLS: a peer's certificate must name one that is known for its alias
};

/// Thread-safe. Urgent calls have their own workers, so they are answered while every other worker is busy.
class Server final : private ConnectionEvents {
 public:
  explicit Server(ServerOptions options);
  ~Server() override;  // stop()

  Methods& methods() { return methods_; }
  void on(std::string name, Handler handler, MethodOptions options = {}) {
    methods_.on(std::move(name), std::move(handler), options);
  }

  /// Takes over a socket whose first bytes are kPreamble; `already_read` are all bytes received so far,
  /// the preamble included. With TLS they are 8 at most.
  void accept_connection(int fd, std::string already_read);

  /// Refuses new calls, cancels those under way, waits for their handlers, closes all connections.
  void stop();

  size_t connection_count() const;

 private:
  /// A call between its arrival and its answer.
  struct Call;
  using CallKey = std::pair<const Connection*, uint64_t>;
  struct CallKeyHash {
    size_t operator()(const CallKey& key) const {
      return std::hash<const void*>()(key.first) ^ (key.second * 0x9E3779B97F4A7C15u);
    }
  };

  void on_ready(const std::shared_ptr<Connection>& connection) override;
  void on_frame(const std::shared_ptr<Connection>& connection, Frame frame) override;
  void on_closed(const std::shared_ptr<Connection>& connection, const Error& reason,
                 const std::vector<uint64_t>& unsent) override;

  std::unique_ptr<TlsSession> tls_session(int fd, std::string already_read) const;
  Status admit(const Identity& peer, const TlsSession* tls) const;
  /// To the log; the same again only after a minute: a node that was refused goes on trying.
  void tell_closed(const std::string& address, const std::string& reason);
  void dispatch(const std::shared_ptr<Connection>& connection, Frame frame);
  void run(Call& call);
  void finish(const Call& call, Result<Bytes> result);
  static void respond(Connection& connection, uint64_t call_id, bool urgent, Result<Bytes> result);

  const ServerOptions options_;
  Methods methods_;
  ThreadPool workers_;
  ThreadPool urgent_workers_;
  std::atomic<bool> stopping_{false};
  std::atomic<size_t> request_bytes_{0};

  mutable std::mutex mutex_;
  std::set<std::shared_ptr<Connection>> connections_;                  // guarded by mutex_
  std::map<std::string, std::chrono::steady_clock::time_point> told_;  // guarded by mutex_: refusals by their text
  std::unordered_map<CallKey, CancellationToken, CallKeyHash> calls_;  // guarded by mutex_

  EventLoop loop_;  // last: its thread uses everything above
};

}  // namespace pelorus::rpc
