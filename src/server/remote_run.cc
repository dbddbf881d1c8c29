#include "server/remote_run.h"

#include "base/script_error.h"
#include "dist/partition_messages.h"
#include "meta/messages.h"
#include "session/revive_texts.h"

namespace pelorus::server {
namespace {

constexpr std::string_view kCall = "session.call";
const rpc::CallOptions kCallOptions{.timeout = std::chrono::seconds(3600)};

struct CallRequest {
  std::string user;
  bool is_admin = false;
  std::string function;
  std::vector<std::string> arguments;  // object bytes
  template <class A>
  void fields(A& a) {
    a(user, is_admin, function, arguments);
  }
};
struct CallReply {
  std::optional<std::string> value;  // nothing: a command
  template <class A>
  void fields(A& a) {
    a(value);
  }
};

}  // namespace

void NodeRemoteRun::register_methods(rpc::Methods& methods) {
  methods.on(std::string(kCall), [this](const rpc::Peer&, std::string_view payload, const rpc::CallInfo& info) {
    return answer(payload, info);
  });
}

Result<data::Value> NodeRemoteRun::run(const std::string& alias, const dist::RemoteCall& call) {
  CallRequest request{.user = call.user, .is_admin = call.is_admin, .function = call.function, .arguments = {}};
  for (const auto& argument : call.arguments) {
    TRY(auto bytes, dist::pack_value(argument));
    request.arguments.push_back(std::move(bytes));
  }
  TRY(const auto bytes, caller_.call(alias, kCall, meta::encode(request), kCallOptions));
  TRY(const auto reply, meta::decode<CallReply>(bytes, kCall));
  if (!reply.value) return data::Value();
  return dist::unpack_value(*reply.value);
}

Result<Bytes> NodeRemoteRun::answer(std::string_view payload, const rpc::CallInfo& info) {
  TRY(const auto request, meta::decode<CallRequest>(payload, kCall));
  std::vector<data::Value> arguments;
  for (const auto& bytes : request.arguments) {
    TRY(auto argument, dist::unpack_value(bytes));
    arguments.push_back(std::move(argument));
  }
  const functions::Caller caller{
      .user = request.user, .session_id = 0, .is_admin = request.is_admin, .remote_ip = {}, .remote_port = 0};
  const auto host = hosts_.open(caller);
  try {
    const session::StatementSurroundings with{.cancellation = info.cancelled, .print = [](std::string_view) {}};
    session::revive_texts(*host, arguments, with);
    const auto value = host->call(request.function, std::move(arguments), with);
    CallReply reply;
    if (value) {
      TRY(auto bytes, dist::pack_value(*value));
      reply.value = std::move(bytes);
    }
    return meta::encode(reply);
  } catch (const ScriptError& error) {
    return Error{ErrorCode::kScript, error.message()};
  }
}

Result<std::vector<std::string>> NodeRemoteRun::data_nodes() {
  TRY(const auto bytes, controllers_.call(meta::kGetConfiguration, {}));
  TRY(const auto reply, meta::decode<meta::ConfigurationReply>(bytes, meta::kGetConfiguration));
  std::vector<std::string> nodes;
  for (const auto& [alias, node] : reply.nodes) {
    const bool plain_compute = node.role == meta::NodeRole::kComputeNode && node.compute_group.empty();
    if (node.holds_data() || plain_compute) nodes.push_back(alias);
  }
  return nodes;
}

Result<std::string> NodeRemoteRun::controller() {
  TRY(const auto bytes, controllers_.call(meta::kLeader, {}));
  TRY(const auto reply, meta::decode<meta::LeaderReply>(bytes, meta::kLeader));
  if (reply.leader.empty()) return Error{ErrorCode::kUnavailable, "<ControllerNotAvail>no controller leads at present"};
  return reply.leader;
}

}  // namespace pelorus::server
