#pragma once
// The opening of a connection: who are you, and do you know the cluster key? Format: docs/protocol/rpc.md,
// "Handshake". Step functions over bytes: no socket, no thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "rpc/peer.h"

namespace pelorus::rpc {

inline constexpr std::string_view kPreamble = "PRPC";  // first bytes of every connection between nodes
inline constexpr uint16_t kProtocolVersion = 1;
inline constexpr size_t kHandshakeBytesMax = 4096;  // of one message; longer ones end the connection

/// Connections to one peer by what they carry, so that big frames never delay small and urgent ones.
enum class Lane : uint8_t { kUrgent = 0, kOrdinary = 1, kBulk = 2 };
inline constexpr size_t kLaneCount = 3;

/// Both ends' settings of a handshake.
struct HandshakeOptions {
  Identity self;
  std::string key;           // of the cluster; empty: the cluster UUID alone is trusted
  std::string called_alias;  // client: who is expected to answer; empty: anybody
  Lane lane = Lane::kOrdinary;
};

/// Feed it what arrives, send what it gives, until it is done.
class Handshake {
 public:
  enum class Side : uint8_t { kClient, kServer };
  /// Called on the server once the proof holds; an Error refuses the peer and is told to it.
  using Admit = std::function<Status(const Identity&)>;

  Handshake(Side side, HandshakeOptions options, Admit admit = {});

  /// What to send first (the client's preamble and hello; nothing on the server).
  Bytes start();
  /// Takes its messages from the front of `bytes` and drops them there; appends what is to be sent to `reply`.
  /// An Error ends the connection, after `reply` was sent. kDenied: wrong key, foreign cluster, not admitted;
  /// kCorrupt: not this protocol; kConflict: another node answers at this address.
  Status advance(std::string_view& bytes, Bytes& reply);

  /// What a server sends instead of its answer, before it closes the connection.
  static Bytes refusal(const Error& error);

  Side side() const { return side_; }
  bool done() const { return step_ == Step::kDone; }
  /// Once done.
  const Identity& peer() const { return peer_; }
  bool peer_is_member() const { return !peer_.cluster.is_nil() && peer_.cluster == options_.self.cluster; }
  Lane lane() const { return options_.lane; }

 private:
  enum class Step : uint8_t { kPreamble, kHello, kAnswer, kProof, kVerdict, kDone };

  Status on_message(std::string_view message, Bytes& reply);
  Status on_hello(std::string_view message, Bytes& reply);
  Status on_answer(std::string_view message, Bytes& reply);
  Status on_proof(std::string_view message, Bytes& reply);
  Status on_verdict(std::string_view message);
  Status check_cluster() const;
  Bytes proof(std::string_view who) const;
  static Error refuse(Error error, Bytes& reply);

  const Side side_;
  HandshakeOptions options_;
  const Admit admit_;
  Step step_;
  Bytes hello_;   // the client's, as sent
  Bytes answer_;  // the server's without its proof, as sent
  Identity peer_;
};

}  // namespace pelorus::rpc
