#include "dist/controller_client.h"

#include <algorithm>
#include <thread>

#include "base/cancellation_scope.h"

namespace pelorus::dist {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// One attempt: long enough for a commit under load, short enough to notice a stopped controller.
constexpr milliseconds kAttemptTimeout{3000};
constexpr milliseconds kPauseLeast{5};
constexpr milliseconds kPauseMost{100};

bool had_no_effect(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout ||
         error.code == ErrorCode::kNotLeader;
}

bool is_way_there(const Error& error) { return had_no_effect(error) || error.code == ErrorCode::kOutcomeUnknown; }

}  // namespace

Result<Bytes> ControllerClient::call(std::string_view method, const Bytes& payload, const ControllerCall& options) {
  const auto deadline = steady_clock::now() + options.timeout;
  const auto cancellation = CancellationScope::current();
  auto target = preferred();
  if (target.empty()) target = next_after("");
  auto pause = kPauseLeast;
  size_t tried = 0;
  while (true) {
    if (target.empty()) return Error{ErrorCode::kUnavailable, "<ControllerNotAvail>no controller is configured"};
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    if (cancellation && cancellation->cancelled())
      return Error{ErrorCode::kCancelled, "the controllers are asked no longer: this node is stopping"};
    auto answer =
        caller_.call(target, method, payload,
                     {.timeout = std::clamp(left, milliseconds(1), kAttemptTimeout), .cancellation = cancellation});
    if (!answer.ok() && answer.error().code == ErrorCode::kCancelled) return answer;
    if (answer.ok() || !is_way_there(answer.error())) {
      const std::lock_guard lock(mutex_);
      preferred_ = target;
      return answer;
    }
    const auto& error = answer.error();
    if (!had_no_effect(error) && options.repeat == Repeat::kIfNotStarted) return answer;
    if (steady_clock::now() >= deadline) {
      const bool unknown = !had_no_effect(error);
      return Error{unknown ? ErrorCode::kOutcomeUnknown : ErrorCode::kUnavailable,
                   "<ControllerNotAvail>no leading controller answered within " +
                       std::to_string(options.timeout.count()) + " ms: " + error.message};
    }
    const auto known = controllers();
    const bool redirected = error.code == ErrorCode::kNotLeader &&
                            std::ranges::find(known, error.message) != known.end() && error.message != target;
    target = redirected ? error.message : next_after(target);
    if (redirected) continue;
    if (++tried % std::max<size_t>(1, known.size()) != 0) continue;  // ask all of them before pausing
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kPauseMost);
  }
}

std::vector<std::string> ControllerClient::controllers() const {
  const std::lock_guard lock(mutex_);
  return controllers_;
}

void ControllerClient::set_controllers(std::vector<std::string> controllers) {
  const std::lock_guard lock(mutex_);
  controllers_ = std::move(controllers);
}

std::string ControllerClient::preferred() const {
  const std::lock_guard lock(mutex_);
  return preferred_;
}

void ControllerClient::prefer(const std::string& alias) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(controllers_, alias) != controllers_.end()) preferred_ = alias;
}

std::string ControllerClient::next_after(const std::string& alias) const {
  const std::lock_guard lock(mutex_);
  if (controllers_.empty()) return {};
  const auto at = std::ranges::find(controllers_, alias);
  if (at == controllers_.end() || at + 1 == controllers_.end()) return controllers_.front();
  return *(at + 1);
}

}  // namespace pelorus::dist
