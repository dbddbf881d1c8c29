#include "rpc/caller.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "rpc/event_loop.h"
#include "rpc/waiting_caller.h"

namespace pelorus::rpc {
namespace {

thread_local bool waits = false;

}  // namespace

WaitingCaller::WaitingCaller() noexcept : before_(std::exchange(waits, true)) {}

WaitingCaller::~WaitingCaller() { waits = before_; }

bool WaitingCaller::take() noexcept { return std::exchange(waits, false); }

Result<Bytes> Caller::call(const std::string& alias, std::string_view method, Bytes payload, CallOptions options) {
  CHECK_WITH(!EventLoop::on_loop_thread(), "a network thread may not wait for an answer");
  struct Slot {
    std::mutex mutex;
    std::condition_variable filled;
    std::optional<Result<Bytes>> result;
  };
  auto slot = std::make_shared<Slot>();
  {
    const WaitingCaller waiting;
    call_async(alias, method, std::move(payload), std::move(options), [slot](Result<Bytes> result) {
      const std::lock_guard lock(slot->mutex);
      slot->result = std::move(result);
      slot->filled.notify_one();
    });
  }
  std::unique_lock lock(slot->mutex);
  slot->filled.wait(lock, [&] { return slot->result.has_value(); });
  return std::move(*slot->result);
}

}  // namespace pelorus::rpc
