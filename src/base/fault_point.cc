#include "base/fault_point.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <mutex>
#include <optional>
#include <thread>

namespace pelorus {
namespace {

constexpr std::string_view kNames[] = {
    "coordinator.begin.asked",
    "coordinator.begin.answered",
    "coordinator.change.read",
    "coordinator.prepare.sent",
    "coordinator.prepare.answered",
    "coordinator.decision.asked",
    "coordinator.decision.answered",
    "coordinator.notice.sent",
    "coordinator.notice.answered",
    "coordinator.writer.answered",
    "participant.prepare.received",
    "participant.prepare.stored",
    "participant.prepare.done",
    "participant.notice.received",
    "participant.publish.begun",
    "participant.publish.done",
    "participant.rollback.begun",
    "participant.rollback.done",
    "participant.outcome.asked",
    "participant.outcome.learnt",
    "participant.published.synced",
    "participant.published.confirmed",
    "replica.order.taken",
    "replica.copy.opened",
    "replica.copy.received",
    "replica.import.finishing",
    "replica.import.finished",
    "replica.hold.begun",
    "replica.hold.ended",
    "replica.drop.begun",
    "replica.drop.done",
    "replica.export.opened",
    "replica.export.read",
    "replica.report.made",
    "presence.registration.sent",
    "presence.registration.answered",
    "presence.heartbeat.sent",
    "presence.heartbeat.answered",
    "controller.begin.received",
    "controller.begin.recorded",
    "controller.decide.received",
    "controller.decide.recorded",
    "controller.decisions.read",
    "controller.change.received",
    "controller.change.recorded",
    "controller.completion.begun",
    "controller.completion.recorded",
    "controller.replicas.changing",
    "controller.replicas.changed",
    "controller.expiry.begun",
    "controller.expiry.recorded",
    "controller.registration.received",
    "controller.registration.recorded",
    "controller.recovery.planned",
    "raft.append.begun",
    "raft.append.done",
    "raft.truncate.begun",
    "raft.truncate.done",
    "raft.term.begun",
    "raft.term.done",
    "raft.vote.begun",
    "raft.vote.done",
    "raft.snapshot_store.begun",
    "raft.snapshot_store.done",
    "raft.message.sent",
    "raft.message.received",
    "raft.snapshot.taken",
    "raft.snapshot.restored",
    "raft.apply.begun",
    "raft.apply.done",
    "raft.term.opened",
};
static_assert(std::size(kNames) == kFaultPointCount);

constexpr std::string_view kDelayWord = "delay=";

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
}

struct Order {
  std::mutex mutex;
  FaultOrder order;       // guarded by mutex
  uint64_t passages = 0;  // guarded by mutex
};

Order& the_order() {
  static Order order;
  return order;
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();  // the signal is on its way
}

}  // namespace

std::span<const std::string_view> fault_point_names() { return kNames; }

Result<FaultOrder> parse_fault_order(std::string_view text) {
  const auto take = [&text] {
    const auto part = text.substr(0, text.find(':'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    return part;
  };
  FaultOrder order;
  const Error wrong{ErrorCode::kInvalid,
                    "a fault is ordered as name:passage[:die|:error|:delay=MILLISECONDS], not " + std::string(text)};
  order.name = take();
  const auto passage = number(take());
  if (order.name.empty() || !passage || *passage == 0) return wrong;
  order.passage = *passage;
  const auto action = text;
  if (action.empty() || action == "die") return order;
  if (action == "error") {
    order.action = FaultOrder::Action::kError;
    return order;
  }
  const auto delay = action.starts_with(kDelayWord) ? number(action.substr(kDelayWord.size())) : std::nullopt;
  if (!delay) return wrong;
  order.action = FaultOrder::Action::kDelay;
  order.delay = std::chrono::milliseconds(*delay);
  return order;
}

void order_fault(FaultOrder order) {
  const std::lock_guard lock(the_order().mutex);
  fault_detail::is_ordered.store(!order.name.empty(), std::memory_order_relaxed);
  the_order().order = std::move(order);
  the_order().passages = 0;
}

std::atomic<bool> fault_detail::is_ordered{false};

Status fault_detail::pass(std::string_view name) {
  std::chrono::milliseconds delay{0};
  {
    auto& [mutex, order, passages] = the_order();
    const std::lock_guard lock(mutex);
    if (order.name != name || ++passages < order.passage) return {};
    switch (order.action) {
      case FaultOrder::Action::kDie: die();
      case FaultOrder::Action::kError: return Error{ErrorCode::kIo, "input/output error ordered at " + order.name};
      case FaultOrder::Action::kDelay: delay = order.delay; break;
    }
  }
  std::this_thread::sleep_for(delay);
  return {};
}

}  // namespace pelorus
