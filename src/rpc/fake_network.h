#pragma once
// A network inside one process, for tests of upper floors: the same Caller and Methods, and faults on command.

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <queue>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_pool.h"
#include "rpc/caller.h"
#include "rpc/methods.h"

namespace pelorus::rpc {

struct FakeNetworkOptions {
  size_t workers = 8;  // shared by all nodes; handlers run there
  /// How soon the loss of a message is noticed, as a broken connection would be; the call's own timeout if sooner.
  std::chrono::milliseconds loss_noticed_after{20};
};

/// Thread-safe. Nodes may be added at any time; callers must not outlive the network.
class FakeNetwork {
 public:
  explicit FakeNetwork(FakeNetworkOptions options = {});
  ~FakeNetwork();  // stop()

  /// Makes a node; it is a member of the one cluster. The references live as long as the network.
  Methods& add(const std::string& alias, config::NodeMode role = config::NodeMode::kDataNode);
  /// Calls made by `alias`.
  Caller& caller(const std::string& alias);

  /// No message passes between the two, in either direction, until heal(). New calls fail with kUnavailable.
  void cut(const std::string& left, const std::string& right);
  /// As cut() with every other node.
  void isolate(const std::string& alias);
  void heal();
  /// The next `count` requests (answers) from `from` to `to` get lost: the caller hears kOutcomeUnknown, and the
  /// handler did not run (did run).
  void drop_requests(const std::string& from, const std::string& to, int count);
  void drop_answers(const std::string& from, const std::string& to, int count);
  /// Every later request from `from` to `to` takes this long on its way.
  void delay(const std::string& from, const std::string& to, std::chrono::milliseconds by);
  /// Ends the node: it answers nothing and its calls fail, until start().
  void crash(const std::string& alias);
  void start(const std::string& alias);
  /// Requests that reached a handler.
  uint64_t delivered() const;
  /// Ends all calls and threads.
  void stop();

 private:
  class Node;
  using Link = std::pair<std::string, std::string>;
  using Time = std::chrono::steady_clock::time_point;
  struct Timer {
    Time due;
    uint64_t order;
    std::function<void()> task;
    bool operator>(const Timer& other) const { return std::tie(due, order) > std::tie(other.due, other.order); }
  };
  struct Call;

  void send(const std::string& from, const std::string& to, std::shared_ptr<Call> call);
  void deliver(const std::string& from, const std::string& to, const std::shared_ptr<Call>& call);
  void after(std::chrono::milliseconds wait, std::function<void()> task);
  void run_timers();
  /// Under mutex_.
  bool is_cut(const std::string& from, const std::string& to) const;
  bool take_one(std::map<Link, int>& drops, const Link& link);

  const FakeNetworkOptions options_;
  ThreadPool workers_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Node>> nodes_;                     // guarded by mutex_
  std::set<Link> cuts_;                                                    // guarded by mutex_
  std::set<std::string> crashed_;                                          // guarded by mutex_
  std::map<Link, int> dropped_requests_;                                   // guarded by mutex_
  std::map<Link, int> dropped_answers_;                                    // guarded by mutex_
  std::map<Link, std::chrono::milliseconds> delays_;                       // guarded by mutex_
  uint64_t delivered_ = 0;                                                 // guarded by mutex_
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;  // guarded by mutex_
  uint64_t next_timer_ = 0;                                                // guarded by mutex_
  uint64_t next_call_ = 1;                                                 // guarded by mutex_
  bool stopping_ = false;                                                  // guarded by mutex_
  std::condition_variable timer_set_;
  std::thread clockwork_;
};

}  // namespace pelorus::rpc
