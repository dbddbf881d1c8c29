#pragma once
// Transactions this node began and lost sight of: the controllers may have them open, with their partitions locked, and
// would keep them so for as long as this node is alive.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <variant>

#include "dist/controller_client.h"
#include "meta/command.h"

namespace pelorus::dist {

/// Aborts them, asking again until there is an answer. What had been decided after all stays as it is. Thread-safe; the
/// thread begins with the first.
class LooseEnds {
 public:
  explicit LooseEnds(ControllerClient& controllers) : controllers_(controllers) {}
  ~LooseEnds();

  /// Nobody knows whether it has begun. It must be repeatable: with a client and a number.
  void add(const meta::BeginTransaction& begin) { put(begin); }
  /// Begun, and nobody knows whether it is decided.
  void add(TransactionId transaction) { put(transaction); }
  /// Those left. Cost: constant.
  size_t count() const;

  /// Whether an error of ControllerClient leaves open what became of the request. "Unavailable" does, too: an earlier
  /// attempt may have reached a leader whose answer was lost.
  static bool leaves_open(const Error& error);

 private:
  using End = std::variant<meta::BeginTransaction, TransactionId>;
  void put(End end);
  void run();
  /// False: to be tried again. A begin that is found becomes its transaction.
  bool tie(End& end);

  ControllerClient& controllers_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<End> ends_;   // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // as above
};

}  // namespace pelorus::dist
