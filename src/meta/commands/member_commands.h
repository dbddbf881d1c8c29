#pragma once
// Changes to the members of the cluster and to its configuration. Each struct: meta/command.h.

#include <cstdint>
#include <optional>
#include <string>

#include "meta/members.h"
#include "meta/verifier.h"

namespace pelorus::meta {

/// Gives the cluster its identity and its administrator. Refused (kAlreadyExists) for another UUID.
struct FoundCluster {
  static constexpr uint16_t kTag = 1;
  Uuid cluster;
  std::string admin;
  Verifier verifier;
  int64_t now_ns = 0;
  template <class A>
  void fields(A& a) {
    a(cluster, admin, verifier, now_ns);
  }
};

/// A single node's state becomes that of a new cluster: identity, users, databases, chunks. Members and configuration
/// files are those put before; the single node is among them, as a data node. Refused: kAlreadyExists for another
/// UUID, kInvalid for bytes that are no such state or when the members lack the node.
struct TakeOverState {
  static constexpr uint16_t kTag = 40;
  std::string state;  // write_snapshot()
  template <class A>
  void fields(A& a) {
    a(state);
  }
};

/// Adds a member or changes its address and labels; identity, epoch and counts of a known one stay.
struct PutNode {
  static constexpr uint16_t kTag = 2;
  Node node;
  template <class A>
  void fields(A& a) {
    a(node);
  }
};

/// Refused (kConflict) while chunks are placed on it, and for the last agent of a host with data or compute nodes.
struct RemoveNode {
  static constexpr uint16_t kTag = 3;
  std::string alias;
  template <class A>
  void fields(A& a) {
    a(alias);
  }
};

/// Sets a member's wishes: what is not given stays. kNotFound for a stranger, kInvalid for a wish its role does not
/// know.
struct MarkNode {
  static constexpr uint16_t kTag = 30;
  std::string alias;
  std::optional<bool> draining;      // data nodes
  std::optional<bool> learner_only;  // controllers
  template <class A>
  void fields(A& a) {
    a(alias, draining, learner_only);
  }
};

/// A process of the member has started. A new boot raises the epoch and aborts what the boot before had begun and left
/// undecided. Refused: kNotFound for an alias nobody added, kDenied for another node UUID. Answer: Registered.
struct RegisterNode {
  static constexpr uint16_t kTag = 4;
  std::string alias;
  Uuid uuid;
  Uuid boot;
  std::string host;  // empty: unchanged
  uint16_t port = 0;
  bool replace_uuid = false;  // the operator or the leader decided that the old identity is gone
  int64_t now_ns = 0;
  Build build;
  template <class A>
  void fields(A& a) {
    a(alias, uuid, boot, host, port, replace_uuid, now_ns, build);
  }
};
struct Registered {
  uint64_t epoch = 0;
  template <class A>
  void fields(A& a) {
    a(epoch);
  }
};

/// Raises the feature level; a lower one than it is changes nothing. Whether every member's program knows it was
/// decided by the leader, from what each registered with: programs in between may not have kept that in their states.
struct RaiseLevel {
  static constexpr uint16_t kTag = 31;
  uint32_t level = 0;
  template <class A>
  void fields(A& a) {
    a(level);
  }
};

/// Replaces one configuration file. kStale when the revision is not the expected one (0: any).
struct PutConfiguration {
  static constexpr uint16_t kTag = 5;
  std::string name;
  std::string text;
  uint64_t expected_revision = 0;
  template <class A>
  void fields(A& a) {
    a(name, text, expected_revision);
  }
};

/// Notes which contents of a controller's file are known: taken over from it, or written to it. Such a file does not
/// vote again when it is found at a start.
struct NoteImport {
  static constexpr uint16_t kTag = 6;
  std::string file;  // "controller alias/file name"
  std::string hash;  // one or more, separated by blanks
  template <class A>
  void fields(A& a) {
    a(file, hash);
  }
};

}  // namespace pelorus::meta
