#pragma once
// The numbered request whose statement a thread is running. Writes deep below the statement ask for it, past interfaces
// that know nothing of requests; hence a mark on the thread instead of a parameter through all of them.

#include <cstdint>
#include <string>
#include <utility>

namespace pelorus {

/// Marks the making thread until destroyed; scopes nest. Clients that repeat a request after a lost connection number
/// it, and the n-th write of a repetition is the n-th write of the request.
class RequestScope {
 public:
  /// `client`: unique to the client's connection and user; `sequence` > 0 grows with its requests.
  RequestScope(std::string client, uint64_t sequence);
  ~RequestScope();
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;

  /// Name and number of a write.
  struct WriteNumber {
    std::string client;  // empty: not numbered
    uint64_t sequence = 0;
  };
  /// Of the next write of this thread's statement; not numbered outside of scopes and beyond kWritesMax.
  static WriteNumber next_write();

  /// More writes of one request are not numbered: each costs an entry in the metadata.
  static constexpr uint64_t kWritesMax = 256;

 private:
  const std::string client_;
  const uint64_t sequence_;
  uint64_t writes_ = 0;
  RequestScope* const outer_;
};

}  // namespace pelorus
