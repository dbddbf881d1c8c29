#pragma once
// What is kept of a password: SCRAM-SHA-256 salt, iterations and keys. The password itself is never kept.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "meta/archive.h"

namespace pelorus::meta {

inline constexpr int32_t kScramIterations = 10000;  // some 4 ms of one core
inline constexpr int32_t kScramIterationsMax = 1000000;
inline constexpr size_t kSaltBytes = 16;

/// All byte strings are raw, not base64.
struct Verifier {
  std::string salt;
  int32_t iterations = 0;
  std::string stored_key;  // 32 bytes
  std::string server_key;  // 32 bytes

  bool is_set() const { return iterations > 0; }
  bool operator==(const Verifier&) const = default;
  template <class A>
  void fields(A& a) {
    a(salt, iterations, stored_key, server_key);
  }
};

/// With a random salt. Cost: `iterations` of PBKDF2. kInvalid for an empty password or iterations out of range.
Result<Verifier> make_verifier(std::string_view password, int32_t iterations = kScramIterations);
/// The same with a given salt: deterministic.
Result<Verifier> make_verifier(std::string_view password, std::string salt, int32_t iterations);

/// For logins that bring the password itself (plain or RSA). Constant time in the comparison.
bool verify_password(const Verifier& verifier, std::string_view password);

/// One exchange of SCRAM as the clients compute it (docs/protocol/native.md, login). Nonces and salt as sent: text.
struct ScramExchange {
  std::string user;
  std::string client_nonce;
  std::string combined_nonce;  // begins with client_nonce
};
/// 18 random bytes in base64 after the client's nonce.
std::string make_combined_nonce(std::string_view client_nonce);
/// Checks the client's proof (base64); the server's signature (base64), or kDenied.
Result<std::string> verify_proof(const Verifier& verifier, const ScramExchange& exchange, std::string_view proof);

std::string to_base64(std::string_view bytes);
/// Blanks and line breaks are skipped; kInvalid for other characters or a wrong length.
Result<std::string> from_base64(std::string_view text);

}  // namespace pelorus::meta
