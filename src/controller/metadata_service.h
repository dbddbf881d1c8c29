#pragma once
// The controllers' answers to the cluster: transactions, catalogue, users, nodes. Methods and payloads:
// meta/messages.h.
//
// Any controller may be asked. Questions about slow-changing things are answered from this member's own state; changes,
// and reads that must see the newest commit, go to the leader: a follower forwards them and waits out an election, so
// that callers never hear of one. After kOutcomeUnknown the caller repeats what is safe to repeat.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "controller/awaited_chunks.h"
#include "controller/live_nodes.h"
#include "controller/metadata_machine.h"
#include "controller/recover_replicas.h"
#include "meta/messages.h"
#include "rpc/caller.h"
#include "rpc/methods.h"

namespace pelorus::controller {

/// What the first leader of a new cluster writes into the empty state.
struct Founding {
  Uuid cluster;
  std::string admin = "admin";
  meta::Verifier verifier;
  std::vector<meta::Node> nodes;                     // of cluster.nodes, controllers and agents included
  std::map<std::string, std::string> configuration;  // "cluster.cfg" → text …
  uint32_t level = 1;                                // the feature level it begins at
  bool takes_over = false;                           // only with `state`: users, databases and chunks of a single node
  Bytes state;
};

struct ServiceOptions {
  meta::Build build;                     // the program
  meta::Node self;                       // alias, role, UUID, boot and address of this controller
  std::vector<std::string> controllers;  // aliases of the others: asked for the leader by one that joins
  std::optional<Founding> founding;      // only until the cluster has its state
  meta::PlacementRules placement;
  uint32_t prepared_min = 1;               // replicas a write needs
  bool forms_group = true;                 // false: the only controller, with a log of its own
  bool joins = false;                      // into a cluster that exists: its files do not vote
  uint64_t copy_megabytes_per_second = 0;  // dfsRecoveryThrottle; 0: none
  size_t copies_max = 0;                   // dfsRecoveryConcurrency; 0: as many as the nodes make
  bool restarts_after_crash = false;       // agents restart nodes that die (datanodeRestartInterval > 0)
  milliseconds heartbeat_timeout{3000};    // dfsChunkNodeHeartBeatTimeout
  milliseconds recovery_wait{0};           // dfsRecoveryWaitTime; 0: lost replicas wait for their node
  milliseconds transaction_limit{std::chrono::minutes(10)};  // an undecided transaction is aborted
  milliseconds resolve_after{5000};                          // a participant is told to publish
  milliseconds propose_timeout{10000};
  milliseconds agent_timeout{std::chrono::minutes(5)};  // a node's orderly stop may take long
  milliseconds forward_timeout{15000};                  // how long a request outlives an election
  milliseconds tick_period{200};
  milliseconds first_heartbeats{3000};  // how long questions who is there wait for those a new leader has not heard
  std::map<std::string, std::string> files;  // "cluster.nodes", "cluster.cfg" as found at the start
  /// Replaces a file of this controller (keeping the old one aside); empty: files are not written back.
  std::function<Status(const std::string& name, const std::string& text)> write_file;
  std::function<meta::NodeMetrics()> metrics;              // of this process; may be empty
  std::function<void(const std::string& reason)> removed;  // this controller has to stop; may be empty
};

/// Thread-safe. Handlers run on rpc workers and may wait for the log.
class MetadataService {
 public:
  /// All collaborators outlive the service. `machine` is the one `log` applies to.
  MetadataService(ServiceOptions options, raft::ReplicatedLog& log, MetadataMachine& machine, const Clock& clock,
                  rpc::Caller& peers);
  ~MetadataService();  // stop()

  /// Makes `methods` answer everything this service knows.
  void register_methods(rpc::Methods& methods);
  /// Begins the periodic work of a leader (recovery, resolution, voters). Without it call tick() yourself.
  void start();
  /// Wakes and refuses waiting requests; ends the periodic work. Idempotent.
  void stop();
  void tick();

  /// As if a member had called: answered here or forwarded to the leader.
  Result<Bytes> call(std::string_view method, std::string_view payload);
  template <class Reply, class Request>
  Result<Reply> ask(std::string_view method, const Request& request) {
    TRY(const auto bytes, call(method, meta::encode(request)));
    return meta::decode<Reply>(bytes, method);
  }
  /// kChange: a command on behalf of a user. What it answers is described at the command.
  Result<Bytes> change(const std::string& user, const meta::Command& command);

  const MetadataMachine& machine() const { return machine_; }
  LiveNodes& live_nodes() { return live_; }
  bool leads() const { return machine_.leads(); }
  /// Alias; empty when unknown.
  std::string leader() const;
  const std::string& alias() const { return options_.self.alias; }
  /// The cluster has judged what this controller's cluster.nodes says, as it is now.
  bool has_settled_nodes() const { return has_settled_nodes_; }

 private:
  using Handler = Result<Bytes> (MetadataService::*)(std::string_view payload);
  struct Route {
    Handler handler;
    bool leader_only = true;
    bool reads_state = false;  // answered from this member's own state, once it has one
    bool repeatable = false;   // may be sent again after kOutcomeUnknown
    bool allows_strangers = false;
    bool urgent = false;            // answers without waiting
    bool waits_for_agents = false;  // may take agent_timeout
    Handler otherwise = nullptr;    // answers from what this member knows, where first_heartbeats bring no leader
  };
  static const std::map<std::string_view, Route>& routes();
  Result<Bytes> serve(std::string_view method, const Route& route, std::string_view payload);
  Result<Bytes> take_forwarded(std::string_view payload);
  static bool may_send_again(const Error& error, const Route& route);
  Result<Bytes> forward(std::string_view method, const Route& route, std::string_view payload);
  /// False until the founding, or what a joining controller is sent of it, has been applied here.
  bool knows_cluster() const;
  /// False when the service stops.
  bool pause(milliseconds wait);
  bool wait_for_tick();
  /// There is something to copy, or a node is about to run out of copies. With mutex_ held.
  void plan_at_once();
  /// Until `holds` says no, first_heartbeats at most, or until the service stops.
  void wait_while(const std::function<bool()>& holds);
  Status check_level(const meta::Command& command) const;
  /// Through the log; what apply() came to.
  Result<Bytes> propose(const meta::Command& command);
  /// One behind the other, each with its own outcome.
  std::pair<Result<Bytes>, Result<Bytes>> propose_both(const meta::Command& first, const meta::Command& second);

  // transactions.cc
  Result<Bytes> begin_transaction(std::string_view payload);
  /// Time and placements of new chunks.
  void plan_begin(meta::BeginTransaction& command);
  /// What the writer is told.
  Result<meta::BeginReply> begun(const meta::BeginTransaction& command, const Result<Bytes>& answer);
  /// A conflict with a writer whose node does not answer any more is none to tell its client of.
  Error refused_begin(const meta::BeginTransaction& command, const Error& error);
  /// Notes what it is refused because others hold it.
  void note_awaited(const meta::BeginTransaction& command);
  /// Whether another node waits for what it asks for.
  bool others_wait(const meta::BeginTransaction& command) const;
  /// Of a numbered one.
  bool was_begun(const meta::BeginTransaction& command) const;
  Result<Bytes> decide_and_begin(const meta::Decide& command, meta::BeginTransaction next);
  Result<Bytes> decide(std::string_view payload);
  Result<Bytes> get_decisions(std::string_view payload);
  Result<Bytes> list_transactions(std::string_view payload);
  // catalogue.cc
  Result<Bytes> take_change(std::string_view payload);
  /// As above, for a change that running transactions refuse.
  void note_awaited(const meta::Command& change);
  Result<Bytes> table_facts(std::string_view payload);
  Result<Bytes> database_facts(std::string_view payload);
  Result<Bytes> list_catalogue(std::string_view payload);
  Result<Bytes> user_facts(std::string_view payload);
  Result<Bytes> list_accounts(std::string_view payload);
  Result<Bytes> list_views(std::string_view payload);
  Result<Bytes> list_records(std::string_view payload);
  Result<Bytes> change_catalogs(std::string_view payload);
  Result<Bytes> list_catalogs(std::string_view payload);
  // stream_graphs.cc
  Result<Bytes> change_stream_graphs(std::string_view payload);
  Result<Bytes> list_stream_graphs(std::string_view payload);
  Result<Bytes> get_configuration(std::string_view payload);
  // nodes.cc
  Result<Bytes> register_node(std::string_view payload);
  Result<Bytes> heartbeat(std::string_view payload);
  Result<Bytes> cluster_perf(std::string_view payload);
  Result<Bytes> own_perf(std::string_view payload);
  Result<Bytes> chunks_status(std::string_view payload);
  Result<Bytes> who_leads(std::string_view payload);
  /// Megabytes a second: what was set for the whole cluster, else what this controller's file says.
  uint64_t copy_throttle(const meta::State& state) const;
  meta::PerfReply perf_of(const meta::State& state, bool controllers) const;
  Result<meta::RegisterReply> take_registration(const meta::RegisterRequest& request);
  /// For a data node that takes the place of one of the same name whose data are lost. kConflict when that would lose
  /// the last good replica of a chunk.
  Status give_up_replicas(const meta::RegisterRequest& request);
  void take_findings(const ReportFindings& findings, std::vector<meta::Order>& orders);
  void take_report(const meta::Heartbeat& beat, std::vector<meta::Order>& orders);
  // import_files.cc
  Result<Bytes> take_offer(std::string_view payload);
  void offer_files();
  void import_files();
  void import_nodes(const std::map<std::string, meta::FileOffer>& offers);
  void import_settings(const std::map<std::string, meta::FileOffer>& offers);
  void judge_joining(const std::map<std::string, meta::FileOffer>& offers);
  std::vector<config::NodeEntry> members() const;
  void note_import(const std::string& controller, const std::string& name, const std::string& hashes);
  bool is_known(const std::string& name, const std::string& text) const;
  void write_back();
  // member_control.cc
  Result<Bytes> change_member(std::string_view payload);
  Status add_controller(const meta::MemberRequest& request);
  Status change_vote(const meta::MemberRequest& request);
  Status transfer_leader(const meta::MemberRequest& request);
  Status drain(const meta::MemberRequest& request);
  Status readdress(const meta::MemberRequest& request);
  Status remove_node(const meta::MemberRequest& request);
  Status raise_level(const meta::MemberRequest& request);
  Result<Bytes> list_members(std::string_view payload);
  Result<Bytes> move_replicas(std::string_view payload);
  Result<Bytes> rebalance(std::string_view payload);
  Status propose_moves(std::vector<meta::ReplicaChange> moves);
  std::set<std::string> live_in_group(const raft::LogStatus& status) const;
  /// A new leader hears of everybody within a heartbeat or two; until then all would seem to be offline. Waits for
  /// those that are still awaited, first_heartbeats at most.
  void await_first_heartbeats();
  /// Who is there, once that is known.
  std::set<std::string> live_members();
  // node_control.cc
  Result<Bytes> start_nodes(std::string_view payload);
  Result<Bytes> stop_nodes(std::string_view payload);
  // duties.cc
  void lead();
  void found_cluster();
  void flush_pending();
  void expire_transactions();
  void recover();
  void expire_partitions();
  void reconcile_members();
  void report_self();
  std::string find_leader();
  void register_self(const std::string& leading);

  const ServiceOptions options_;
  raft::ReplicatedLog& log_;
  MetadataMachine& machine_;
  const Clock& clock_;
  rpc::Caller& peers_;
  LiveNodes live_;
  AwaitedChunks awaited_;

  std::shared_mutex raising_;  // shared by registrations: none comes between the check of a new level and its proposal
  std::mutex cataloguing_;     // one change of catalogs or stream graphs at a time, from the look at them to its record
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;                                         // guarded by mutex_, as all below
  std::vector<std::pair<TransactionId, std::string>> published_;  // for the next CompleteTransactions
  std::vector<meta::ReplicaChange> changes_;                      // for the next ChangeReplicas
  std::map<std::string, std::vector<meta::Order>> orders_;        // of the last plan, without those carried out since
  bool plans_at_once_ = false;                                    // plan_at_once
  bool expires_at_once_ = false;                                  // a retention policy was changed
  std::map<std::string, meta::FileOffer> offers_;                 // by controller
  std::chrono::steady_clock::time_point first_offer_{};
  std::atomic<bool> has_settled_nodes_ = false;
  std::thread clockwork_;

  std::atomic<uint64_t> led_term_ = 0;  // whose beginning live_ knows
  // Used by tick() only.
  std::chrono::steady_clock::time_point planned_{};
  std::chrono::steady_clock::time_point reported_{};
  std::chrono::steady_clock::time_point expired_{};
  uint64_t self_epoch_ = 0;
  std::map<std::string, std::string> files_;  // as they are on this controller's disk
  uint64_t offered_term_ = 0;
  uint64_t written_revision_ = 0;
  std::string refusal_;  // of the last registration, so that it is logged once
  std::string mute_;     // the leader by the log, when it does not answer: a removed member's log knows no newer one
  bool is_out_ = false;  // it was removed from the cluster
  std::shared_ptr<std::atomic<bool>> member_change_running_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace pelorus::controller
