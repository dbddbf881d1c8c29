#pragma once
// Connections between the members of one group: dials by member id through the address book, accepts sockets the
// node's listener hands over, and gives both to the engine once the preamble (raft/preamble.h) has been exchanged.
// Everything runs on the group's loop thread. With TLS a tunnel (rpc/tls_tunnel.h) owns the socket to the peer, and all
// here, the engine too, reads and writes its local end.

#include <uv.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "raft/preamble.h"
#include "raft/replicated_log.h"
#include "rpc/tls_tunnel.h"

struct raft_engine;

namespace pelorus::raft {

class Connection;

struct TransportOptions {
  Preamble self;  // target and nonce are filled in for every connection
  std::string cluster_key;
  std::shared_ptr<const rpc::NodeTls> tls;
  rpc::KnownHosts hosts;
  uint64_t handshake_ms = 3000;        // a preamble exchange that takes longer is dropped
  uint64_t duplicate_window_ms = 300;  // a member heard this recently cannot connect as another instance
  unsigned unanswered_ms = 3000;       // a peer that confirms no byte for so long is dialled anew
  size_t incoming_max = 64;            // unfinished incoming connections; more are closed
};

class Transport {
 public:
  Transport(uv_loop_t* loop, TransportOptions options, const AddressBook& book);
  ~Transport();

  void attach(raft_engine* engine) { engine_ = engine; }
  /// Starts a dial; the engine's `request` is answered later. False when closing.
  bool dial(void* request, uint64_t member, const std::string& alias);
  /// Takes the socket.
  void accept(int fd, std::string already_read);
  /// Drops what is under way, then tells the engine.
  void close();
  /// A message of this member arrived on an established connection.
  void heard(uint64_t member);

 private:
  friend class Connection;

  /// Why this peer is not let in; empty if it is.
  std::string objection_to(const Preamble& peer) const;
  void admit(const Preamble& peer, uv_stream_t* stream);
  void forget(Connection* connection);
  void report(const std::string& message);

  struct Peer {
    Uuid instance;
    uint64_t heard_ms = 0;
  };

  uv_loop_t* const loop_;
  const TransportOptions options_;
  const AddressBook& book_;
  const std::unique_ptr<rpc::TlsTunnels> tunnels_;  // null: plain text
  raft_engine* engine_ = nullptr;
  std::set<std::unique_ptr<Connection>> connections_;
  std::map<uint64_t, Peer> peers_;
  std::set<uint64_t> plain_peers_;  // where TLS is not demanded: members that did not speak it when dialled last
  size_t incoming_ = 0;
  std::map<std::string, uint64_t> reported_ms_;  // by message, at most some dozen
  bool closing_ = false;
};

}  // namespace pelorus::raft
