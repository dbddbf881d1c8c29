#include "rpc/channel_pool.h"

#include <mutex>

namespace pelorus::rpc {
namespace {

constexpr size_t kConnectorsMax = 16;  // peers that are dialled at the same time

}  // namespace

ChannelPool::ChannelPool(ChannelOptions options)
    : options_(std::move(options)), connectors_({"rpc-connect", kConnectorsMax, 65536}), loop_("rpc-client", [this] {
        const auto now = std::chrono::steady_clock::now();
        for (const auto& channel : all()) channel->tick(now);
      }) {}

ChannelPool::~ChannelPool() { stop(); }

std::vector<std::shared_ptr<Channel>> ChannelPool::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<Channel>> channels;
  for (const auto& [alias, channel] : channels_) channels.push_back(channel);
  return channels;
}

std::shared_ptr<Channel> ChannelPool::channel(const std::string& alias) {
  {
    const std::shared_lock lock(mutex_);
    const auto found = channels_.find(alias);
    if (found != channels_.end()) return stopped_ ? nullptr : found->second;
  }
  const std::unique_lock lock(mutex_);
  if (stopped_ || channels_.size() >= kPeersMax) return nullptr;
  auto& made = channels_[alias];
  if (!made) made = std::make_shared<Channel>(alias, options_, loop_, connectors_);
  return made;
}

void ChannelPool::call_async(const std::string& alias, std::string_view method, Bytes payload, CallOptions options,
                             Done done) {
  const auto to = channel(alias);
  if (!to)
    return done(
        Error{ErrorCode::kUnavailable, "no call to '" + alias + "': this node is stopping or has too many peers"});
  to->call_async(method, std::move(payload), std::move(options), std::move(done));
}

void ChannelPool::reconnect(const std::string& alias) {
  const std::shared_lock lock(mutex_);
  const auto found = channels_.find(alias);
  if (found != channels_.end()) found->second->reconnect();
}

void ChannelPool::reconnect_all() {
  for (const auto& channel : all()) channel->reconnect();
}

bool ChannelPool::is_connected(const std::string& alias) const {
  const std::shared_lock lock(mutex_);
  const auto found = channels_.find(alias);
  return found != channels_.end() && found->second->is_connected();
}

void ChannelPool::stop() {
  {
    const std::unique_lock lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  connectors_.stop();
  for (const auto& channel : all()) channel->reconnect();
  loop_.stop();
  // Whatever still waits is ended as if its time were up.
  for (const auto& channel : all()) channel->tick(std::chrono::steady_clock::time_point::max());
}

}  // namespace pelorus::rpc
