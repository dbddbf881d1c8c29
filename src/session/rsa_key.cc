#include "session/rsa_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "meta/verifier.h"

namespace pelorus::session {
namespace {

constexpr int kBits = 2048;

struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};

Error undecipherable() { return {ErrorCode::kDenied, "The user name or password is incorrect."}; }

}  // namespace

struct RsaKey::Key {
  explicit Key(EVP_PKEY* made) : pkey(made) {}
  ~Key() { EVP_PKEY_free(pkey); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  EVP_PKEY* pkey;
};

RsaKey::RsaKey(std::unique_ptr<Key> key, std::string pem) : key_(std::move(key)), public_pem_(std::move(pem)) {}
RsaKey::~RsaKey() = default;

Result<std::unique_ptr<RsaKey>> RsaKey::generate() {
  auto key = std::make_unique<Key>(EVP_RSA_gen(kBits));
  if (key->pkey == nullptr) return Error{ErrorCode::kInternal, "An RSA key cannot be generated."};
  BIO* out = BIO_new(BIO_s_mem());
  std::string pem;
  if (out != nullptr && PEM_write_bio_PUBKEY(out, key->pkey) == 1) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    pem.assign(text, static_cast<size_t>(size));
  }
  BIO_free(out);
  if (pem.empty()) return Error{ErrorCode::kInternal, "An RSA key cannot be written as PEM."};
  return std::unique_ptr<RsaKey>(new RsaKey(std::move(key), std::move(pem)));
}

Result<std::string> RsaKey::decrypt(std::string_view base64) const {
  const auto bytes = meta::from_base64(base64);
  if (!bytes.ok()) return undecipherable();
  const std::unique_ptr<EVP_PKEY_CTX, FreeContext> context(EVP_PKEY_CTX_new(key_->pkey, nullptr));
  if (!context || EVP_PKEY_decrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1) {
    return undecipherable();
  }
  std::string plain(kBits / 8, '\0');
  size_t size = plain.size();
  if (EVP_PKEY_decrypt(context.get(), reinterpret_cast<unsigned char*>(plain.data()), &size,
                       reinterpret_cast<const unsigned char*>(bytes->data()), bytes->size()) != 1) {
    return undecipherable();
  }
  plain.resize(size);
  return plain;
}

}  // namespace pelorus::session
