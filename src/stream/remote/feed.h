#pragma once
// Rows of a stream table of another node, as the connection to it gives them. Implemented by the server.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/table.h"
#include "functions/call_context.h"

namespace pelorus::stream {

/// Where a table is published and as whom to ask for it.
struct PublisherSite {
  std::string host;
  int port = 0;
  std::string name;      // as messages show it: the alias, or host:port
  std::string user;      // empty: a guest
  std::string password;  // of a connection; empty for members of the cluster, who are trusted
  bool is_member = false;
  bool tls = false;
};

/// One open subscription. One thread at a time, but for close().
class Feed {
 public:
  struct Batch {
    data::Table rows;
    int64_t last_row = 0;  // number of the last one
    int64_t sent_ns = 0;   // by the publisher's clock
  };
  virtual ~Feed() = default;
  /// Waits. kCancelled after close(); kUnavailable when the connection is lost; kCorrupt for what is no record.
  virtual Result<Batch> next() = 0;
  /// From any thread; next() ends soon.
  virtual void close() = 0;

  virtual const std::string& topic() const = 0;
  virtual const data::Schema& schema() const = 0;
  virtual int64_t first_row() const = 0;
  /// The table's filter column; empty: none.
  virtual const std::string& filter_column() const = 0;
  /// Of a highly available table, where else it may be published.
  virtual const std::vector<PublisherSite>& sites() const = 0;
};

struct FeedTerms {
  PublisherSite site;
  std::string table;
  std::string action;
  std::function<int64_t(const std::string& topic)> offset_of;  // as publishTable takes it, once the topic is known
  bool replaces = false;                                       // a subscription of the same name that is there
};

/// Follows <NotLeader>. kCancelled as soon as `cancelled` says so. Errors are sentences.
using OpenFeed = std::function<Result<std::unique_ptr<Feed>>(const FeedTerms& terms, std::function<bool()> cancelled)>;

}  // namespace pelorus::stream
