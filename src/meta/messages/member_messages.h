#pragma once
// What administrators ask of the leader about the members of the cluster. All answered by the leader; rights were
// checked by the sender, whose user goes into the audit log.

#include <string>
#include <string_view>
#include <vector>

#include "meta/commands/transaction_commands.h"
#include "meta/members.h"

namespace pelorus::meta {

/// One change of a member. It is checked and recorded before the answer comes; what takes time (catching up, votes,
/// moving replicas) goes on afterwards and shows in kMembers. Errors say what failed, why, and what to do.
inline constexpr std::string_view kChangeMember = "meta.change_member";
struct MemberRequest {
  enum class Kind : uint8_t {
    kAddController,  // host, port, flag: votes
    kPromote,
    kDemote,
    kRemoveController,
    kTransferLeader,  // alias may be empty: any voter
    kDrain,
    kUndrain,
    kReaddress,   // host, port
    kRemoveNode,  // flag: also a running one
    kRaiseLevel,  // level; 0: the highest that every member's program knows
  };
  Kind kind = Kind::kPromote;
  std::string user;
  std::string alias;
  std::string host;
  uint16_t port = 0;
  bool flag = false;
  uint32_t level = 0;
  template <class A>
  void fields(A& a) {
    a(kind, user, alias, host, port, flag, level);
  }
};
struct MemberAnswer {
  std::string leader;  // at the time of the change
  template <class A>
  void fields(A& a) {
    a(leader);
  }
};

inline constexpr std::string_view kMembers = "meta.members";
struct MemberStatus {
  Node node;
  bool alive = false;
  std::string vote;     // voter, learner; "" for those outside the controllers' group
  uint64_t lag = 0;     // entries of the metadata log it had still to apply at its last heartbeat
  uint64_t chunks = 0;  // replicas placed on it
  int64_t rows = 0;     // in their chunks, counted for nodes being drained only
  template <class A>
  void fields(A& a) {
    a(node, alive, vote, lag, chunks, rows);
  }
};
struct MembersReply {
  std::string leader;
  uint32_t replicas = 0;  // dfsReplicationFactor
  std::vector<MemberStatus> members;
  uint64_t copy_megabytes_per_second = 0;  // the throttle that holds; 0: none
  uint32_t level = 0;                      // feature level of the cluster
  template <class A>
  void fields(A& a) {
    a(leader, replicas, members, copy_megabytes_per_second, level);
  }
};

/// Moves replicas between data nodes. Chunks that `target` holds already are passed over; the first that may not go
/// there refuses all.
inline constexpr std::string_view kMoveReplicas = "meta.move_replicas";
struct MoveRequest {
  std::string user;
  std::string source;
  std::string target;
  std::vector<ChunkId> chunks;
  template <class A>
  void fields(A& a) {
    a(user, source, target, chunks);
  }
};

/// Plans an even spread of replicas and, if asked, begins it.
inline constexpr std::string_view kRebalance = "meta.rebalance";
struct RebalanceRequest {
  std::string user;
  bool execute = false;
  double unwritten_days = 7;  // only chunks that nobody wrote for so long
  template <class A>
  void fields(A& a) {
    a(user, execute, unwritten_days);
  }
};
struct RebalanceReply {
  std::vector<ReplicaChange> moves;  // kMove
  template <class A>
  void fields(A& a) {
    a(moves);
  }
};

/// The record (area, name) that overrides dfsRecoveryThrottle: megabytes a second as text.
inline constexpr const char* kSettingsArea = "settings";
inline constexpr const char* kRecoveryThrottle = "dfsRecoveryThrottle";

}  // namespace pelorus::meta
