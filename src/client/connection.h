#pragma once
// One session with a node over the native protocol (docs/protocol/native.md).

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/socket.h"
#include "data/value.h"
#include "wire/decode.h"
#include "wire/request.h"

namespace pelorus::client {

struct ConnectionOptions {
  std::string user;  // empty: a guest
  std::string password;
  SocketOptions socket = {};
  std::chrono::milliseconds login{10'000};      // longest silence while logging in
  std::function<void(std::string_view)> print;  // what print() shows on the server
  uint32_t flags = 0;                           // wire::RequestFlag, of the whole connection
};

/// A record of a stream.
struct StreamRecord {
  int64_t sent_ns = 0;
  int64_t last_row = 0;
  std::string topic;
  data::Value object;  // the columns as a table without rows, then tuples of columns
};

/// What a request asks for beyond its text.
struct CallOptions {
  uint32_t flags = 0;  // wire::RequestFlag
  int priority = 4;
  int64_t fetch_size = 0;  // tables then come as a tuple of tables
  std::string client_id;   // with sequence: takes effect once
  int64_t sequence = 0;
};

/// Nothing: the statement has no value.
using Answer = std::optional<data::Value>;

/// What an error line of the server means for the one who asked.
///   <NotLeader>host:port:alias          kNotLeader, message "host:port:alias"
///   tags that say "not now, not here"   kUnavailable
///   <NoPrivilege>                       kDenied
///   everything else                     kScript
/// The message is the whole line, but for kNotLeader.
Error error_of_line(std::string line);

/// Blocking, one thread at a time. After kUnavailable, kTimeout, kOutcomeUnknown, kCancelled or kCorrupt it is of no
/// more use; after other errors it goes on.
class Connection {
 public:
  /// Connects and logs in. Errors: kUnavailable, kTimeout, kDenied; kCorrupt when what answers is no node.
  static Result<std::unique_ptr<Connection>> open(const Endpoint& to, ConnectionOptions options);

  /// kOutcomeUnknown: sent, but the answer did not come.
  Result<Answer> run(std::string_view script, const CallOptions& options = {});
  /// `function`: a name or any expression that can be called.
  Result<Answer> call(std::string_view function, const std::vector<data::Value>& arguments,
                      const CallOptions& options = {});
  /// After publishTable: waits for the next record.
  Result<StreamRecord> receive_record();
  Status upload(const std::vector<std::string>& names, const std::vector<data::Value>& values,
                const CallOptions& options = {});

  const Endpoint& endpoint() const { return endpoint_; }
  /// As the server numbers it: for getConsoleJobs().
  const std::string& session() const { return session_; }
  bool is_usable() const { return usable_; }

 private:
  Connection(Endpoint endpoint, ConnectionOptions options, std::unique_ptr<Socket> socket);
  Status log_in();
  Result<Answer> ask(std::string_view body, const std::vector<data::Value>& arguments, const CallOptions& options);
  Status send(std::string_view body, const std::vector<data::Value>& arguments, const CallOptions& options);
  Result<Answer> receive();
  Result<std::string> read_until(char end, size_t bytes_max);
  Result<data::Value> read_object();
  Status fill();

  const Endpoint endpoint_;
  const ConnectionOptions options_;
  const std::unique_ptr<Socket> socket_;
  std::string session_ = "0";
  std::string buffer_;
  size_t at_ = 0;  // of buffer_
  bool usable_ = true;
};

}  // namespace pelorus::client
