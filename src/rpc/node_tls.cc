#include "rpc/node_tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace pelorus::rpc {
namespace {

constexpr size_t kNamesBytesMax = 200;  // in messages
constexpr const char* kNewCertificate =
    "have the cluster's authority issue a new one, put it into server.crt and serverPrivate.key of the node's keyPath "
    "(a running node takes it up by itself)";

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free_all>>;

Error invalid(const std::string& file, const std::string& what) {
  return {ErrorCode::kInvalid, "enableRpcSSL: " + file + " " + what};
}

Status check_readable(const std::string& file, const char* what) {
  if (std::FILE* open = std::fopen(file.c_str(), "rb")) {
    std::fclose(open);
    return {};
  }
  const int failure = errno;
  return Error{failure == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
               std::string("enableRpcSSL: ") + what + " cannot be read: " + file + ": " + std::strerror(failure) +
                   "; pelorus deploy makes these files, see docs/operations/deploy.md"};
}

std::string text_of(const ASN1_TIME* time) {
  const Memory memory(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(memory.get(), time);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

std::string common_name(X509* certificate) {
  std::array<char, 256> text;
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(),
                                             static_cast<int>(text.size()));
  return size < 0 ? std::string() : std::string(text.data(), static_cast<size_t>(size));
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  const auto* bytes = ASN1_STRING_get0_data(address);
  const int size = ASN1_STRING_length(address);
  std::array<char, 64> text;
  if (size == 4) {
    std::snprintf(text.data(), text.size(), "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
    return text.data();
  }
  std::string groups;
  for (int i = 0; i + 1 < size; i += 2) {
    std::snprintf(text.data(), text.size(), "%x", bytes[i] * 256u + bytes[i + 1]);
    groups += (groups.empty() ? "" : ":") + std::string(text.data());
  }
  return groups;
}

std::string names_of(X509* certificate) {
  std::string list;
  const auto add = [&](const std::string& name) { list += (list.empty() ? "" : ", ") + name; };
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_IPADD) add(address_text(name->d.iPAddress));
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    add(std::string(text, static_cast<size_t>(ASN1_STRING_length(name->d.dNSName))));
  }
  if (list.empty()) add(common_name(certificate));
  return list.size() <= kNamesBytesMax ? list : list.substr(0, kNamesBytesMax) + "…";
}

bool is_for(X509* certificate, const std::string& host) {
  return X509_check_ip_asc(certificate, host.c_str(), 0) == 1 ||
         X509_check_host(certificate, host.c_str(), host.size(), 0, nullptr) == 1;
}

}  // namespace

PeerCertificate::~PeerCertificate() { X509_free(certificate_); }

bool PeerCertificate::names(const std::string& host) const { return is_for(certificate_, host); }

std::string PeerCertificate::all_names() const { return names_of(certificate_); }

Status check_host(const std::string& alias, const PeerCertificate& certificate, const KnownHosts& hosts) {
  const auto known = hosts ? hosts(alias) : std::vector<std::string>();
  if (known.empty()) return {};
  std::string list;
  for (const auto& host : known) {
    if (certificate.names(host)) return {};
    list += (list.empty() ? "" : " or ") + host;
  }
  return Error{ErrorCode::kDenied,
               "'" + alias + "' lives on " + list + ", but showed a certificate for " + certificate.all_names() +
                   "; give its host a certificate of its own, or tell the cluster where it is now (moveMember)"};
}

std::string certificate_fault(int verify_code, X509* certificate, const TlsFiles& own) {
  switch (verify_code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "expired on " + (certificate == nullptr ? "?" : text_of(X509_get0_notAfter(certificate))) + "; " +
             kNewCertificate;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "is not valid before " + (certificate == nullptr ? "?" : text_of(X509_get0_notBefore(certificate))) +
             "; compare the clocks of the hosts";
    case X509_V_ERR_INVALID_PURPOSE:
      return std::string("may not be used for both ends of a connection (extendedKeyUsage: serverAuth, clientAuth); ") +
             kNewCertificate;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "was not signed by the authority in " + own.authority +
             "; all nodes of a cluster need the same ca.crt and certificates signed by it";
    default: return std::string("was refused: ") + X509_verify_cert_error_string(verify_code);
  }
}

Result<std::shared_ptr<NodeTls>> NodeTls::load(TlsFiles files, const std::string& own_host, TlsDemand demand) {
  std::shared_ptr<NodeTls> tls(new NodeTls(std::move(files), own_host, demand));
  TRY_DONE(tls->renew());
  return tls;
}

Status NodeTls::renew() {
  TRY_DONE(check_readable(files_.authority, "the certificate of the cluster's authority"));
  TRY_DONE(check_readable(files_.certificate, "this node's certificate"));
  TRY_DONE(check_readable(files_.key, "the key of this node's certificate"));
  const std::shared_ptr<SSL_CTX> made(SSL_CTX_new(TLS_method()), &SSL_CTX_free);
  SSL_CTX* const context = made.get();
  if (context == nullptr) return Error{ErrorCode::kInternal, "TLS cannot be set up"};
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);  // every connection shows its certificate
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);  // frames have lengths of their own
  ERR_clear_error();
  Status taken = take_files(context);
  if (taken.ok()) taken = check_own(context);
  ERR_clear_error();
  if (!taken.ok()) return taken;
  const std::lock_guard lock(mutex_);
  context_ = made;
  return {};
}

std::shared_ptr<SSL_CTX> NodeTls::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

Status NodeTls::take_files(SSL_CTX* context) const {
  if (SSL_CTX_load_verify_file(context, files_.authority.c_str()) != 1)
    return invalid(files_.authority, "holds no certificate in PEM form; copy the authority's ca.crt there");
  if (SSL_CTX_use_certificate_chain_file(context, files_.certificate.c_str()) != 1)
    return invalid(files_.certificate, "holds no certificate in PEM form");
  if (SSL_CTX_use_PrivateKey_file(context, files_.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_check_private_key(context) == 1) {
    return {};
  }
  const auto code = ERR_peek_last_error();
  const bool is_other = ERR_GET_LIB(code) == ERR_LIB_X509 && (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH ||
                                                              ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH);
  if (is_other) return invalid(files_.key, "is not the key of " + files_.certificate + "; both are made together");
  return invalid(files_.key, "holds no private key in PEM form without a passphrase");
}

Status NodeTls::check_own(SSL_CTX* context) const {
  X509* const own = SSL_CTX_get0_certificate(context);
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context, &chain);
  for (const auto* purpose : {"ssl_client", "ssl_server"}) {
    const std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>> check(X509_STORE_CTX_new());
    if (check == nullptr || X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context), own, chain) != 1 ||
        X509_STORE_CTX_set_default(check.get(), purpose) != 1) {
      return Error{ErrorCode::kInternal, "TLS cannot be set up"};
    }
    if (X509_verify_cert(check.get()) == 1) continue;
    const bool is_own = X509_STORE_CTX_get_error_depth(check.get()) == 0;
    return invalid(
        is_own ? files_.certificate : files_.authority,
        certificate_fault(X509_STORE_CTX_get_error(check.get()), X509_STORE_CTX_get_current_cert(check.get()), files_));
  }
  if (is_for(own, own_host_)) return {};
  return invalid(files_.certificate, "is made for " + names_of(own) + " and not for this node's host, " + own_host_ +
                                         " (localSite); " + kNewCertificate);
}

}  // namespace pelorus::rpc
