#pragma once
// A replicated log of commands: the one interface the controllers' metadata and the HA stream tables stand on.
//
// Every member of a group feeds the same commands in the same order to its own StateMachine. A proposal is
// answered only after a majority of the voters has synced it and this member has applied it. Implementations:
// make_libraft_log() (libraft_log.h, three or more voters) and make_single_node_log() (single_node_log.h).

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace pelorus::raft {

enum class MemberRole : uint8_t {
  kVoter,    // counts for majorities and may lead
  kLearner,  // receives and applies the log, neither votes nor counts
  kSpare,    // only listed: receives nothing
};

/// "voter", "learner" or "spare".
std::string_view name_of(MemberRole role);

/// One member of a group. The address is no part of it: see AddressBook.
struct Member {
  uint64_t id = 0;  // never 0, never reused; member_id_of() makes one
  std::string alias;
  MemberRole role = MemberRole::kVoter;
  bool operator==(const Member&) const = default;
};

/// A member id from a name that is never reused, such as the node UUID's text. Never 0.
uint64_t member_id_of(std::string_view unique_name);

struct Endpoint {
  std::string host;  // name or numeric address
  uint16_t port = 0;
};

/// Where a member listens today. Asked at every connect, on the group's own thread: must be quick and
/// thread-safe. Addresses inside the log are never used, so a member may move by changing this book only.
class AddressBook {
 public:
  virtual ~AddressBook() = default;
  /// kNotFound when nothing is known (the connect is tried again later).
  virtual Result<Endpoint> resolve(uint64_t id, std::string_view alias) const = 0;
};

/// What is replicated. Every call comes from the group's own thread, one at a time; none may block for long
/// (no network, no waiting for another log). Calls before start() returns replay what the disk holds.
class StateMachine {
 public:
  virtual ~StateMachine() = default;
  /// Applies one committed command. Must be deterministic: same commands in the same order, same state on
  /// every member; no clock, no randomness. `index` is the dense number of the command in its group (1, 2, 3…),
  /// equal on all members. The returned bytes go to the proposer (if it is this member) and nowhere else.
  virtual Bytes apply(uint64_t index, std::string_view command) = 0;
  /// The whole state. The log keeps it in memory and sends it as one message: some hundred MB at most; larger
  /// state belongs in files of its own with a manifest here. A checksum is added by the log.
  virtual Bytes snapshot() = 0;
  /// Replaces the whole state. An error stops the group with that error.
  virtual Status restore(std::string_view snapshot) = 0;
  /// This member won (true) or lost (false) the leadership. When it is told `true`, every command of earlier
  /// terms has been applied and propose() is open.
  virtual void leadership_changed(bool leads, uint64_t term) = 0;
};

enum class LogRole : uint8_t { kStopped, kFollower, kCandidate, kLeader };

/// "stopped", "follower", "candidate" or "leader".
std::string_view name_of(LogRole role);

/// A consistent copy of the group's state as this member sees it; at most one tick (some 10 ms) old.
struct LogStatus {
  LogRole role = LogRole::kStopped;
  uint64_t term = 0;
  std::string leader;                // alias; empty when unknown
  uint64_t commit_index = 0;         // position in the log, configuration changes included
  uint64_t applied_index = 0;        // same scale
  uint64_t command_count = 0;        // commands applied since the group began: the `index` of the last apply()
  uint64_t snapshot_index = 0;       // position of the newest snapshot loaded, installed or taken; 0: none
  std::vector<Member> members;       // as of the newest configuration in this member's log
  std::vector<std::string> silent;   // leader only: members not heard of for two election timeouts
  uint64_t disk_capacity_bytes = 0;  // log space known to be writable now
  bool disk_healthy = true;          // false: this member's disk is full or failing; move the leadership away
  std::string failure;               // why the group stopped by itself; empty while it runs
};

using ProposeDone = std::function<void(Result<Bytes>)>;
using Done = std::function<void(Status)>;
struct Proposal {
  Bytes command;
  ProposeDone done;
};

/// One member of one group. Thread-safe unless said otherwise. Callbacks run on the group's own thread and must
/// be quick; they may call the asynchronous methods, never a blocking one.
class ReplicatedLog {
 public:
  virtual ~ReplicatedLog() = default;

  /// Makes this member the founder of a new group with these voters (this member among them). Call before
  /// start(), on every founding member with the same list; kAlreadyExists when the directory holds a group.
  virtual Status bootstrap(const std::vector<Member>& members) = 0;
  /// Loads snapshot and log and begins to take part. kCorrupt (naming the file) for damaged storage, kDenied for
  /// a directory that is not this member's or was wiped.
  virtual Status start() = 0;
  /// Answers what waits (kOutcomeUnknown or kUnavailable), closes files and connections, joins the thread.
  /// Idempotent; a stopped log cannot be started again: make a new one.
  virtual void stop() = 0;

  /// Appends a command. `done` is called exactly once with what apply() returned on this member, or:
  ///   kNotLeader       nothing was appended; message = the leader's alias, or "" when unknown
  ///   kUnavailable     nothing was appended (stopping, queue full, no leader)
  ///   kNoSpace         nothing was appended: a majority's disks are full
  ///   kLimit           the command is larger than command_bytes_max
  ///   kOutcomeUnknown  it may still be committed by the next leader: repeat with the same request id
  virtual void propose(Bytes command, ProposeDone done) = 0;
  /// Succeeds once everything committed before the call, by any member, has been applied here; a local read
  /// after it is linearizable. Leader only: kNotLeader elsewhere.
  virtual void read_barrier(Done done) = 0;

  /// Lists a new member as learner: it is caught up by snapshot and log.
  virtual void add_learner(const Member& member, Done done) = 0;
  /// Waits until the learner has caught up, then makes it a voter. kConflict while another change runs.
  virtual void promote(const std::string& alias, Done done) = 0;
  /// Makes a voter a learner. Refused (kUnavailable) when too few live voters would remain.
  virtual void demote(const std::string& alias, Done done) = 0;
  /// Takes the member out of the group; its alias may be added again with a new id. Refused like demote().
  virtual void remove(const std::string& alias, Done done) = 0;
  /// Asks `alias` (empty: any caught-up voter) to take over. Succeeds when it leads.
  virtual void transfer_leadership(const std::string& alias, Done done) = 0;

  virtual LogStatus status() const = 0;

  // Blocking forms; never from the group's own thread. After `timeout` a proposal answers kOutcomeUnknown and the
  // others kTimeout.
  Result<Bytes> propose_and_wait(Bytes command, std::chrono::milliseconds timeout);
  /// One behind the other, each with its own outcome; the log syncs them together where it can.
  std::vector<Result<Bytes>> propose_and_wait(std::vector<Bytes> commands, std::chrono::milliseconds timeout);
  Status read_barrier_and_wait(std::chrono::milliseconds timeout);
  Status add_learner_and_wait(const Member& member, std::chrono::milliseconds timeout);
  Status promote_and_wait(const std::string& alias, std::chrono::milliseconds timeout);
  Status demote_and_wait(const std::string& alias, std::chrono::milliseconds timeout);
  Status remove_and_wait(const std::string& alias, std::chrono::milliseconds timeout);
  Status transfer_leadership_and_wait(const std::string& alias, std::chrono::milliseconds timeout);

 protected:
  /// propose() for a thread that waits for all of them: the work may be done on it, callbacks included.
  virtual void propose_and_help(std::vector<Proposal> proposals);
};

}  // namespace pelorus::raft
