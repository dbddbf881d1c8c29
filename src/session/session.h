#pragma once
// Sessions of one node: one per connection, with its identity and variables.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "functions/call_context.h"
#include "wire/peer.h"
#include "session/script_host.h"

namespace pelorus::session {

class StatementRunner;

struct Remote {
  std::string ip;
  int port = 0;
};

/// A SCRAM exchange between its two calls.
struct PendingScram {
  std::string user;
  std::string client_nonce;
  std::string combined_nonce;
};

/// One connection's session; lives as long as the connection or a statement of it. Identity is thread-safe.
class Session {
 public:
  Session(uint64_t id, Remote remote, int64_t opened_ns) : id_(id), remote_(std::move(remote)), opened_ns_(opened_ns) {}

  uint64_t id() const { return id_; }
  const Remote& remote() const { return remote_; }
  int64_t opened_ns() const { return opened_ns_; }

  functions::Caller caller() const;
  bool is_guest() const { return caller().user == kGuest; }
  void set_identity(const std::string& user, bool is_admin);

  void set_pending_scram(PendingScram exchange);
  /// Once.
  std::optional<PendingScram> take_pending_scram();

  /// The connection; empty before it says so and in sessions without one.
  void set_peer(std::shared_ptr<wire::Peer> peer);
  std::shared_ptr<wire::Peer> peer() const;

  std::atomic<int64_t> last_active_ns{0};
  std::atomic<int64_t> memory_bytes{0};

  static constexpr const char* kGuest = "guest";

 private:
  friend class StatementRunner;  // the only user of host_

  const uint64_t id_;
  const Remote remote_;
  const int64_t opened_ns_;

  mutable std::mutex mutex_;
  std::string user_ = kGuest;          // guarded by mutex_
  bool is_admin_ = false;              // guarded by mutex_
  std::optional<PendingScram> scram_;  // guarded by mutex_
  std::shared_ptr<wire::Peer> peer_;   // guarded by mutex_

  std::mutex host_mutex_;               // one statement at a time
  std::unique_ptr<ScriptHost> host_;    // guarded by host_mutex_; made by the first statement
  ScriptHost* running_host_ = nullptr;  // guarded by mutex_: told of a login inside its statement
  std::thread::id running_thread_;      // guarded by mutex_
};

/// All sessions of the node. Thread-safe.
class SessionTable {
 public:
  SessionTable(const Clock& clock, size_t sessions_max) : clock_(clock), sessions_max_(sessions_max) {}

  /// kLimit when sessions_max are open. Ids are positive, fit 31 bits and are not used twice at a time.
  Result<std::shared_ptr<Session>> open(Remote remote);
  void close(uint64_t id);
  /// Null when there is none.
  std::shared_ptr<Session> find(uint64_t id) const;
  std::vector<std::shared_ptr<Session>> all() const;
  size_t size() const;
  size_t sessions_max() const { return sessions_max_; }

 private:
  const Clock& clock_;
  const size_t sessions_max_;
  mutable std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<Session>> sessions_;  // guarded by mutex_
};

}  // namespace pelorus::session
