#include "server/node_caller.h"

#include "rpc/waiting_caller.h"

namespace pelorus::server {

void NodeCaller::call_async(const std::string& alias, std::string_view method, Bytes payload, rpc::CallOptions options,
                            rpc::Done done) {
  if (alias != self_.alias) {
    if (remote_ != nullptr) return remote_->call_async(alias, method, std::move(payload), options, std::move(done));
    return done(Error{ErrorCode::kUnavailable, "a single node has no peer " + alias});
  }
  auto run = [this, name = std::string(method), payload = std::move(payload), options, done] {
    rpc::CallInfo info{.id = 0,
                       .deadline = std::chrono::steady_clock::now() + options.timeout,
                       .cancelled = {},
                       .urgent = options.urgent};
    if (options.cancellation) info.cancelled = *options.cancellation;
    const rpc::Peer peer{.identity = self_, .address = "local", .is_member = true};
    const auto found = methods_.find(name);
    done(methods_.answer(found.get(), name, peer, payload, info));
  };
  if (rpc::WaitingCaller::take()) return run();
  if (!pool_.submit(std::move(run))) done(Error{ErrorCode::kUnavailable, "the node is stopping or overloaded"});
}

}  // namespace pelorus::server
