#pragma once
// One subscriber's share of a stream table: rows go out on the connection that asked for them.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/thread_pool.h"
#include "stream/publish/table_feed.h"
#include "stream/row_filter.h"
#include "stream/topic_offsets.h"
#include "wire/peer.h"

namespace pelorus::stream {

struct PublicationTerms {
  std::string table;  // its shared name
  std::string action;
  std::string topic;  // "host:port:alias/table/action"
  std::string user;
  std::string client_ip;
  int client_port = 0;
  std::string subscriber;             // tells subscribers apart: the address of a client, host:port of a node
  int64_t offset = 0;                 // first row sent
  int64_t waiting_rows_max = 0;       // of rows that came since it subscribed; beyond, the subscriber is cut off
  std::unique_ptr<RowFilter> filter;  // null: all rows
  bool as_tables = false;             // records are tables instead of tuples of columns
  int64_t group = 0;                  // the stream group that keeps the table; 0: none
  TopicOffsets* offsets = nullptr;    // where the number of the next row is kept; null: nowhere
};

/// What getStreamingStat shows.
struct PublicationFacts {
  std::string table, action;
  std::string subscriber;  // host:port
  int64_t last_row = -1;   // the last one sent
  int64_t waiting = 0;
  int64_t waiting_max = 0;
};

/// Rows are read from the table when the connection has room for them; nothing is kept for a subscriber but the number
/// of its next row. What a writer pays for a subscriber is one wake-up. Thread-safe.
class Publication : public std::enable_shared_from_this<Publication> {
 public:
  static constexpr size_t kQueuedBytesMax = 1
                                            << 20;  // on the way to the connection; more rows are read below half of it

  Publication(PublicationTerms terms, std::shared_ptr<TableFeed> feed, std::shared_ptr<wire::Peer> peer,
              ThreadPool& pool);

  /// Once: the columns go out, then rows as they come.
  void begin();
  /// There may be something to send. From any thread; does not wait.
  void wake();
  /// Nothing more is sent and the connection is closed. Any number of times, from any thread.
  void end();

  const PublicationTerms& terms() const { return terms_; }
  PublicationFacts facts() const;
  bool has_ended() const { return ended_; }
  /// The number of the first row that was not sent.
  int64_t next_row() const { return next_row_; }

 private:
  enum class State : uint8_t { kIdle, kBusy, kAgain };
  void run();
  /// False: nothing can be sent at the moment.
  bool send_next();
  bool has_room();
  Result<bool> send_rows(int64_t from);
  bool push(wire::Chain object, int64_t last_row);
  void cut_off(const std::string& reason);

  const PublicationTerms terms_;
  const std::shared_ptr<TableFeed> feed_;
  const std::shared_ptr<wire::Peer> peer_;
  ThreadPool& pool_;
  const int64_t first_new_;  // rows from here on came since it subscribed
  std::atomic<State> state_ = State::kIdle;
  std::atomic<bool> waits_for_room_ = false;
  std::atomic<bool> ended_ = false;
  std::atomic<int64_t> next_row_;  // written by run()
  std::mutex listening_;
  int64_t listener_ = 0;  // guarded by listening_; 0: none
};

}  // namespace pelorus::stream
