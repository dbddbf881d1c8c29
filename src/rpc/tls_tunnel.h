#pragma once
// A TLS connection behind a local socket, for those who read and write plain descriptors only (the Raft engine).

#include <memory>
#include <string>

#include "rpc/event_loop.h"
#include "rpc/tls_session.h"

namespace pelorus::rpc {

/// One connection and its local socket. Thread-safe.
class TlsTunnel {
 public:
  virtual ~TlsTunnel() = default;
  /// Null before the handshake is done; set before the first byte of the peer comes out of the local socket, unless it
  /// speaks in plain text and may.
  virtual std::shared_ptr<const PeerCertificate> peer() const = 0;
  /// Why it ended, once the local socket is at its end; empty when a side just closed it.
  virtual std::string failure() const = 0;
  /// As TlsSession::was_ignored(), once the local socket is at its end.
  virtual bool was_ignored() const = 0;
};

/// All tunnels of one owner, with a thread for them.
class TlsTunnels {
 public:
  struct Opened {
    int fd = -1;  // the local end, the caller's; does not block
    std::shared_ptr<const TlsTunnel> tunnel;
  };

  explicit TlsTunnels(std::string thread_name) : loop_(std::move(thread_name)) {}

  /// Takes over `fd`, a connected socket. The tunnel ends when either side closes; what was written before is
  /// delivered if the other side still takes it. kIo: out of descriptors, `fd` is closed then.
  Result<Opened> open(int fd, TlsSessionOptions options);

 private:
  EventLoop loop_;
};

}  // namespace pelorus::rpc
