#pragma once
// The key pair under which clients encrypt user and password (getDynamicPublicKey).

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pelorus::session {

/// RSA of 2048 bits. Immutable, thread-safe.
class RsaKey {
 public:
  /// Cost: some hundred milliseconds. Errors: kInternal.
  static Result<std::unique_ptr<RsaKey>> generate();
  ~RsaKey();

  /// SubjectPublicKeyInfo in PEM, with line feeds.
  const std::string& public_pem() const { return public_pem_; }
  /// Of PKCS#1 v1.5 in base64 (white space inside is skipped). Errors: kDenied, always the same.
  Result<std::string> decrypt(std::string_view base64) const;

 private:
  struct Key;
  RsaKey(std::unique_ptr<Key> key, std::string pem);

  std::unique_ptr<Key> key_;
  std::string public_pem_;
};

}  // namespace pelorus::session
