#pragma once
// The members of a cluster, its configuration files, and the transactions under way.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "meta/archive.h"
#include "meta/levels.h"

namespace pelorus::meta {

/// Numbers as clients see them (`mode`).
enum class NodeRole : uint8_t { kDataNode = 0, kAgent = 1, kController = 2, kSingle = 3, kComputeNode = 4 };

/// "datanode", "agent", "controller", "single" or "computenode".
std::string_view name_of(NodeRole role);
/// By the names above, any case; false for others.
bool parse_node_role(std::string_view name, NodeRole* role);

/// A member is cluster + alias + node UUID; host and port are an address-book entry that may change at any restart.
struct Node {
  std::string alias;
  NodeRole role = NodeRole::kDataNode;
  Uuid uuid;           // nil until it has registered
  Uuid boot;           // of its running process
  uint64_t epoch = 0;  // +1 with every new boot: fences what the process before had begun
  std::string host;
  uint16_t port = 0;
  std::string public_name;
  std::string compute_group;
  std::string zone;
  int64_t registered_ns = 0;
  uint64_t replica_count = 0;  // chunks placed here
  bool draining = false;       // a data node: takes no new chunk, its replicas move to others
  bool learner_only = false;   // a controller: receives the metadata log and does not vote
  Build build;                 // the program of its last registration

  bool holds_data() const { return role == NodeRole::kDataNode || role == NodeRole::kSingle; }
  /// "host:port:alias"
  std::string site() const { return host + ":" + std::to_string(port) + ":" + alias; }
  bool operator==(const Node&) const = default;
  template <class A>
  void fields(A& a) {
    a(alias, role, uuid, boot, epoch, host, port, public_name, compute_group, zone, registered_ns, replica_count,
      draining, learner_only, build);
  }
};

struct Configuration {
  uint64_t revision = 0;                        // +1 with every change of a text or of the list of members
  std::map<std::string, std::string> texts;     // "cluster.cfg", "cluster.nodes", "controller.cfg": whole files
  std::map<std::string, std::string> imported;  // "controller alias/file": hash of the file when it was last imported

  bool operator==(const Configuration&) const = default;
  template <class A>
  void fields(A& a) {
    a(revision, texts, imported);
  }
};

enum class TransactionType : uint8_t { kAppend, kDrop, kUpdate, kUpsert, kDelete, kFileOperate, kRecover, kUnknown };
/// "APPEND", "DROP", "SQLUPDATE", "SQLUPSERT", "SQLDELETE", "FILEOPERATE", "RECOVER", "UNKNOWN".
std::string_view name_of(TransactionType type);

enum class TransactionState : uint8_t {
  kRunning,    // undecided: its chunks are locked
  kCommitted,  // some participants have not said that they published
  kComplete,   // all have
  kAborted,
};
/// "BEGIN", "COMMIT", "COMPLETE", "ROLLBACK".
std::string_view name_of(TransactionState state);

struct TransactionChunk {
  ChunkId chunk;
  std::vector<std::string> replicas;  // who was to prepare; after a commit: who did
  Version version = 0;                // before the commit; after it: the new one

  bool operator==(const TransactionChunk&) const = default;
  template <class A>
  void fields(A& a) {
    a(chunk, replicas, version);
  }
};

struct Transaction {
  TransactionId id;
  TransactionType type = TransactionType::kAppend;
  TransactionState state = TransactionState::kRunning;
  std::string client;  // empty: the write carries no sequence number
  uint64_t sequence = 0;
  std::string coordinator;  // alias
  uint64_t epoch = 0;       // of the coordinator when it began
  int64_t begun_ns = 0;
  int64_t decided_ns = 0;
  std::vector<TransactionChunk> chunks;
  std::set<std::string> unpublished;  // committed: participants that have not confirmed

  bool is_decided() const { return state != TransactionState::kRunning; }
  bool operator==(const Transaction&) const = default;
  template <class A>
  void fields(A& a) {
    a(id, type, state, client, sequence, coordinator, epoch, begun_ns, decided_ns, chunks, unpublished);
  }
};

/// The last numbered write of a client: a repetition takes effect once.
struct ClientSequence {
  uint64_t sequence = 0;
  TransactionId transaction;
  bool committed = false;
  int64_t rows = 0;  // what the write answered
  int64_t used_ns = 0;

  bool operator==(const ClientSequence&) const = default;
  template <class A>
  void fields(A& a) {
    a(sequence, transaction, committed, rows, used_ns);
  }
};

struct FunctionView {
  std::string name;
  std::string body;
  std::string owner;
  int64_t created_ns = 0;

  bool operator==(const FunctionView&) const = default;
  template <class A>
  void fields(A& a) {
    a(name, body, owner, created_ns);
  }
};

}  // namespace pelorus::meta
