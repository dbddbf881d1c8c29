#include "controller/metadata_service.h"

#include "base/log.h"
#include "meta/catalogs.h"
#include "meta/stream_graphs.h"

namespace pelorus::controller {
namespace {

constexpr milliseconds kForwardPause{50};

Error no_leader() {
  return {ErrorCode::kUnavailable, "<ControllerNotAvail>No controller leads at the moment; try again."};
}

/// What the metadata answered to a command.
Result<Bytes> applied(const Result<Bytes>& proposed) {
  if (!proposed.ok()) {
    // No leader or no room in the queue is for us to wait out; kUnavailable of the metadata itself is the caller's.
    if (proposed.error().code == ErrorCode::kUnavailable) return Error{ErrorCode::kNotLeader, ""};
    return proposed.error();
  }
  TRY(const auto outcome, meta::decode<meta::Outcome>(*proposed, "outcome of a metadata command"));
  return outcome.result();
}

Error no_state() {
  return {
      ErrorCode::kUnavailable,
      "<ControllerNotReady>this controller does not know the cluster yet: it is being founded or joined; try again"};
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
      awaited_(clock),
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
      {meta::kListCatalogue, {.handler = &S::list_catalogue, .leader_only = false, .reads_state = true}},
      {meta::kUserFacts, {.handler = &S::user_facts, .leader_only = false, .reads_state = true}},
      {meta::kListAccounts, {.handler = &S::list_accounts, .leader_only = false, .reads_state = true}},
      {meta::kListViews, {.handler = &S::list_views, .repeatable = true}},
      {meta::kListRecords, {.handler = &S::list_records, .repeatable = true}},
      {meta::kChangeCatalogs, {.handler = &S::change_catalogs}},
      {meta::kListCatalogs, {.handler = &S::list_catalogs, .repeatable = true}},
      {meta::kChangeStreamGraphs, {.handler = &S::change_stream_graphs}},
      {meta::kListStreamGraphs, {.handler = &S::list_stream_graphs, .repeatable = true}},
      {meta::kGetConfiguration, {.handler = &S::get_configuration, .leader_only = false, .reads_state = true}},
      {meta::kRegisterNode, {.handler = &S::register_node, .repeatable = true, .allows_strangers = true}},
      {meta::kHeartbeat, {.handler = &S::heartbeat, .leader_only = false, .urgent = true}},
      {meta::kOfferFiles, {.handler = &S::take_offer, .repeatable = true}},
      {meta::kClusterPerf, {.handler = &S::cluster_perf, .repeatable = true, .otherwise = &S::own_perf}},
      {meta::kChunksStatus, {.handler = &S::chunks_status, .repeatable = true}},
      {meta::kStartNodes, {.handler = &S::start_nodes, .waits_for_agents = true}},
      {meta::kStopNodes, {.handler = &S::stop_nodes, .waits_for_agents = true}},
      {meta::kChangeMember, {.handler = &S::change_member}},
      {meta::kMembers, {.handler = &S::list_members, .repeatable = true}},
      {meta::kMoveReplicas, {.handler = &S::move_replicas}},
      {meta::kRebalance, {.handler = &S::rebalance}},
      {meta::kLeader, {.handler = &S::who_leads, .leader_only = false, .urgent = true}},
  };
  return kRoutes;
}

void MetadataService::register_methods(rpc::Methods& methods) {
  for (const auto& [name, route] : routes()) {
    methods.on(std::string(name),
               [this, name = name, &route = route](const rpc::Peer&, std::string_view payload, const rpc::CallInfo&) {
                 return serve(name, route, payload);
               },
               {.urgent = route.urgent, .allows_strangers = route.allows_strangers});
  }
  methods.on(std::string(meta::kForward), [this](const rpc::Peer&, std::string_view payload, const rpc::CallInfo&) {
    return take_forwarded(payload);
  });
}

bool MetadataService::knows_cluster() const {
  return machine_.read([](const meta::State& state) { return !state.cluster.is_nil(); });
}

std::string MetadataService::leader() const { return machine_.leads() ? options_.self.alias : log_.status().leader; }

Result<Bytes> MetadataService::call(std::string_view method, std::string_view payload) {
  const auto route = routes().find(method);
  if (route == routes().end()) return Error{ErrorCode::kNotFound, "no such method: " + std::string(method)};
  return serve(method, route->second, payload);
}

Result<Bytes> MetadataService::change(const std::string& user, const meta::Command& command) {
  return call(meta::kChange, meta::encode(meta::ChangeRequest{user, meta::encode_command(command)}));
}

Result<Bytes> MetadataService::serve(std::string_view method, const Route& route, std::string_view payload) {
  if (route.reads_state && !knows_cluster()) return no_state();
  if (!route.leader_only) return (this->*route.handler)(payload);
  if (machine_.leads()) {
    auto answer = (this->*route.handler)(payload);
    if (answer.ok() || answer.error().code != ErrorCode::kNotLeader) return answer;
  }
  auto answer = forward(method, route, payload);
  return answer.ok() || route.otherwise == nullptr ? answer : (this->*route.otherwise)(payload);
}

// Never forwarded again: the sender asks anew who leads.
Result<Bytes> MetadataService::take_forwarded(std::string_view payload) {
  TRY(const auto request, meta::decode<meta::ForwardRequest>(payload, meta::kForward));
  const auto route = routes().find(request.method);
  if (route == routes().end()) return Error{ErrorCode::kNotFound, "no such method: " + request.method};
  if (!machine_.leads()) return Error{ErrorCode::kNotLeader, log_.status().leader};
  const auto answer = (this->*route->second.handler)(request.payload);
  if (!answer.ok() && answer.error().code == ErrorCode::kNotLeader) return answer.error();
  meta::Outcome outcome;
  if (answer.ok())
    outcome.answer = *answer;
  else
    outcome = meta::Outcome(answer.error());
  return encode(outcome);
}

Result<Bytes> MetadataService::forward(std::string_view method, const Route& route, std::string_view payload) {
  const bool falls_back = route.otherwise != nullptr;
  const auto deadline = clock_.now() + (falls_back ? options_.first_heartbeats : options_.forward_timeout);
  const auto timeout = route.waits_for_agents ? options_.agent_timeout
                       : falls_back           ? options_.first_heartbeats + live_.timeout()
                                              : options_.forward_timeout;
  const auto request = encode(meta::ForwardRequest{std::string(method), Bytes(payload)});
  do {
    if (machine_.leads()) {
      auto answer = (this->*route.handler)(payload);
      if (answer.ok() || answer.error().code != ErrorCode::kNotLeader) return answer;
      continue;
    }
    const auto leader = log_.status().leader;
    if (leader.empty() || leader == options_.self.alias) continue;
    const auto sent = peers_.call(leader, meta::kForward, request, {.timeout = timeout});
    if (sent.ok()) {
      TRY(auto outcome, meta::decode<meta::Outcome>(*sent, meta::kForward));
      if (static_cast<ErrorCode>(outcome.code) == ErrorCode::kOutcomeUnknown && route.repeatable) continue;
      return outcome.result();
    }
    if (!may_send_again(sent.error(), route)) return sent.error();
  } while (pause(kForwardPause) && clock_.now() < deadline);
  return no_leader();
}

bool MetadataService::may_send_again(const Error& error, const Route& route) {
  switch (error.code) {
    case ErrorCode::kNotLeader:
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout: return true;  // nothing was done
    case ErrorCode::kOutcomeUnknown: return route.repeatable;
    default: return false;
  }
}

bool MetadataService::wait_for_tick() {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, options_.tick_period, [&] { return stopping_ || plans_at_once_; });
  return !stopping_;
}

void MetadataService::plan_at_once() {
  plans_at_once_ = true;
  wake_.notify_all();
}

bool MetadataService::pause(milliseconds wait) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, wait, [&] { return stopping_; });
}

void MetadataService::wait_while(const std::function<bool()>& holds) {
  constexpr milliseconds kPause{20};
  for (milliseconds waited{0}; holds() && waited < options_.first_heartbeats && pause(kPause);) waited += kPause;
}

Status MetadataService::check_level(const meta::Command& command) const {
  const auto level = machine_.read([](const meta::State& state) { return state.level; });
  return meta::check_level(meta::name_of(command), meta::level_of(command), level);
}

Result<Bytes> MetadataService::propose(const meta::Command& command) {
  TRY_DONE(check_level(command));
  return applied(log_.propose_and_wait(meta::encode_command(command), options_.propose_timeout));
}

std::pair<Result<Bytes>, Result<Bytes>> MetadataService::propose_both(const meta::Command& first,
                                                                      const meta::Command& second) {
  for (const auto* command : {&first, &second}) {
    if (const auto good = check_level(*command); !good.ok()) return {good.error(), good.error()};
  }
  const auto outcomes =
      log_.propose_and_wait({meta::encode_command(first), meta::encode_command(second)}, options_.propose_timeout);
  return {applied(outcomes[0]), applied(outcomes[1])};
}

void MetadataService::start() {
  const std::lock_guard lock(mutex_);
  if (stopping_ || clockwork_.joinable()) return;
  clockwork_ = std::thread([this] {
    do tick();
    while (wait_for_tick());
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
