#pragma once
// Between every node and the leading controller: who is there, how it is, what it is to do.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/catalogue.h"
#include "meta/members.h"

namespace pelorus::meta {

/// The live figures of a node: getPerf, getClusterPerf. Units stand in the names; never replicated.
struct NodeMetrics {
  int32_t connections_max = 0;
  double memory_max_gb = 0;
  int32_t workers = 0;
  int32_t executors = 0;
  int32_t connections = 0;
  int64_t memory_used_bytes = 0;
  int64_t memory_allocated_bytes = 0;
  double cpu_percent = 0;
  double load_average = 0;
  int64_t median_last_10_queries_ns = 0;
  int64_t max_last_10_queries_ns = 0;
  int64_t median_last_100_queries_ns = 0;
  int64_t max_last_100_queries_ns = 0;
  int64_t max_running_query_ns = 0;
  int32_t jobs_running = 0;
  int32_t jobs_queued = 0;
  int32_t tasks_running = 0;
  int32_t tasks_queued = 0;
  double job_load = 0;
  int64_t disk_capacity_bytes = 0;
  int64_t disk_free_bytes = 0;
  double disk_write_rate = 0;  // bytes a second, as the rates below
  double disk_read_rate = 0;
  int64_t last_minute_write_bytes = 0;
  int64_t last_minute_read_bytes = 0;
  double network_send_rate = 0;
  double network_receive_rate = 0;
  int64_t last_minute_sent_bytes = 0;
  int64_t last_minute_received_bytes = 0;
  int64_t last_message_latency_ns = 0;
  int64_t total_message_latency_ns = 0;

  bool operator==(const NodeMetrics&) const = default;
  template <class A>
  void fields(A& a) {
    a(connections_max, memory_max_gb, workers, executors, connections, memory_used_bytes, memory_allocated_bytes,
      cpu_percent, load_average, median_last_10_queries_ns, max_last_10_queries_ns, median_last_100_queries_ns,
      max_last_100_queries_ns, max_running_query_ns, jobs_running, jobs_queued, tasks_running, tasks_queued, job_load,
      disk_capacity_bytes, disk_free_bytes, disk_write_rate, disk_read_rate, last_minute_write_bytes,
      last_minute_read_bytes, network_send_rate, network_receive_rate, last_minute_sent_bytes,
      last_minute_received_bytes, last_message_latency_ns, total_message_latency_ns);
  }
};

/// A chunk as it lies on a node.
struct ReportedChunk {
  ChunkId chunk;
  Version version = 0;   // newest committed
  bool damaged = false;  // cannot be read: to be recovered from another replica
  int64_t rows = 0, bytes = 0;
  template <class A>
  void fields(A& a) {
    a(chunk, version, damaged, rows, bytes);
  }
};

/// What the leader asks of a node, sent until it is done or no longer wanted: carrying one out twice must not hurt.
struct Order {
  enum class Kind : uint8_t {
    kRecover,  // fill `chunk` up to `version` from one of `nodes`, then report kRecovered
    kDrop,     // delete `chunk`: no table needs it here
    kResolve,  // ask for the decision of `transaction` and carry it out
    kReport,   // tell of `chunk` with the next heartbeat; of all when none is named, which older programs always do
  };
  Kind kind = Kind::kReport;
  ChunkId chunk;
  Version version = 0;
  TransactionId transaction;
  std::vector<std::string> nodes;
  template <class A>
  void fields(A& a) {
    a(kind, chunk, version, transaction, nodes);
  }
};

/// The first word of a node's process, and again to every new leader. Allowed to strangers, who learn the cluster here.
/// Errors as at the command RegisterNode. Answered by the leader; followers forward.
inline constexpr std::string_view kRegisterNode = "meta.register_node";
struct RegisterRequest {
  std::string alias;
  NodeRole role = NodeRole::kDataNode;
  Uuid cluster;  // nil: not known yet
  Uuid uuid;
  Uuid boot;
  std::string host;
  uint16_t port = 0;
  std::vector<ReportedChunk> chunks;
  Build build;
  bool learns_cluster = false;  // it asks which cluster it is of and answers nobody yet: does not count as running
  template <class A>
  void fields(A& a) {
    a(alias, role, cluster, uuid, boot, host, port, chunks, build, learns_cluster);
  }
};
struct RegisterReply {
  Uuid cluster;
  uint64_t epoch = 0;
  std::string leader;
  uint64_t configuration_revision = 0;
  std::vector<Order> orders;
  bool removed = false;  // it was a member and is none any more: it has to stop
  uint32_t level = 0;    // feature level of the cluster
  std::string refusal;   // not empty: not registered, the program does not know that level; it has to stop
  template <class A>
  void fields(A& a) {
    a(cluster, epoch, leader, configuration_revision, orders, removed, level, refusal);
  }
};

/// Once a second, to the leader of the last RegisterReply. A follower, and a leader that does not know the boot, answer
/// register_again: nothing was taken from the message; register with any controller (the request is forwarded).
inline constexpr std::string_view kHeartbeat = "meta.heartbeat";
struct Heartbeat {
  std::string alias;
  Uuid boot;
  uint64_t epoch = 0;
  NodeMetrics metrics;
  std::vector<TransactionId> published;  // committed ones carried out here (durable) since the last answer
  std::vector<std::pair<ChunkId, Version>> recovered;  // orders kRecover done, with the version reached
  std::optional<std::vector<ReportedChunk>> chunks;    // all, when asked for
  uint64_t log_index = 0;                              // controllers: what they have applied of the metadata log
  std::vector<ReportedChunk> asked_for;                // those asked for by name; version 0: not here
  template <class A>
  void fields(A& a) {
    a(alias, boot, epoch, metrics, published, recovered, chunks, log_index, asked_for);
  }
};
struct HeartbeatReply {
  bool register_again = false;
  std::string leader;  // alias; empty when unknown
  uint64_t configuration_revision = 0, catalogue_revision = 0, access_revision = 0;
  std::vector<Order> orders;
  uint64_t copy_bytes_per_second = 0;  // at most so fast are replicas copied to this node; 0: as fast as they come
  uint32_t level = 0;                  // feature level; 0: not told
  template <class A>
  void fields(A& a) {
    a(register_again, leader, configuration_revision, catalogue_revision, access_revision, orders,
      copy_bytes_per_second, level);
  }
};

/// One row of getClusterPerf; answered by any controller, the figures are the leader's where it can be reached.
inline constexpr std::string_view kClusterPerf = "meta.cluster_perf";
struct NodePerf {
  Node node;
  bool alive = false;
  std::string agent;              // alias of the agent on its host; empty when there is none
  NodeMetrics metrics;            // the last ones heard
  std::optional<bool> is_leader;  // controllers that are up
  template <class A>
  void fields(A& a) {
    a(node, alive, agent, metrics, is_leader);
  }
};
struct PerfRequest {
  bool controllers = false;  // includeMaster
  template <class A>
  void fields(A& a) {
    a(controllers);
  }
};
struct PerfReply {
  std::vector<NodePerf> nodes;
  template <class A>
  void fields(A& a) {
    a(nodes);
  }
};

/// All chunks. Answered by the leader.
inline constexpr std::string_view kChunksStatus = "meta.chunks_status";
struct ChunkStatus {
  Chunk chunk;
  std::string path;
  std::string state;  // CONSTRUCTING, RECOVERING, COMPLETE
  template <class A>
  void fields(A& a) {
    a(chunk, path, state);
  }
};
struct ChunksReply {
  std::vector<ChunkStatus> chunks;
  template <class A>
  void fields(A& a) {
    a(chunks);
  }
};

/// Running, committed and the latest finished transactions. Answered by the leader.
inline constexpr std::string_view kListTransactions = "meta.list_transactions";
struct TransactionsReply {
  std::vector<Transaction> transactions;
  template <class A>
  void fields(A& a) {
    a(transactions);
  }
};

/// Starts or stops data and compute nodes through the agents of their hosts. Answered by the leader.
inline constexpr std::string_view kStartNodes = "meta.start_nodes";
inline constexpr std::string_view kStopNodes = "meta.stop_nodes";
struct NodesRequest {
  std::vector<std::string> nodes;  // aliases or host:port
  template <class A>
  void fields(A& a) {
    a(nodes);
  }
};

/// Who leads, and the group as this controller's log has it. Answered by any controller.
inline constexpr std::string_view kLeader = "meta.leader";
struct GroupMember {
  std::string alias;
  std::string role;  // voter, learner or spare
  uint64_t id = 0;   // another one after the member lost its disk
  template <class A>
  void fields(A& a) {
    a(alias, role, id);
  }
};
struct LeaderReply {
  std::string leader;  // empty: nobody, or not known
  std::string host;
  uint16_t port = 0;
  bool initialised = false;  // the cluster is founded and this controller has caught up with a leader
  std::vector<GroupMember> members;
  template <class A>
  void fields(A& a) {
    a(leader, host, port, initialised, members);
  }
};

/// A follower hands a request to the leader. Answer: an Outcome, so that its errors are told from the transport's.
inline constexpr std::string_view kForward = "meta.forward";
struct ForwardRequest {
  std::string method;
  Bytes payload;
  template <class A>
  void fields(A& a) {
    a(method, payload);
  }
};

/// A controller's cluster.nodes and cluster.cfg of its start, where they differ from what was taken over before. Sent
/// once to every new leader, also when nothing differs.
inline constexpr std::string_view kOfferFiles = "meta.offer_files";
struct FileOffer {
  std::string alias;
  std::string host;  // its own address: beats what other files say of it
  uint16_t port = 0;
  std::map<std::string, std::string> files;  // name → text
  bool joins = false;  // it came into a cluster that exists: its files are noted and not taken over
  template <class A>
  void fields(A& a) {
    a(alias, host, port, files, joins);
  }
};

/// Between controllers only, allowed to strangers: what a controller knows before the cluster is founded.
inline constexpr std::string_view kControllerState = "meta.controller_state";
struct Founder {
  std::string alias;
  Uuid node;
  bool operator==(const Founder&) const = default;
  template <class A>
  void fields(A& a) {
    a(alias, node);
  }
};
struct ControllerState {
  std::string alias;
  Uuid cluster;  // nil: belongs to none
  Uuid node;
  bool has_log = false;                  // its Raft directory is not empty
  bool had_log = false;                  // it was a started member once (noted outside the Raft directory)
  std::vector<std::string> controllers;  // "host:port:alias" of its cluster.nodes, sorted
  std::vector<Founder> founders;  // of its cluster, once it founds or has adopted it; all become the first voters
  template <class A>
  void fields(A& a) {
    a(alias, cluster, node, has_log, had_log, controllers, founders);
  }
};

}  // namespace pelorus::meta
