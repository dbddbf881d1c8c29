#pragma once
// The rows of another node's stream table on their way to a handler of this one.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "stream/remote/feed.h"
#include "stream/stream_table.h"

namespace pelorus::stream {

/// What getStreamingStat shows.
struct FeedFacts {
  std::string publisher;
  int64_t rows = 0;  // received
  int64_t mean_latency_ns = 0;
  int64_t last_latency_ns = 0;
  int64_t last_ns = 0;  // wall clock; 0: nothing came yet
  std::string trouble;  // why nothing comes; empty while connected
};

struct RelayTerms {
  FeedTerms feed;
  bool reconnects = false;
  int64_t waiting_rows_max = 0;  // beyond, nothing is read from the connection
};

/// A thread that takes rows from a feed into a table of this node, where they bear the numbers they have at the
/// publisher; they leave it once they are handled. Thread-safe.
class FeedRelay {
 public:
  FeedRelay(RelayTerms terms, OpenFeed open, std::unique_ptr<Feed> first);
  /// Waits for the thread; the connection is closed.
  ~FeedRelay();

  const std::shared_ptr<StreamTable>& table() const { return table_; }
  const PublisherSite& site() const { return terms_.feed.site; }
  /// Rows before that number are handled.
  void handled(int64_t next_row);
  FeedFacts facts() const;

 private:
  void run();
  /// False: nothing more comes, because the connection ended and is not to be opened again, or because it stops.
  bool take_batch();
  Status store(const Feed::Batch& batch);
  bool connect_again();
  /// False when stopping.
  bool pause();
  void note_trouble(const std::string& trouble);

  const RelayTerms terms_;
  const OpenFeed open_;
  const std::string topic_;
  const std::shared_ptr<StreamTable> table_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::unique_ptr<Feed> feed_;        // the thread's; replaced under mutex_
  std::vector<PublisherSite> sites_;  // the thread's
  int64_t next_unhandled_ = 0;        // guarded by mutex_
  FeedFacts facts_;                   // guarded by mutex_
  std::thread thread_;
};

}  // namespace pelorus::stream
