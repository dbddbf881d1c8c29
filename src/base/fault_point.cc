#include "base/fault_point.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

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
constexpr std::string_view kLastWords = "PELORUS_FAULT: dies at";  // the crash suites read them

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
}

struct Armed {
  FaultOrder order;
  uint64_t passages = 0;  // so far
};

struct Orders {
  std::mutex mutex;
  std::map<std::string, Armed, std::less<>> by_name;  // guarded by mutex
};

Orders& the_orders() {
  static Orders orders;
  return orders;
}

[[noreturn]] void die(const FaultOrder& order) {
  const auto last_words =
      std::string(kLastWords) + " " + order.name + ", passage " + std::to_string(order.passage) + "\n";
  // Whether anybody hears them makes no difference to the death.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, last_words.data(), last_words.size());
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

Result<std::vector<FaultOrder>> parse_fault_orders(std::string_view text) {
  std::vector<FaultOrder> orders;
  while (true) {
    const auto comma = text.find(',');
    TRY(auto order, parse_fault_order(text.substr(0, comma)));
    const auto is_same = [&](const FaultOrder& other) { return other.name == order.name; };
    if (std::ranges::any_of(orders, is_same))
      return Error{ErrorCode::kInvalid, "a point has one fault at most; " + order.name + " is ordered twice"};
    orders.push_back(std::move(order));
    if (comma == std::string_view::npos) return orders;
    text.remove_prefix(comma + 1);
  }
}

void order_faults(std::vector<FaultOrder> orders) {
  auto& [mutex, by_name] = the_orders();
  const std::lock_guard lock(mutex);
  fault_detail::is_ordered.store(!orders.empty(), std::memory_order_relaxed);
  by_name.clear();
  for (auto& order : orders) {
    auto name = order.name;
    by_name.insert_or_assign(std::move(name), Armed{.order = std::move(order)});
  }
}

std::atomic<bool> fault_detail::is_ordered{false};

Status fault_detail::pass(std::string_view name) {
  std::chrono::milliseconds delay{0};
  {
    auto& [mutex, by_name] = the_orders();
    const std::lock_guard lock(mutex);
    const auto found = by_name.find(name);
    if (found == by_name.end()) return {};
    const auto& order = found->second.order;
    if (++found->second.passages < order.passage) return {};
    switch (order.action) {
      case FaultOrder::Action::kDie: die(order);
      case FaultOrder::Action::kError: return Error{ErrorCode::kIo, "input/output error ordered at " + order.name};
      case FaultOrder::Action::kDelay: delay = order.delay; break;
    }
  }
  std::this_thread::sleep_for(delay);
  return {};
}

}  // namespace pelorus
