#pragma once
// A session that survives the loss of nodes: several sites, redirects, repetition that takes effect once.

#include <memory>
#include <string>
#include <vector>

#include "client/connection.h"

namespace pelorus::client {

struct FailoverOptions {
  ConnectionOptions connection = {};
  std::chrono::milliseconds give_up_after{60'000};  // of one request, connecting included
  std::chrono::milliseconds pause{200};             // after all sites were tried once
  int redirects_max = 10;                           // followed without a pause
  std::string start_script;                         // run on every new connection
};

/// Follows <NotLeader> and the other tags (docs/protocol/native.md §10) and goes to the next site when a node is lost.
/// A repeated request carries its number, so that it takes effect once where the same node is met again; a request
/// whose node died in the middle of it may take effect twice, as with the official clients. Session variables are lost
/// with a node. Blocking, one thread at a time.
class FailoverConnection {
 public:
  /// At least one site. Connects with the first request.
  FailoverConnection(std::vector<Endpoint> sites, FailoverOptions options);

  Result<Answer> run(std::string_view script, CallOptions options = {});
  Result<Answer> call(std::string_view function, const std::vector<data::Value>& arguments, CallOptions options = {});
  Status upload(const std::vector<std::string>& names, const std::vector<data::Value>& values,
                CallOptions options = {});
  /// Where the session is now; null before the first request and after a loss.
  const Connection* current() const { return connection_.get(); }

 private:
  using Request = std::function<Result<Answer>(Connection&, const CallOptions&)>;
  Result<Answer> carry_out(const Request& request, CallOptions options);
  Status connect();
  Status connect_to(const Endpoint& site);
  /// True when another try makes sense; the connection is then dropped or redirected.
  bool prepare_next(const Error& error, int& redirects);

  const std::vector<Endpoint> sites_;
  const FailoverOptions options_;
  const std::string client_id_;
  int64_t sequence_ = 0;
  size_t next_site_ = 0;
  std::unique_ptr<Connection> connection_;
};

}  // namespace pelorus::client
