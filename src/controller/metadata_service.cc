#include "controller/metadata_service.h"

#include "base/log.h"

namespace pelorus::controller {
namespace {

constexpr milliseconds kForwardPause{50};

Error no_leader() {
  return {ErrorCode::kUnavailable, "<ControllerNotAvail>No controller leads at the moment; try again."};
}

}  // namespace

MetadataService::MetadataService(ServiceOptions options, raft::ReplicatedLog& log, MetadataMachine& machine,
                                 const Clock& clock, rpc::Caller& peers)
    : options_(std::move(options)),
      log_(log),
      machine_(machine),
      clock_(clock),
      peers_(peers),
      live_(clock, options_.heartbeat_timeout),
      files_(options_.files) {}

MetadataService::~MetadataService() { stop(); }

const std::map<std::string_view, MetadataService::Route>& MetadataService::routes() {
  using S = MetadataService;
  static const std::map<std::string_view, Route> kRoutes = {
      {meta::kBeginTransaction, {.handler = &S::begin_transaction}},
      {meta::kDecide, {.handler = &S::decide, .repeatable = true}},
      {meta::kGetDecisions, {.handler = &S::get_decisions, .repeatable = true}},
      {meta::kListTransactions, {.handler = &S::list_transactions, .repeatable = true}},
      {meta::kChange, {.handler = &S::take_change}},
      {meta::kTableFacts, {.handler = &S::table_facts, .repeatable = true}},
      {meta::kDatabaseFacts, {.handler = &S::database_facts, .repeatable = true}},
      {meta::kListCatalogue, {.handler = &S::list_catalogue, .leader_only = false}},
      {meta::kUserFacts, {.handler = &S::user_facts, .leader_only = false}},
      {meta::kListAccounts, {.handler = &S::list_accounts, .leader_only = false}},
      {meta::kListViews, {.handler = &S::list_views, .leader_only = false}},
      {meta::kListRecords, {.handler = &S::list_records, .repeatable = true}},
      {meta::kGetConfiguration, {.handler = &S::get_configuration, .leader_only = false}},
      {meta::kRegisterNode, {.handler = &S::register_node, .repeatable = true, .allows_strangers = true}},
      {meta::kHeartbeat, {.handler = &S::heartbeat, .leader_only = false, .urgent = true}},
      {meta::kOfferFiles, {.handler = &S::take_offer, .repeatable = true}},
      {meta::kClusterPerf, {.handler = &S::cluster_perf, .leader_only = false, .repeatable = true}},
      {meta::kChunksStatus, {.handler = &S::chunks_status, .repeatable = true}},
      {meta::kStartNodes, {.handler = &S::start_nodes, .waits_for_agents = true}},
      {meta::kStopNodes, {.handler = &S::stop_nodes, .waits_for_agents = true}},
      {meta::kLeader, {.handler = &S::who_leads, .leader_only = false, .urgent = true}},
  };
  return kRoutes;
}

void MetadataService::register_methods(rpc::Methods& methods) {
  for (const auto& [name, route] : routes()) {
    methods.on(
        std::string(name),
        [this, name = name, &route = route](const rpc::Peer& peer, std::string_view payload, const rpc::CallInfo&) {
          const bool from_controller = peer.identity.role == config::NodeMode::kController;
          return serve(name, route, payload, {.forwarded = from_controller, .alias = peer.identity.alias});
        },
        {.urgent = route.urgent, .allows_strangers = route.allows_strangers});
  }
}

std::string MetadataService::leader() const {
  return machine_.leads() ? options_.self.alias : log_.status().leader;
}

Result<Bytes> MetadataService::call(std::string_view method, std::string_view payload) {
  const auto route = routes().find(method);
  if (route == routes().end()) return Error{ErrorCode::kNotFound, "no such method: " + std::string(method)};
  return serve(method, route->second, payload, {.alias = options_.self.alias});
}

Result<Bytes> MetadataService::change(const std::string& user, const meta::Command& command) {
  return call(meta::kChange, meta::encode(meta::ChangeRequest{user, meta::encode_command(command)}));
}

Result<Bytes> MetadataService::serve(std::string_view method, const Route& route, std::string_view payload,
                                     const Origin& origin) {
  if (!route.leader_only) return (this->*route.handler)(payload);
  if (machine_.leads()) {
    auto answer = (this->*route.handler)(payload);
    if (answer.ok() || answer.error().code != ErrorCode::kNotLeader) return answer;
  }
  if (origin.forwarded) return Error{ErrorCode::kNotLeader, log_.status().leader};
  return forward(method, route, payload);
}

Result<Bytes> MetadataService::forward(std::string_view method, const Route& route, std::string_view payload) {
  const auto deadline = clock_.now() + options_.forward_timeout;
  do {
    Result<Bytes> answer = Error{ErrorCode::kNotLeader, ""};
    const auto leader = log_.status().leader;
    if (machine_.leads()) {
      answer = (this->*route.handler)(payload);
    } else if (!leader.empty() && leader != options_.self.alias) {
      const auto timeout = route.waits_for_agents ? options_.agent_timeout : options_.forward_timeout;
      answer = peers_.call(leader, method, Bytes(payload), {.timeout = timeout});
    }
    if (answer.ok()) return answer;
    switch (answer.error().code) {
      case ErrorCode::kNotLeader: break;
      case ErrorCode::kUnavailable:
        // The leader's own refusal (no replica …) must reach the caller; a leader that is gone must not.
        if (machine_.leads() || log_.status().leader == leader) {
          if (answer.error().message.find("RefId") != std::string::npos) return answer;
        }
        break;
      case ErrorCode::kOutcomeUnknown: case ErrorCode::kTimeout:
        if (!route.repeatable) return answer;
        break;
      default: return answer;
    }
  } while (pause(kForwardPause) && clock_.now() < deadline);
  return no_leader();
}

bool MetadataService::pause(milliseconds wait) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, wait, [&] { return stopping_; });
}

Result<Bytes> MetadataService::propose(const meta::Command& command) {
  TRY(const auto bytes, log_.propose_and_wait(meta::encode_command(command), options_.propose_timeout));
  TRY(const auto outcome, meta::decode<meta::Outcome>(bytes, "outcome of a metadata command"));
  return outcome.result();
}

void MetadataService::start() {
  const std::lock_guard lock(mutex_);
  if (stopping_ || clockwork_.joinable()) return;
  clockwork_ = std::thread([this] {
    do tick();
    while (pause(options_.tick_period));
  });
}

void MetadataService::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (clockwork_.joinable()) clockwork_.join();
}

}  // namespace pelorus::controller
