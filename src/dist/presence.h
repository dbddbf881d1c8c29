#pragma once
// This node before the controllers: registration at start and to every new leader, then a heartbeat a second.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "dist/controller_client.h"
#include "meta/messages.h"

namespace pelorus::dist {

/// What the roles of a node have to say and do. Called on the presence's own thread, one at a time: must not block
/// long. Empty functions are skipped.
struct PresenceHooks {
  std::function<meta::NodeMetrics()> metrics;
  std::function<std::vector<meta::ReportedChunk>()> chunks;             // all of them
  std::function<meta::ReportedChunk(ChunkId)> chunk;                    // version 0: not here
  std::function<std::vector<TransactionId>()> published;                // durable here, not yet confirmed by an answer
  std::function<void(const std::vector<TransactionId>&)> confirmed;     // the leader has taken these
  std::function<std::vector<std::pair<ChunkId, Version>>()> recovered;  // done since the last call
  std::function<void(const meta::Order&)> order;                        // must only queue the work
  std::function<void(const meta::RegisterReply&)> registered;
  std::function<void(const std::string& reason)> refused;  // for good: the node has to stop
  std::function<void(const meta::HeartbeatReply&)> heard;
  std::function<void()> astray;  // the leader was not reached: it may have another address by now, which others know
};

struct PresenceFacts {
  std::string alias;
  meta::NodeRole role = meta::NodeRole::kDataNode;
  Uuid cluster;  // nil: learnt with the first registration
  Uuid node;
  Uuid boot;
  std::string host;
  uint16_t port = 0;
  meta::Build build;
};

/// Owns one thread between start() and stop(). Other calls are thread-safe.
class Presence {
 public:
  Presence(ControllerClient& controllers, PresenceFacts facts, PresenceHooks hooks);
  ~Presence();  // stop()

  void start();
  void stop();
  /// Sends the next heartbeat now: something worth telling has happened.
  void hurry();
  /// Tells the controllers anew, and now, which chunks are here and how they are.
  void report();

  /// Of this process's registration; 0 before the first one.
  uint64_t epoch() const { return epoch_.load(); }
  bool is_registered() const { return epoch_.load() != 0; }
  /// False when the node was not registered in time; the reason is the last answer's.
  Status wait_registered(std::chrono::milliseconds timeout);

 private:
  void run();
  Status register_node();
  void beat();
  void told_of_chunks();
  void take_orders(const std::vector<meta::Order>& orders);
  bool pause(std::chrono::milliseconds time);

  ControllerClient& controllers_;
  PresenceFacts facts_;  // the thread's own
  const PresenceHooks hooks_;
  std::atomic<uint64_t> epoch_{0};
  std::atomic<bool> report_chunks_{false};
  int settling_beats_ = 0;      // the thread's own: the next ones come soon, as there may be orders
  bool tells_chunks_ = false;   // the thread's own: with the next heartbeat, as the leader has asked for
  std::set<ChunkId> tells_of_;  // the thread's own: the same, of these only

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;                                                          // guarded by mutex_
  bool hurry_ = false;                                                             // guarded by mutex_
  Error last_failure_{ErrorCode::kUnavailable, "no controller has answered yet"};  // guarded by mutex_
  std::thread thread_;
};

}  // namespace pelorus::dist
