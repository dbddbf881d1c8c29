#pragma once
// rpc() and pnodeRun() between nodes: method session.call.

#include <memory>
#include <string>

#include "dist/controller_client.h"
#include "dist/remote_run.h"
#include "rpc/caller.h"
#include "rpc/methods.h"
#include "session/script_host.h"

namespace pelorus::server {

/// Calls functions on other nodes and answers theirs, each in a fresh session of the calling user. Thread-safe.
class NodeRemoteRun final : public dist::RemoteRun {
 public:
  NodeRemoteRun(rpc::Caller& caller, dist::ControllerClient& controllers, session::ScriptHostFactory& hosts)
      : caller_(caller), controllers_(controllers), hosts_(hosts) {}

  void register_methods(rpc::Methods& methods);

  Result<data::Value> run(const std::string& alias, const dist::RemoteCall& call) override;
  Result<std::vector<std::string>> data_nodes() override;
  Result<std::string> controller() override;

 private:
  Result<Bytes> answer(std::string_view payload, const rpc::CallInfo& info);

  rpc::Caller& caller_;
  dist::ControllerClient& controllers_;
  session::ScriptHostFactory& hosts_;
};

}  // namespace pelorus::server
