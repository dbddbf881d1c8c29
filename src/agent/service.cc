#include "agent/service.h"

#include "base/log.h"

namespace pelorus::agent {
namespace {

constexpr std::chrono::milliseconds kAnswerMargin{200};  // an answer should arrive before its caller gives up

}  // namespace

AgentService::AgentService(Supervisor& supervisor, StartSource source)
    : supervisor_(supervisor), source_(std::move(source)) {}

AgentService::~AgentService() { stop(); }

void AgentService::register_methods(rpc::Methods& methods) {
  methods.on(std::string(config::kStartNodeMethod),
             [this](const rpc::Peer&, std::string_view payload, const rpc::CallInfo& info) {
               return start_node(payload, info);
             });
  methods.on(std::string(config::kStopNodeMethod),
             [this](const rpc::Peer&, std::string_view payload, const rpc::CallInfo& info) {
               return stop_node(payload, info);
             });
  methods.on(std::string(config::kListNodesMethod),
             [this](const rpc::Peer&, std::string_view, const rpc::CallInfo&) -> Result<Bytes> {
               return supervisor_.report().encode();
             },
             {.urgent = true});
}

Result<Bytes> AgentService::start_node(std::string_view payload, const rpc::CallInfo& info) {
  std::string alias(payload);
  Result<int> pid = 0;
  if (config::is_node_order(payload)) {
    TRY(const auto start, config::NodeStart::decode(payload));
    alias = start.node.site.alias;
    pid = supervisor_.start(start);
  } else if (source_) {
    auto start = source_(alias);
    if (!start.ok())
      log_warning("no settings for node '" + alias + "', its last ones are used: " + start.error().message);
    pid = start.ok() ? supervisor_.start(*start) : supervisor_.start_again(alias);
  } else {
    pid = supervisor_.start_again(alias);
  }
  if (!pid.ok()) return pid.error();
  const auto limit = std::chrono::steady_clock::now() + kStartWaitMost;
  TRY_DONE(supervisor_.await_listening(alias, std::min(info.deadline - kAnswerMargin, limit)));
  return std::to_string(*pid);
}

Result<Bytes> AgentService::stop_node(std::string_view payload, const rpc::CallInfo& info) {
  config::NodeStop stop{std::string(payload)};
  if (config::is_node_order(payload)) {
    TRY(stop, config::NodeStop::decode(payload));
  }
  TRY_DONE(supervisor_.stop(stop, info.deadline - kAnswerMargin));
  return Bytes();
}

void AgentService::start() {
  supervisor_.adopt_running();
  watcher_ = std::thread([this] { watch(); });
}

void AgentService::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    supervisor_.poll();
    lock.lock();
    wake_.wait_for(lock, kWatchInterval, [&] { return stopping_; });
  }
}

void AgentService::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (watcher_.joinable()) watcher_.join();
}

}  // namespace pelorus::agent
