#pragma once
// Calls by alias in which the node itself is one of the aliases.

#include <string>

#include "base/thread_pool.h"
#include "rpc/caller.h"
#include "rpc/methods.h"

namespace pelorus::server {

/// Calls to `self` run the node's own method without the network; all others go through `remote`. Thread-safe.
class NodeCaller final : public rpc::Caller {
 public:
  /// `remote` may be null: a single node has no peers (kUnavailable). `pool` runs asynchronous calls to oneself.
  NodeCaller(rpc::Identity self, const rpc::Methods& methods, rpc::Caller* remote, ThreadPool& pool)
      : self_(std::move(self)), methods_(methods), remote_(remote), pool_(pool) {}

  void call_async(const std::string& alias, std::string_view method, Bytes payload, rpc::CallOptions options,
                  rpc::Done done) override;

 private:
  const rpc::Identity self_;
  const rpc::Methods& methods_;
  rpc::Caller* const remote_;
  ThreadPool& pool_;
};

}  // namespace pelorus::server
