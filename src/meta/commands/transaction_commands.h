#pragma once
// Transactions and the replicas they leave behind. Each struct: meta/command.h.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "meta/catalogue.h"
#include "meta/members.h"

namespace pelorus::meta {

struct ChunkRequest {
  TableId table;
  PartitionKey key;
  std::vector<std::string> placement;  // nodes for the chunk if it has to be made; set by the leader
  uint64_t schema_version = 0;         // the table's when the rows were made; 0: any
  template <class A>
  void fields(A& a) {
    a(table, key, placement, schema_version);
  }
};

/// Locks the chunks, making those that are missing. kConflict ("<ChunkInTransaction>…") when one is locked, kStale for
/// an old epoch or sequence, kInvalid for rows made for other columns, kNotFound without the table, kUnavailable when a
/// chunk has no replica. Answer: Begun.
/// The same client, sequence and coordinator again, while undecided: the same answer again, so that a coordinator may
/// repeat a begin whose outcome it does not know.
struct BeginTransaction {
  static constexpr uint16_t kTag = 14;
  TransactionType type = TransactionType::kAppend;
  std::string client;  // empty: not numbered
  uint64_t sequence = 0;
  std::string coordinator;
  uint64_t epoch = 0;
  std::vector<ChunkRequest> chunks;
  ChunkId recover;  // kRecover: the one chunk to hold still while `coordinator` fills its own replica
  int64_t now_ns = 0;
  template <class A>
  void fields(A& a) {
    a(type, client, sequence, coordinator, epoch, chunks, recover, now_ns);
  }
};
struct BegunChunk {
  ChunkId chunk;
  TableId table;
  PartitionKey key;
  Version version = 0;                // the write makes version + 1
  std::vector<std::string> replicas;  // to prepare
  int64_t rows = -1;                  // at `version`; -1: unknown
  template <class A>
  void fields(A& a) {
    a(chunk, table, key, version, replicas, rows);
  }
};
struct Begun {
  TransactionId transaction;
  bool repeated = false;  // this client and sequence has committed already; `rows` is what it answered
  int64_t rows = 0;
  std::vector<BegunChunk> chunks;  // as requested
  template <class A>
  void fields(A& a) {
    a(transaction, repeated, rows, chunks);
  }
};

struct FailedReplica {
  ChunkId chunk;
  std::string node;
  template <class A>
  void fields(A& a) {
    a(chunk, node);
  }
};
struct ChunkRows {
  ChunkId chunk;
  int64_t rows = 0;  // in the chunk after the commit; -1: unknown
  template <class A>
  void fields(A& a) {
    a(chunk, rows);
  }
};

/// The decision of a transaction, once and for all. A commit marks the failed replicas stale and gives every chunk its
/// next version; it becomes an abort when a chunk would be left with fewer than `prepared_min` prepared replicas.
/// A repetition, or a transaction that is unknown, changes nothing. Answer: Decided.
struct Decide {
  static constexpr uint16_t kTag = 15;
  TransactionId transaction;
  bool commit = false;
  std::vector<FailedReplica> failed;
  std::vector<ChunkRows> rows;
  int64_t result = 0;  // what the write answers: kept for repetitions
  uint32_t prepared_min = 1;
  int64_t now_ns = 0;
  template <class A>
  void fields(A& a) {
    a(transaction, commit, failed, rows, result, prepared_min, now_ns);
  }
};
struct Decided {
  TransactionState state = TransactionState::kAborted;
  std::vector<TransactionChunk> chunks;  // of a commit: versions made and who holds them
  template <class A>
  void fields(A& a) {
    a(state, chunks);
  }
};

/// Participants (alias; empty: all) have published; a transaction with none left is complete.
struct CompleteTransactions {
  static constexpr uint16_t kTag = 16;
  std::vector<std::pair<TransactionId, std::string>> published;
  template <class A>
  void fields(A& a) {
    a(published);
  }
};

struct ReplicaChange {
  enum class Kind : uint8_t {
    kGood,    // holds `version`; ignored unless that is still the chunk's
    kStale,   // misses something
    kAdd,     // place a further, stale replica there
    kRemove,  // refused for the last good one
    kMove,    // place a replica on `target`; this one goes once that is good
    kRetire,  // this one has to go, if `keep` good ones stay: at once, or first stale while a transaction holds the
              // chunk
  };
  ChunkId chunk;
  std::string node;
  Kind kind = Kind::kStale;
  Version version = 0;
  std::string target;   // kMove
  uint32_t keep = 1;    // kRetire: of replicas that need not go themselves
  bool wanted = false;  // kAdd: an operator's, stays beyond the replication factor
  template <class A>
  void fields(A& a) {
    a(chunk, node, kind, version, target, keep, wanted);
  }
};
/// Each by itself; those that no longer apply are skipped. Answer: Dropped, for removed replicas.
struct ChangeReplicas {
  static constexpr uint16_t kTag = 17;
  std::vector<ReplicaChange> changes;
  template <class A>
  void fields(A& a) {
    a(changes);
  }
};
/// For the operator's emergencies: takes `version` of the replica on `node` as the truth.
struct ForceVersion {
  static constexpr uint16_t kTag = 18;
  ChunkId chunk;
  std::string node;
  Version version = 0;
  template <class A>
  void fields(A& a) {
    a(chunk, node, version);
  }
};

}  // namespace pelorus::meta
