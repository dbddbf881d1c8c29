#include "cli/certificates.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>

namespace pelorus::cli {
namespace {

constexpr long kDay = 24L * 3600;
constexpr long kAuthorityDays = 20L * 365, kServerDays = 10L * 365;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

Error failed(const std::string& what) { return Error{ErrorCode::kInternal, "OpenSSL could not make " + what}; }

Memory memory_of(const std::string& text) {
  return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(const Memory& memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return std::string(bytes, static_cast<size_t>(size));
}

Certificate read_certificate(const std::string& text) {
  return Certificate(PEM_read_bio_X509(memory_of(text).get(), nullptr, nullptr, nullptr));
}

bool add_extension(X509& certificate, X509& issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

/// Version, serial number, name, times and key; unsigned.
Certificate begin(EVP_PKEY& key, const std::string& name, long days) {
  Certificate certificate(X509_new());
  std::array<unsigned char, 16> serial;
  if (certificate == nullptr || RAND_bytes(serial.data(), serial.size()) != 1) return nullptr;
  serial[0] &= 0x7F;
  const std::unique_ptr<BIGNUM, Freer<BN_free>> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
  X509_set_version(certificate.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay);  // clocks may differ
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), days * kDay);
  X509_set_pubkey(certificate.get(), &key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "O", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>("Pelorus"), -1, -1, 0);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

Result<KeyAndCertificate> texts_of(EVP_PKEY& key, X509& certificate) {
  const Memory key_text(BIO_new(BIO_s_mem())), certificate_text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(key_text.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), &certificate) != 1) {
    return failed("the text of a certificate");
  }
  return KeyAndCertificate{text_of(key_text), text_of(certificate_text)};
}

}  // namespace

Result<KeyAndCertificate> make_authority(const std::string& cluster) {
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return failed("a key");
  // A common name has at most 64 letters.
  const auto certificate = begin(*key, ("Pelorus cluster " + cluster).substr(0, 64), kAuthorityDays);
  if (certificate == nullptr) return failed("an authority");
  auto& made = *certificate;
  X509_set_issuer_name(&made, X509_get_subject_name(&made));
  if (!add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(made, made, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(made, made, NID_subject_key_identifier, "hash") ||
      X509_sign(&made, key.get(), EVP_sha256()) == 0) {
    return failed("an authority");
  }
  return texts_of(*key, made);
}

Result<KeyAndCertificate> make_server_certificate(const KeyAndCertificate& authority,
                                                  const std::vector<std::string>& names) {
  const auto issuer = read_certificate(authority.certificate);
  const Key issuer_key(PEM_read_bio_PrivateKey(memory_of(authority.key).get(), nullptr, nullptr, nullptr));
  if (issuer == nullptr || issuer_key == nullptr || names.empty()) {
    return Error{ErrorCode::kInvalid, "the cluster's certificate authority (keys/ca.crt, keys/ca.key) cannot be read"};
  }
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return failed("a key");
  const auto certificate = begin(*key, names.front().substr(0, 64), kServerDays);
  if (certificate == nullptr) return failed("a certificate");
  auto& made = *certificate;
  X509_set_issuer_name(&made, X509_get_subject_name(issuer.get()));
  std::string alternatives;
  for (const auto& name : names) {
    std::array<unsigned char, 16> address;
    const bool is_address =
        inet_pton(AF_INET, name.c_str(), address.data()) == 1 || inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
    alternatives += (alternatives.empty() ? "" : ",") + std::string(is_address ? "IP:" : "DNS:") + name;
  }
  if (!add_extension(made, *issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(made, *issuer, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(made, *issuer, NID_ext_key_usage, "serverAuth,clientAuth") ||
      !add_extension(made, *issuer, NID_subject_alt_name, alternatives) ||
      !add_extension(made, *issuer, NID_authority_key_identifier, "keyid") ||
      X509_sign(&made, issuer_key.get(), EVP_sha256()) == 0) {
    return failed("a certificate for " + names.front());
  }
  return texts_of(*key, made);
}

bool is_for_host(const std::string& certificate, const std::string& host) {
  const auto one = read_certificate(certificate);
  return one != nullptr && (X509_check_ip_asc(one.get(), host.c_str(), 0) == 1 ||
                            X509_check_host(one.get(), host.c_str(), host.size(), 0, nullptr) == 1);
}

bool is_signed_by(const std::string& certificate, const std::string& authority) {
  const auto one = read_certificate(certificate), other = read_certificate(authority);
  if (one == nullptr || other == nullptr) return false;
  const Key key(X509_get_pubkey(other.get()));
  return key != nullptr && X509_verify(one.get(), key.get()) == 1;
}

bool is_key_of(const std::string& key, const std::string& certificate) {
  const auto one = read_certificate(certificate);
  const Key own(PEM_read_bio_PrivateKey(memory_of(key).get(), nullptr, nullptr, nullptr));
  return one != nullptr && own != nullptr && X509_check_private_key(one.get(), own.get()) == 1;
}

std::optional<int64_t> end_of(const std::string& certificate) {
  const auto one = read_certificate(certificate);
  tm end{};
  if (one == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(one.get()), &end) != 1) return std::nullopt;
  return timegm(&end);
}

std::string day_of(int64_t seconds) {
  const auto moment = static_cast<time_t>(seconds);
  tm utc{};
  gmtime_r(&moment, &utc);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &utc);
  return text;
}

Result<std::string> random_key() {
  std::array<unsigned char, 32> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return failed("random numbers");
  constexpr char kDigits[] = "0123456789abcdef";
  std::string key;
  for (const auto byte : bytes) {
    key += kDigits[byte >> 4];
    key += kDigits[byte & 15];
  }
  return key;
}

Result<std::string> random_password() {
  // 32 letters: each byte gives one without bias. Some rules want at most 20 letters (passwordMaxLength).
  constexpr char kLetters[] = "abcdefghijkmnpqrstuvwxyz23456789";
  static_assert(sizeof kLetters == 33);
  std::array<unsigned char, 20> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return failed("random numbers");
  std::string password;
  for (const auto byte : bytes) password += kLetters[byte & 31];
  return password;
}

}  // namespace pelorus::cli
