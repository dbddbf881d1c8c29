#include "meta/verifier.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <vector>

namespace pelorus::meta {
namespace {

constexpr size_t kDigestBytes = 32;
constexpr size_t kNonceBytes = 18;

const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* raw(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string random_bytes(size_t size) {
  std::string bytes(size, '\0');
  CHECK_WITH(RAND_bytes(raw(bytes), static_cast<int>(size)) == 1, "the random source failed");
  return bytes;
}

std::string hmac(std::string_view key, std::string_view message) {
  std::string digest(kDigestBytes, '\0');
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(message), message.size(), raw(digest), &size));
  return digest;
}

std::string sha256(std::string_view message) {
  std::string digest(kDigestBytes, '\0');
  unsigned size = 0;
  CHECK(EVP_Digest(message.data(), message.size(), raw(digest), &size, EVP_sha256(), nullptr) == 1);
  return digest;
}

std::string salted_password(std::string_view password, std::string_view salt, int32_t iterations) {
  std::string key(kDigestBytes, '\0');
  CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), raw(salt), static_cast<int>(salt.size()),
                          iterations, EVP_sha256(), static_cast<int>(kDigestBytes), raw(key)) == 1);
  return key;
}

bool equal_bytes(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace

Result<Verifier> make_verifier(std::string_view password, int32_t iterations) {
  return make_verifier(password, random_bytes(kSaltBytes), iterations);
}

Result<Verifier> make_verifier(std::string_view password, std::string salt, int32_t iterations) {
  if (password.empty()) return Error{ErrorCode::kInvalid, "The password can't be empty."};
  if (iterations < 1 || iterations > kScramIterationsMax) {
    return Error{ErrorCode::kInvalid, "SCRAM iterations out of range: " + std::to_string(iterations)};
  }
  const auto salted = salted_password(password, salt, iterations);
  return Verifier{.salt = std::move(salt),
                  .iterations = iterations,
                  .stored_key = sha256(hmac(salted, "Client Key")),
                  .server_key = hmac(salted, "Server Key")};
}

bool verify_password(const Verifier& verifier, std::string_view password) {
  if (!verifier.is_set() || password.empty() || verifier.iterations > kScramIterationsMax) return false;
  const auto salted = salted_password(password, verifier.salt, verifier.iterations);
  return equal_bytes(sha256(hmac(salted, "Client Key")), verifier.stored_key);
}

std::string make_combined_nonce(std::string_view client_nonce) {
  return std::string(client_nonce) + to_base64(random_bytes(kNonceBytes));
}

Result<std::string> verify_proof(const Verifier& verifier, const ScramExchange& exchange, std::string_view proof) {
  const Error denied{ErrorCode::kDenied, "The user name or password is incorrect."};
  const auto bytes = from_base64(proof);
  if (!verifier.is_set() || !bytes.ok() || bytes->size() != kDigestBytes) return denied;
  const auto message = "n=" + exchange.user + ",r=" + exchange.client_nonce + ",r=" + exchange.combined_nonce +
                       ",s=" + to_base64(verifier.salt) + ",i=" + std::to_string(verifier.iterations) +
                       ",c=biws,r=" + exchange.combined_nonce;
  auto client_key = hmac(verifier.stored_key, message);
  for (size_t i = 0; i < kDigestBytes; ++i) client_key[i] = static_cast<char>(client_key[i] ^ (*bytes)[i]);
  if (!equal_bytes(sha256(client_key), verifier.stored_key)) return denied;
  return to_base64(hmac(verifier.server_key, message));
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  text.resize(static_cast<size_t>(EVP_EncodeBlock(raw(text), raw(bytes), static_cast<int>(bytes.size()))));
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  std::string dense;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') dense += c;
  }
  std::string bytes(dense.size() / 4 * 3 + 3, '\0');
  const auto size = EVP_DecodeBlock(raw(bytes), raw(dense), static_cast<int>(dense.size()));
  if (dense.size() % 4 != 0 || size < 0) return Error{ErrorCode::kInvalid, "not base64"};
  size_t padding = 0;
  while (padding < 2 && padding < dense.size() && dense[dense.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

}  // namespace pelorus::meta
