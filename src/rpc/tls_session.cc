#include "rpc/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace pelorus::rpc {
namespace {

constexpr size_t kMarkBytes = 8;
constexpr size_t kRecordBytes = 16 << 10;  // of one TLS record; smaller pieces share one
constexpr int kAlertReasons = 1000;        // reasons from here on are the peer's alerts

/// What the peer's alert says of our certificate; empty for other alerts.
std::string refusal_of(int alert) {
  switch (alert) {
    case SSL_AD_CERTIFICATE_EXPIRED: return "it has expired";
    case SSL_AD_DECRYPT_ERROR:  // an authority of the same name with another key
    case SSL_AD_UNKNOWN_CA: return "another authority signed it; all nodes of a cluster need the same ca.crt";
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_UNKNOWN: return "it is not good for a node; the peer's log says why";
    case SSL_AD_CERTIFICATE_REQUIRED: return "none was sent";
    default: return {};
  }
}

}  // namespace

TlsSession::TlsSession(int fd, TlsSessionOptions options)
    : options_(std::move(options)),
      fd_(fd),
      mark_(is_dialler() ? options_.protocol + std::string(kTlsMark) : options_.already_read),
      ssl_(SSL_new(options_.tls->context().get())) {
  CHECK(ssl_ != nullptr && SSL_set_fd(ssl_, fd_) == 1);
  SSL_set_app_data(ssl_, this);
  SSL_set_verify(ssl_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, &TlsSession::on_certificate);
  if (is_dialler()) {
    SSL_set_connect_state(ssl_);
  } else {
    SSL_set_accept_state(ssl_);
  }
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

int TlsSession::on_certificate(int is_good, X509_STORE_CTX* store) {
  if (is_good == 1) return 1;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* self = static_cast<TlsSession*>(SSL_get_app_data(ssl));
  X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  std::string names;  // no more than a claim: the certificate was not verified
  if (certificate != nullptr && X509_up_ref(certificate) == 1)
    names = " (for " + PeerCertificate(certificate).all_names() + ")";
  const bool is_own = X509_STORE_CTX_get_error_depth(store) == 0;
  self->certificate_fault_ =
      (is_own ? "its certificate" : "the authority of its certificate") + names + " " +
      certificate_fault(X509_STORE_CTX_get_error(store), certificate, self->options_.tls->files());
  return 0;
}

Error TlsSession::error_of(std::string text) const {
  return {is_dialler() ? ErrorCode::kUnavailable : ErrorCode::kDenied, std::move(text)};
}

Result<bool> TlsSession::shake_hands() {
  wants_write_ = false;
  if (!mark_done_) {
    auto marked = is_dialler() ? send_mark() : read_mark();
    if (!marked.ok() || !*marked) return marked;
    mark_done_ = true;
    if (plain_) {
      open_ = true;
      return true;
    }
    mark_.clear();
  }
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done == 1) return finish_handshake();
  const int kind = SSL_get_error(ssl_, done);
  if (kind == SSL_ERROR_WANT_READ) return false;
  if (kind == SSL_ERROR_WANT_WRITE) {
    wants_write_ = true;
    return false;
  }
  const bool just_broke = kind != SSL_ERROR_SSL;
  ignored_ = is_dialler() && certificate_fault_.empty() &&
             (kind != SSL_ERROR_SSL || ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_WRONG_VERSION_NUMBER);
  auto error = error_of(describe_fault(kind));
  if (just_broke) error.code = ErrorCode::kUnavailable;
  return error;
}

Result<bool> TlsSession::finish_handshake() {
  X509* const certificate = SSL_get1_peer_certificate(ssl_);
  CHECK(certificate != nullptr);  // SSL_VERIFY_FAIL_IF_NO_PEER_CERT; a peer that dials shows it as well
  peer_ = std::make_shared<const PeerCertificate>(certificate);
  if (is_dialler() && !peer_->names(options_.dialled)) {
    return error_of("the certificate of " + options_.dialled + " is made for " + peer_->all_names() +
                    ", not for that host; either another host answers there, or it needs a certificate of its own");
  }
  open_ = true;
  return true;
}

Result<bool> TlsSession::send_mark() {
  while (!mark_.empty()) {
    const auto sent = ::send(fd_, mark_.data(), mark_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      wants_write_ = true;
      return false;
    }
    if (sent < 0) return Error{ErrorCode::kUnavailable, std::string("cannot send: ") + std::strerror(errno)};
    mark_.erase(0, static_cast<size_t>(sent));
  }
  return true;
}

Result<bool> TlsSession::read_mark() {
  const auto expected = options_.protocol + std::string(kTlsMark);
  while (mark_.size() < kMarkBytes) {
    char bytes[kMarkBytes];
    const auto got = ::recv(fd_, bytes, kMarkBytes - mark_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (got <= 0) return Error{ErrorCode::kUnavailable, "the peer closed the connection before it said anything"};
    mark_.append(bytes, static_cast<size_t>(got));
  }
  if (mark_ == expected) return true;
  if (options_.tls->allows_plain() && mark_.starts_with(options_.protocol)) {
    plain_ = true;  // what was read is the beginning of what it says
    return true;
  }
  return refuse_plain();
}

Error TlsSession::refuse_plain() {
  (void)!::send(fd_, options_.plain_refusal.data(), options_.plain_refusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(fd_, SHUT_WR);
  // A socket closed with bytes unread would take the refusal back.
  char bytes[1024];
  while (::recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  return error_of(
      "it spoke in plain text, and this node takes only TLS from other nodes (enableRpcSSL=1); set it on that node, "
      "too");
}

std::string TlsSession::describe_fault(int kind) const {
  const auto& files = options_.tls->files();
  if (kind != SSL_ERROR_SSL) {
    std::string text = "the connection ended during the TLS handshake";
    if (kind == SSL_ERROR_SYSCALL && errno != 0) text += std::string(": ") + std::strerror(errno);
    return is_dialler() ? text + "; it is starting, or has no enableRpcSSL=1" : text;
  }
  if (!certificate_fault_.empty()) return certificate_fault_;
  const auto code = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(code);
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    return "it showed no certificate; nodes need server.crt and serverPrivate.key, signed by " + files.authority;
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST)
    return is_dialler() ? "it answered in plain text; set enableRpcSSL=1 there" : "what it sent is not TLS";
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_NO_PROTOCOLS_AVAILABLE)
    return "it does not speak TLS 1.3, which nodes need";
  const auto refused = reason >= kAlertReasons ? refusal_of(reason - kAlertReasons) : std::string();
  if (!refused.empty()) return "it refused this node's certificate, " + files.certificate + ": " + refused;
  const char* text = ERR_reason_error_string(code);
  return std::string("TLS failed: ") + (text == nullptr ? "no reason given" : text);
}

ssize_t TlsSession::fault(int result) {
  const int kind = SSL_get_error(ssl_, result);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
    return -1;
  }
  if (kind == SSL_ERROR_ZERO_RETURN) return 0;
  if (kind == SSL_ERROR_SYSCALL && errno == 0) return 0;
  if (kind == SSL_ERROR_SYSCALL) return -1;
  failure_ = describe_fault(kind);
  errno = EPROTO;
  return -1;
}

/// Under mutex_.
ssize_t TlsSession::read_plain(char* to, size_t size) {
  if (mark_.empty()) return ::recv(fd_, to, size, 0);
  size = std::min(size, mark_.size());
  std::memcpy(to, mark_.data(), size);
  mark_.erase(0, size);
  return static_cast<ssize_t>(size);
}

ssize_t TlsSession::read(char* to, size_t size) {
  const std::lock_guard lock(mutex_);
  if (plain_) return read_plain(to, size);
  ERR_clear_error();
  errno = 0;
  size_t got = 0;
  const int done = SSL_read_ex(ssl_, to, size, &got);
  return done == 1 ? static_cast<ssize_t>(got) : fault(done);
}

ssize_t TlsSession::write(const iovec* pieces, int count) {
  if (plain_) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<size_t>(count);
    return ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  const std::lock_guard lock(mutex_);
  const char* from = static_cast<const char*>(pieces[0].iov_base);
  size_t size = pieces[0].iov_len;
  if (size < kRecordBytes && count > 1) {
    // The same bytes come again after EAGAIN, perhaps with more behind them, as SSL_write wants it.
    if (!gathered_) gathered_ = std::make_unique<char[]>(kRecordBytes);
    size = 0;
    for (int i = 0; i < count && size < kRecordBytes; ++i) {
      const auto part = std::min(pieces[i].iov_len, kRecordBytes - size);
      std::memcpy(gathered_.get() + size, pieces[i].iov_base, part);
      size += part;
    }
    from = gathered_.get();
  }
  ERR_clear_error();
  errno = 0;
  size_t sent = 0;
  const int done = SSL_write_ex(ssl_, from, size, &sent);
  if (done == 1) return static_cast<ssize_t>(sent);
  const auto failed = fault(done);
  if (failed == 0) errno = EPIPE;
  return -1;
}

bool TlsSession::has_buffered() const {
  const std::lock_guard lock(mutex_);
  return plain_ ? !mark_.empty() : SSL_pending(ssl_) > 0;
}

std::string TlsSession::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace pelorus::rpc
