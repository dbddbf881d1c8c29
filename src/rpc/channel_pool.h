#pragma once
// All calls of this node to others, by alias.

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>

#include "rpc/channel.h"

namespace pelorus::rpc {

inline constexpr size_t kPeersMax = 4096;  // channels kept; beyond: kLimit

/// Thread-safe. Connections are opened by the first call and reopened as needed; a silent peer is noticed within
/// two seconds. Destroying it ends all calls with kUnavailable or kOutcomeUnknown.
class ChannelPool final : public Caller {
 public:
  explicit ChannelPool(ChannelOptions options);
  ~ChannelPool() override;  // stop()

  void call_async(const std::string& alias, std::string_view method, Bytes payload, CallOptions options,
                  Done done) override;
  /// Drops the connections to `alias`, after its address changed. Calls under way fail.
  void reconnect(const std::string& alias);
  /// Of every peer, after this node's own identity changed (a cluster UUID came).
  void reconnect_all();
  bool is_connected(const std::string& alias) const;
  void stop();

 private:
  std::shared_ptr<Channel> channel(const std::string& alias);
  std::vector<std::shared_ptr<Channel>> all() const;

  const ChannelOptions options_;
  ThreadPool connectors_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<Channel>> channels_;  // guarded by mutex_
  bool stopped_ = false;                                      // guarded by mutex_
  EventLoop loop_;                                            // last: its thread uses everything above
};

}  // namespace pelorus::rpc
