#pragma once
// One TLS connection between two nodes over a socket that does not block: both ends show certificates.

#include <sys/types.h>
#include <sys/uio.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/error.h"
#include "rpc/node_tls.h"

namespace pelorus::rpc {

/// Behind the four letters of the protocol (PRPC, PRFT): TLS follows. As many bytes as the node's listener reads at
/// most before it hands a connection over.
inline constexpr std::string_view kTlsMark = "/TLS";

struct TlsSessionOptions {
  std::shared_ptr<const NodeTls> tls;
  std::string protocol;       // PRPC or PRFT
  std::string dialled;        // the host that was dialled, which the peer's certificate must name; empty: we accept
  std::string already_read;   // acceptor: all bytes received so far
  std::string plain_refusal;  // acceptor: sent to a peer that goes on in plain text, unless `tls` allows it
};

/// Does not own the socket. Thread-safe once it is open; the process must ignore SIGPIPE.
class TlsSession {
 public:
  TlsSession(int fd, TlsSessionOptions options);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Goes on as far as the socket lets it; true once open. An Error ends the connection, with what was wrong and what
  /// to do: kDenied for a peer that may not come in, kUnavailable for one that was dialled and does not fit, or for a
  /// connection that broke.
  Result<bool> shake_hands();
  bool is_open() const { return open_; }
  /// Before it is open: waits to send.
  bool wants_write() const { return wants_write_; }
  /// Once open. Null: the peer speaks in plain text, which `tls` allows; read() and write() are the socket's then.
  const std::shared_ptr<const PeerCertificate>& peer() const { return peer_; }
  /// After a dialler's failed handshake: the peer did not begin TLS at all.
  bool was_ignored() const { return ignored_; }

  /// As recv() and sendmsg() on the socket: -1 with errno, EAGAIN when it would block; EPROTO: see failure().
  ssize_t read(char* to, size_t size);
  ssize_t write(const iovec* pieces, int count);
  /// Bytes were received that read() gives without the socket.
  bool has_buffered() const;
  std::string failure() const;

 private:
  bool is_dialler() const { return !options_.dialled.empty(); }
  Result<bool> send_mark();
  Result<bool> read_mark();
  Error refuse_plain();
  Result<bool> finish_handshake();
  ssize_t read_plain(char* to, size_t size);
  /// Under mutex_: -1 with errno after a call that gave no byte.
  ssize_t fault(int result);
  std::string describe_fault(int kind) const;
  Error error_of(std::string text) const;
  static int on_certificate(int is_good, X509_STORE_CTX* store);

  const TlsSessionOptions options_;
  const int fd_;
  std::string mark_;  // of ours what is not sent, of the peer's what is read
  bool mark_done_ = false;
  bool plain_ = false;    // before it is open
  bool ignored_ = false;  // as above
  std::atomic<bool> open_{false};
  std::atomic<bool> wants_write_{false};
  std::shared_ptr<const PeerCertificate> peer_;

  mutable std::mutex mutex_;
  SSL* const ssl_;                    // guarded by mutex_ once open
  std::string certificate_fault_;     // guarded by mutex_ once open
  std::string failure_;               // guarded by mutex_
  std::unique_ptr<char[]> gathered_;  // guarded by mutex_
};

}  // namespace pelorus::rpc
