#pragma once
// The replicated log over cowsql's libraft: one loop thread a group, files in one directory, peers over the
// node's one port.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/ids.h"
#include "raft/replicated_log.h"
#include "rpc/node_tls.h"

namespace pelorus::raft {

struct LibraftOptions {
  std::string directory;    // the group's own; made when missing. Holds identity and raft/
  std::string group;        // name of the group, the same on all members: "controllers", "stream_3"
  Uuid cluster;             // every connection of another cluster is refused
  Uuid node;                // this member's persistent node UUID
  std::string cluster_key;  // secret of the handshake's HMAC-SHA256; may be empty (then nothing is proved)
  Member self;              // role is ignored: the log knows it
  std::shared_ptr<const rpc::NodeTls> tls;  // null: members speak in plain text; else only TLS
  rpc::KnownHosts hosts;                    // with TLS: one of them must be named by a member's certificate

  std::chrono::milliseconds election_timeout{300};  // each wait is drawn from one to two times this
  std::chrono::milliseconds heartbeat{50};
  std::chrono::milliseconds connect_retry{200};
  std::chrono::milliseconds install_snapshot_timeout{3000};
  size_t segment_bytes = 8u << 20;      // at least 1 MiB, below 32 MiB (kInvalid otherwise: the engine breaks)
  size_t command_bytes_max = 4u << 20;  // one command; kLimit above
  size_t batch_bytes_max = 1u << 20;    // commands packed into one entry (a larger single command goes alone)
  size_t queue_commands_max = 65536;    // waiting proposals; kUnavailable beyond
  size_t queue_bytes_max = 64u << 20;   // their bytes; kUnavailable beyond
  // Snapshot once so many log bytes, and as many as the last snapshot has, were applied since it. A member that starts
  // applies what stands behind its snapshot in one go and can neither vote nor lead meanwhile.
  uint64_t snapshot_after_bytes = 4u << 20;
  unsigned snapshot_after_entries = 100000;      // or this many entries
  unsigned snapshot_trailing = 4096;             // entries kept behind a snapshot for members a little late,
  uint64_t snapshot_trailing_bytes = 16u << 20;  // and about their bytes at most: they stay in memory

  /// Called from the watchdog's thread when the group's thread made no turn for `stuck_after`; once each time.
  /// The usual answer is a metric and a log line, and abort() when it lasts longer than an election.
  std::function<void(std::chrono::milliseconds silent_for)> stuck;
  std::chrono::milliseconds stuck_after{1000};
  /// Called once, on the group's thread, when the group stops by itself (damaged data, foreign log).
  std::function<void(const Error&)> failed;
};

/// A log that also takes part in the network.
class LibraftLog : public ReplicatedLog {
 public:
  /// Hands over an accepted connection whose first bytes were kPreambleMagic (raft/preamble.h). `already_read` is
  /// everything read from it so far. Any thread; takes `fd` and closes it if the peer's preamble is refused.
  virtual void accept_connection(int fd, std::string already_read) = 0;
};

/// kInvalid for options out of range. `machine` and `book` must outlive the log.
Result<std::unique_ptr<LibraftLog>> make_libraft_log(LibraftOptions options, StateMachine& machine,
                                                     const AddressBook& book);

}  // namespace pelorus::raft
