#include "session/login.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <charconv>

namespace pelorus::session {
namespace {

constexpr size_t kKeyBytes = 32;

std::string random_key() {
  std::string key(kKeyBytes, '\0');
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), static_cast<int>(key.size())) == 1);
  return key;
}

std::string hmac(const std::string& key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size) != nullptr);
  return {reinterpret_cast<const char*>(digest), size};
}

Error denied() { return {ErrorCode::kDenied, "The user name or password is incorrect."}; }
Error bad_ticket() { return {ErrorCode::kDenied, "The ticket is not valid or has expired. Log in again."}; }

std::string watch_key(const std::string& user, const std::string& ip) { return user + "\n" + ip; }

}  // namespace

Login::Login(Authenticator& users, const Clock& clock, LoginOptions options)
    : users_(users),
      clock_(clock),
      options_(std::move(options)),
      ticket_key_(options_.ticket_secret.empty() ? random_key() : hmac(options_.ticket_secret, "login tickets")),
      decoy_key_(random_key()) {}

Result<const RsaKey*> Login::key() {
  const std::lock_guard lock(mutex_);
  if (rsa_ == nullptr) {
    TRY(rsa_, RsaKey::generate());
  }
  return static_cast<const RsaKey*>(rsa_.get());
}

Result<std::string> Login::public_key() {
  TRY(const auto* rsa, key());
  return rsa->public_pem();
}

Status Login::check_lock(const std::string& user, const std::string& ip) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(watch_key(user, ip));
  if (found == watched_.end() || clock_.now() >= found->second.locked_until) return {};
  const auto left = std::chrono::ceil<std::chrono::seconds>(found->second.locked_until - clock_.now());
  return Error{ErrorCode::kLimit,
               "Too many failed logins from " + ip + ". Try again in " + std::to_string(left.count()) + " seconds."};
}

void Login::note_failure(const std::string& user, const std::string& ip) {
  const std::lock_guard lock(mutex_);
  if (watched_.size() >= options_.watched_max) watched_.erase(watched_.begin());
  auto& watched = watched_[watch_key(user, ip)];
  const auto now = clock_.now();
  watched.failures.push_back(now);
  while (now - watched.failures.front() > options_.failure_window) watched.failures.pop_front();
  if (watched.failures.size() < static_cast<size_t>(options_.failures_max)) return;
  watched.locked_until = now + options_.lock_time;
  watched.failures.clear();
}

void Login::forget_failures(const std::string& user, const std::string& ip) {
  const std::lock_guard lock(mutex_);
  watched_.erase(watch_key(user, ip));
}

/// A user that does not exist gets a verifier nothing can match, so that both cases cost the same.
Result<UserFacts> Login::facts_of(const std::string& user) {
  TRY(auto facts, users_.find_user(user));
  if (facts) return *facts;
  const auto decoy = hmac(decoy_key_, user);
  return UserFacts{.verifier = {.salt = decoy.substr(0, meta::kSaltBytes),
                                .iterations = meta::kScramIterations,
                                .stored_key = hmac(decoy_key_, decoy),
                                .server_key = decoy}};
}

Status Login::by_password(Session& session, std::string user, std::string password, bool encrypted) {
  if (encrypted) {
    TRY(const auto* rsa, key());
    TRY(user, rsa->decrypt(user));
    TRY(password, rsa->decrypt(password));
  }
  TRY_DONE(check_lock(user, session.remote().ip));
  TRY(const auto facts, facts_of(user));
  if (!meta::verify_password(facts.verifier, password)) {
    note_failure(user, session.remote().ip);
    return denied();
  }
  forget_failures(user, session.remote().ip);
  session.set_identity(user, facts.is_admin);
  return {};
}

Result<ScramChallenge> Login::scram_first(Session& session, const std::string& user, const std::string& client_nonce) {
  TRY_DONE(check_lock(user, session.remote().ip));
  TRY(const auto facts, facts_of(user));
  PendingScram pending{
      .user = user, .client_nonce = client_nonce, .combined_nonce = meta::make_combined_nonce(client_nonce)};
  ScramChallenge challenge{.salt_base64 = meta::to_base64(facts.verifier.salt),
                           .iterations = facts.verifier.iterations,
                           .combined_nonce = pending.combined_nonce};
  session.set_pending_scram(std::move(pending));
  return challenge;
}

Result<std::string> Login::scram_final(Session& session, const std::string& user, const std::string& combined_nonce,
                                       const std::string& proof) {
  TRY_DONE(check_lock(user, session.remote().ip));
  const auto pending = session.take_pending_scram();
  if (!pending || pending->user != user || pending->combined_nonce != combined_nonce) return denied();
  TRY(const auto facts, facts_of(user));
  auto signature = meta::verify_proof(
      facts.verifier, {.user = user, .client_nonce = pending->client_nonce, .combined_nonce = combined_nonce}, proof);
  if (!signature.ok()) {
    note_failure(user, session.remote().ip);
    return denied();
  }
  forget_failures(user, session.remote().ip);
  session.set_identity(user, facts.is_admin);
  return std::move(*signature);
}

std::string Login::sign(std::string_view text) const { return meta::to_base64(hmac(ticket_key_, text)); }

Result<std::string> Login::make_ticket(const Session& session) const {
  const auto caller = session.caller();
  if (caller.user == Session::kGuest) return Error{ErrorCode::kDenied, "A guest gets no ticket. Log in first."};
  return ticket_of(caller.user);
}

std::string Login::ticket_of(const std::string& user) const {
  const auto seconds = clock_.wall_ns() / 1'000'000'000 + options_.ticket_life.count();
  const auto text = std::to_string(seconds) + "\n" + user;
  return meta::to_base64(text + "\n" + sign(text));
}

Status Login::by_ticket(Session& session, const std::string& ticket) {
  const auto bytes = meta::from_base64(ticket);
  if (!bytes.ok()) return bad_ticket();
  const auto signature_at = bytes->rfind('\n');
  const auto user_at = bytes->find('\n');
  if (signature_at == std::string::npos || user_at == signature_at) return bad_ticket();
  const auto text = bytes->substr(0, signature_at);
  const auto expected = sign(text);
  const auto given = std::string_view(*bytes).substr(signature_at + 1);
  if (given.size() != expected.size() || CRYPTO_memcmp(given.data(), expected.data(), given.size()) != 0) {
    return bad_ticket();
  }
  int64_t expires = 0;
  std::from_chars(text.data(), text.data() + user_at, expires);
  if (clock_.wall_ns() / 1'000'000'000 >= expires) return bad_ticket();
  const auto user = text.substr(user_at + 1);
  TRY(const auto facts, users_.find_user(user));
  if (!facts) return bad_ticket();
  session.set_identity(user, facts->is_admin);
  return {};
}

}  // namespace pelorus::session
