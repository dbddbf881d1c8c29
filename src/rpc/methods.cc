#include "rpc/methods.h"

#include <exception>
#include <mutex>

#include "base/memory_limit.h"
#include "rpc/frame.h"

namespace pelorus::rpc {

void Methods::on(std::string name, Handler handler, MethodOptions options) {
  CHECK(!name.empty() && name.size() <= kMethodBytesMax);
  auto method = std::make_shared<const Method>(Method{std::move(handler), options});
  const std::unique_lock lock(mutex_);
  methods_[std::move(name)] = std::move(method);
}

std::shared_ptr<const Method> Methods::find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = methods_.find(name);
  return found == methods_.end() ? nullptr : found->second;
}

Result<Bytes> Methods::answer(const Method* method, std::string_view name, const Peer& peer, std::string_view payload,
                              const CallInfo& info) const {
  if (!method && !is_complete_)
    return Error{ErrorCode::kUnavailable, "the node is still starting; try again: " + std::string(name)};
  if (!method) return Error{ErrorCode::kNotFound, "no such method: " + std::string(name)};
  if (!peer.is_member && !method->options.allows_strangers) {
    return Error{ErrorCode::kDenied,
                 "'" + peer.identity.alias + "' is not a member of this cluster; method " + std::string(name)};
  }
  if (std::chrono::steady_clock::now() >= info.deadline) {
    return Error{ErrorCode::kTimeout, "the call waited past its deadline and was not begun: " + std::string(name)};
  }
  try {
    return memory::refused_as_error([&] { return method->handler(peer, payload, info); });
  } catch (const std::exception& failure) {  // the root of a worker thread: nothing may get past
    return Error{ErrorCode::kInternal, "method " + std::string(name) + " failed: " + failure.what()};
  }
}

}  // namespace pelorus::rpc
