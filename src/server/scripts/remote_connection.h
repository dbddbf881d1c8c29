#pragma once
// A session with another site as a value of a script.

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "client/connection.h"
#include "data/usable_handle.h"
#include "functions/call_context.h"
#include "stream/remote/feed.h"

namespace pelorus::server {

/// Kept by the script's variables; the other side ends its session when the last of them is gone. Sessions that share
/// it take turns. Calls that wait end when the statement around them is cancelled, and what the other side prints is
/// printed there.
class RemoteConnection final : public data::UsableHandle {
 public:
  /// ScriptError "<function> => …" when nobody answers or the login is refused.
  static std::shared_ptr<RemoteConnection> open(std::string_view function, functions::CallContext& context,
                                                const client::Endpoint& to, client::ConnectionOptions options);
  ~RemoteConnection() override;

  std::string kind() const override { return "remote connection"; }
  std::string describe() const override { return described_; }
  std::string_view called_by() const override { return "remoteRun"; }
  const stream::PublisherSite& site() const { return site_; }
  void close() override;

  using Request = std::function<Result<client::Answer>(client::Connection&)>;
  /// What the other side answered. ScriptError with its own words behind "RemoteRun[host:port]". `context` may be null:
  /// then nobody can cancel it.
  data::Value run(functions::CallContext* context, const Request& request);

 private:
  class Waiting;
  RemoteConnection(std::unique_ptr<Waiting> waiting, std::unique_ptr<client::Connection> connection,
                   stream::PublisherSite site);

  const std::string place_;
  const stream::PublisherSite site_;
  const std::string described_;
  std::mutex mutex_;
  const std::unique_ptr<Waiting> waiting_;          // guarded by mutex_; outlives connection_
  std::unique_ptr<client::Connection> connection_;  // guarded by mutex_; null once closed
};

}  // namespace pelorus::server
