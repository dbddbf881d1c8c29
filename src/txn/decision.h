#pragma once
// The words of two-phase commit that coordinator, participant and controllers share.
//
// A node that got a write coordinates it. Every replica of every chunk touched makes the rows durable (prepare); the
// controllers then record the decision, which alone counts; participants publish when they hear of it, and ask when
// they do not. What the controllers do not know is aborted (presumed abort). Theory and invariants: README.md.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ids.h"

namespace pelorus::txn {

enum class Verdict : uint8_t { kUndecided, kCommit, kAbort };

constexpr std::string_view name_of(Verdict verdict) {
  return verdict == Verdict::kCommit ? "commit" : verdict == Verdict::kAbort ? "abort" : "undecided";
}

/// What a commit made of one chunk.
struct CommittedChunk {
  ChunkId chunk;
  Version version = 0;
  std::vector<std::string> nodes;  // replicas that hold it; all others are stale
  bool operator==(const CommittedChunk&) const = default;
};

/// As recorded by the controllers.
struct Decision {
  TransactionId transaction;
  Verdict verdict = Verdict::kUndecided;
  std::vector<CommittedChunk> chunks;  // of a commit
  bool operator==(const Decision&) const = default;
};

/// One replica that could not prepare.
struct LostReplica {
  ChunkId chunk;
  std::string node;
  bool operator==(const LostReplica&) const = default;
};

/// What an answer to prepare means for the transaction.
enum class PrepareResult : uint8_t {
  kPrepared,
  kFailed,   // this replica is in trouble: the others may go on without it
  kRefused,  // the write itself is wrong or comes at a wrong time: it would fail everywhere
};

/// Disks, networks and damage make a replica fail; a full write buffer, a conflict or rows that do not fit refuse the
/// write. An unknown outcome counts as failed: the replica is left out and rolls back whatever it has prepared.
PrepareResult judge_prepare(const Status& status);

}  // namespace pelorus::txn
