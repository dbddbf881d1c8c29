#include "dist/presence.h"

#include <utility>

#include "base/fault_point.h"
#include "base/log.h"

namespace pelorus::dist {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBeatPeriod{1000};
constexpr milliseconds kRegisterPause{200};
/// After a registration: the controllers plan what the node has to copy, which it hears of with a heartbeat.
constexpr milliseconds kSettlingPeriod{50};
constexpr int kSettlingBeats = 20;
/// Shorter than the controllers' patience, so that a leader change costs one beat and not the node's standing.
constexpr ControllerCall kBeatCall{.repeat = Repeat::kSafe, .timeout = milliseconds(2500)};
constexpr ControllerCall kRegisterCall{.repeat = Repeat::kSafe, .timeout = milliseconds(5000)};

}  // namespace

Presence::Presence(ControllerClient& controllers, PresenceFacts facts, PresenceHooks hooks)
    : controllers_(controllers), facts_(std::move(facts)), hooks_(std::move(hooks)) {}

Presence::~Presence() { stop(); }

void Presence::start() {
  thread_ = std::thread([this] { run(); });
}

void Presence::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Presence::hurry() {
  const std::lock_guard lock(mutex_);
  hurry_ = true;
  wake_.notify_all();
}

void Presence::report() {
  report_chunks_ = true;
  hurry();
}

Status Presence::wait_registered(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, timeout, [&] { return stopping_ || is_registered(); });
  if (is_registered()) return {};
  return last_failure_;
}

bool Presence::pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [&] { return stopping_ || hurry_; });
  hurry_ = false;
  return !stopping_;
}

void Presence::run() {
  while (true) {
    if (report_chunks_.exchange(false) || !is_registered()) {
      if (const auto registered = register_node(); !registered.ok()) {
        {
          const std::lock_guard lock(mutex_);
          if (last_failure_.message != registered.error().message)
            log_warning("not registered: " + registered.error().message);
          last_failure_ = registered.error();
        }
        report_chunks_ = true;
        if (!pause(kRegisterPause)) return;
        continue;
      }
    }
    beat();
    const bool settles = settling_beats_ > 0;
    if (settles) --settling_beats_;
    if (!pause(report_chunks_ ? kRegisterPause : settles ? kSettlingPeriod : kBeatPeriod)) return;
  }
}

Status Presence::register_node() {
  meta::RegisterRequest request{.alias = facts_.alias,
                                .role = facts_.role,
                                .cluster = facts_.cluster,
                                .uuid = facts_.node,
                                .boot = facts_.boot,
                                .host = facts_.host,
                                .port = facts_.port,
                                .chunks = {},
                                .build = facts_.build};
  if (hooks_.chunks) request.chunks = hooks_.chunks();
  reach(FaultPoint::kRegistrationSent);
  TRY(const auto reply, controllers_.ask<meta::RegisterReply>(meta::kRegisterNode, request, kRegisterCall));
  reach(FaultPoint::kRegistrationAnswered);
  if (!reply.refusal.empty()) {
    if (hooks_.refused) hooks_.refused(reply.refusal);
    return Error{ErrorCode::kDenied, reply.refusal};
  }
  if (reply.cluster.is_nil()) return Error{ErrorCode::kUnavailable, "the cluster is still being founded"};
  facts_.cluster = reply.cluster;
  controllers_.prefer(reply.leader);
  if (hooks_.registered) hooks_.registered(reply);
  told_of_chunks();
  take_orders(reply.orders);
  if (hooks_.order) settling_beats_ = kSettlingBeats;
  const std::lock_guard lock(mutex_);
  if (epoch_.exchange(reply.epoch) == 0)
    log_info("registered with controller " + reply.leader + " as epoch " + std::to_string(reply.epoch));
  wake_.notify_all();
  return {};
}

void Presence::beat() {
  meta::Heartbeat message{.alias = facts_.alias,
                          .boot = facts_.boot,
                          .epoch = epoch_.load(),
                          .metrics = {},
                          .published = {},
                          .recovered = {},
                          .chunks = {},
                          .asked_for = {}};
  if (hooks_.metrics) message.metrics = hooks_.metrics();
  if (hooks_.published) message.published = hooks_.published();
  if (hooks_.recovered) message.recovered = hooks_.recovered();
  if (tells_chunks_ && hooks_.chunks) message.chunks = hooks_.chunks();
  if (!tells_chunks_ && hooks_.chunk) {
    for (const auto chunk : tells_of_) message.asked_for.push_back(hooks_.chunk(chunk));
  }
  reach(FaultPoint::kHeartbeatSent);
  const auto reply = controllers_.ask<meta::HeartbeatReply>(meta::kHeartbeat, message, kBeatCall);
  reach(FaultPoint::kHeartbeatAnswered);
  if (!reply.ok()) {
    log_warning("heartbeat not answered: " + reply.error().message);
    if (hooks_.astray) hooks_.astray();
    return;
  }
  if (reply->register_again) {
    // A follower only names the leader; a leader that says so wants to know what this node holds.
    const bool elsewhere = !reply->leader.empty() && reply->leader != controllers_.preferred();
    if (!elsewhere) {
      report_chunks_ = true;
      return;
    }
    if (hooks_.astray) hooks_.astray();
    controllers_.prefer(reply->leader);
    return;
  }
  told_of_chunks();  // only now: who has not taken the message has not heard what it told of them
  if (hooks_.confirmed) hooks_.confirmed(message.published);
  if (hooks_.heard) hooks_.heard(*reply);
  take_orders(reply->orders);
}

void Presence::told_of_chunks() {
  tells_chunks_ = false;
  tells_of_.clear();
}

void Presence::take_orders(const std::vector<meta::Order>& orders) {
  for (const auto& order : orders) {
    if (order.kind != meta::Order::Kind::kReport) {
      if (hooks_.order) hooks_.order(order);
    } else if (order.chunk == ChunkId()) {
      tells_chunks_ = true;
    } else {
      tells_of_.insert(order.chunk);
    }
  }
}

}  // namespace pelorus::dist
