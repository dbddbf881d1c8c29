#pragma once
// TLS between nodes (setting enableRpcSSL): this node's certificate, the authority of the cluster, and whom a peer's
// certificate was made for. docs/protocol/rpc.md, "TLS".

#include <openssl/types.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"

namespace pelorus::rpc {

/// PEM files.
struct TlsFiles {
  std::string authority;    // signed the certificates of all nodes; several while one replaces another
  std::string certificate;  // this node's, then the chain up to the authority if there is one between
  std::string key;          // of the certificate
};

/// A certificate that was verified. Immutable.
class PeerCertificate {
 public:
  /// Takes it over.
  explicit PeerCertificate(X509* certificate) : certificate_(certificate) {}
  ~PeerCertificate();
  PeerCertificate(const PeerCertificate&) = delete;
  PeerCertificate& operator=(const PeerCertificate&) = delete;

  /// A host name or an address: among its alternative names or, where it has none of that kind, its common name.
  bool names(const std::string& host) const;
  /// All of them, for messages: "10.0.0.11, host-1, localhost".
  std::string all_names() const;

 private:
  X509* const certificate_;
};

/// Whether peers may also speak in plain text.
enum class TlsDemand : uint8_t {
  kAlways,
  kWhereSpoken,  // while TLS is turned on or off in a running cluster: plain peers are let in, and dialled as they
                 // speak
};

/// What every TLS connection of a node shares. Thread-safe.
class NodeTls {
 public:
  /// Reads the files and checks what a peer would: the certificate is within its time, signed by the authority, good
  /// for both ends of a connection, and made for `own_host`; the key belongs to it. Each error names the file and what
  /// to do: kNotFound and kIo for a file that cannot be read, kInvalid for the rest.
  static Result<std::shared_ptr<NodeTls>> load(TlsFiles files, const std::string& own_host,
                                               TlsDemand demand = TlsDemand::kAlways);
  NodeTls(const NodeTls&) = delete;
  NodeTls& operator=(const NodeTls&) = delete;

  /// Reads the files again: connections opened from now on use what they hold. Errors as load()'s; then all stays as it
  /// was.
  Status renew();
  /// For one connection, which keeps it.
  std::shared_ptr<SSL_CTX> context() const;
  const TlsFiles& files() const { return files_; }
  bool allows_plain() const { return demand_ == TlsDemand::kWhereSpoken; }

 private:
  NodeTls(TlsFiles files, std::string own_host, TlsDemand demand)
      : files_(std::move(files)), own_host_(std::move(own_host)), demand_(demand) {}
  Status take_files(SSL_CTX* context) const;
  Status check_own(SSL_CTX* context) const;

  const TlsFiles files_;
  const std::string own_host_;
  const TlsDemand demand_;
  mutable std::mutex mutex_;
  std::shared_ptr<SSL_CTX> context_;  // guarded by mutex_
};

/// Hosts where a member may live: what this node's files say and what the cluster knows; they differ while it moves.
/// Empty: nobody knows that alias. Thread-safe and quick.
using KnownHosts = std::function<std::vector<std::string>(const std::string& alias)>;

/// A member's certificate must be that of the host where it lives: who has taken one host cannot speak for nodes of
/// another. An alias nobody knows yet speaks for nobody. kDenied.
Status check_host(const std::string& alias, const PeerCertificate& certificate, const KnownHosts& hosts);

/// Why a certificate was refused, by OpenSSL's code, and what to do: "expired on Nov 28 05:14:26 2026 GMT; …".
std::string certificate_fault(int verify_code, X509* certificate, const TlsFiles& own);

}  // namespace pelorus::rpc
