#pragma once
// The queries of stored tables that ended last: what getCompletedQueries lists.

#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace pelorus::session {

struct CompletedQuery {
  std::string user;
  uint64_t session_id = 0;
  std::string job_id, root_id;       // of the query; of the statement it was part of
  int64_t begin_ns = 0, end_ns = 0;  // wall clock
  std::string text;
  std::string error;  // empty: none
  std::string remote_ip;
};

/// Thread-safe. Keeps the last kKept of them, the texts up to kTextBytesMax.
class CompletedQueries {
 public:
  static constexpr size_t kKept = 1000;
  static constexpr size_t kTextBytesMax = 4096;

  void add(CompletedQuery query);
  /// Newest first.
  std::vector<CompletedQuery> last(size_t count) const;

 private:
  mutable std::mutex mutex_;
  std::deque<CompletedQuery> queries_;  // guarded by mutex_; newest first
};

}  // namespace pelorus::session
