#pragma once
// Deliveries of a stream table's rows to handlers of this node.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "stream/remote/feed_relay.h"
#include "stream/row_filter.h"
#include "stream/stream_table.h"
#include "stream/topic_offsets.h"
#include "exec/worker_session.h"

namespace pelorus::stream {

struct SubscriptionTerms {
  std::string table;  // its shared name
  std::string action;
  int64_t offset = 0;                           // first row delivered
  data::Value handler;                          // a function of one argument, or a table
  bool message_as_table = false;                // else a tuple of columns
  bool handler_needs_id = false;                // a second argument: the number of the last row
  int64_t batch_rows = 0;                       // 0: whatever is there
  std::chrono::milliseconds throttle{1000};     // longest wait for a batch to fill
  std::unique_ptr<RowFilter> filter = nullptr;  // null: all rows
  std::unique_ptr<FeedRelay> relay = nullptr;   // of a table of another node: what brings its rows here
  TopicOffsets* offsets = nullptr;              // where the number of the next row is kept; null: nowhere
};

/// What getStreamingStat shows.
struct SubscriptionFacts {
  std::string topic;
  int64_t processed = 0;
  int64_t failed = 0;
  int64_t next_row = 0;
  int64_t waiting = 0;
  std::string last_error;
  int64_t last_failed_row = -1;
  int64_t last_failed_ns = 0;  // wall clock; 0: never
};

/// One thread that reads the table and calls the handler, in order. A handler's error is counted and the next batch
/// goes on. Ends when destroyed.
class Subscription {
 public:
  Subscription(std::string topic, SubscriptionTerms terms, std::shared_ptr<StreamTable> table,
               std::unique_ptr<exec::WorkerSession> session);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  SubscriptionFacts facts() const;
  const SubscriptionTerms& terms() const { return terms_; }
  /// Asked by its own handler.
  bool runs_here() const { return thread_.get_id() == std::this_thread::get_id(); }

 private:
  void run();
  /// Waits until a batch is due; false when stopping.
  bool wait_for_rows();
  void deliver(const data::Table& rows, int64_t last_row);
  void note_done(int64_t rows, const std::string& error);
  void give_up(const std::string& reason);

  const std::string topic_;
  const SubscriptionTerms terms_;
  const std::shared_ptr<StreamTable> table_;
  const std::unique_ptr<exec::WorkerSession> session_;  // the thread's
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;         // guarded by mutex_
  int64_t next_row_ = 0;          // guarded by mutex_; written by the thread
  int64_t failed_ = 0;            // guarded by mutex_
  int64_t processed_ = 0;         // guarded by mutex_
  std::string last_error_;        // guarded by mutex_
  int64_t last_failed_row_ = -1;  // guarded by mutex_
  int64_t last_failed_ns_ = 0;    // guarded by mutex_
  int64_t listener_ = 0;
  std::thread thread_;
};

/// All subscriptions of a node by topic. Thread-safe.
class SubscriptionBoard {
 public:
  static constexpr size_t kSubscriptionsMax = 256;

  ~SubscriptionBoard() { clear(); }
  /// Null when the topic is taken or the board is full; the caller tells which.
  bool add(const std::string& topic, std::unique_ptr<Subscription> subscription);
  bool has(const std::string& topic) const;
  bool is_full() const;
  /// Waits for the handler's call under way. ScriptError when there is none, or when its own handler asks.
  void remove(const std::string& topic);
  bool is_subscribed(const std::string& table) const;
  /// Calls `see` with each of them; it must not come back to the board.
  void for_each(const std::function<void(const Subscription&)>& see) const;
  /// The topic of a subscription to a table of another site; empty when there is none.
  std::string remote_topic(const std::string& host, int port, const std::string& table,
                           const std::string& action) const;
  void clear();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Subscription>> subscriptions_;  // guarded by mutex_
};

}  // namespace pelorus::stream
