#pragma once
// For tests: an authority and certificates it signs, as files in a directory of their own.

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "base/ids.h"
#include "rpc/node_tls.h"

namespace pelorus::rpc {

class TestAuthority {
 public:
  struct Wanted {
    std::string names = "IP:127.0.0.1,DNS:localhost";
    std::string uses = "serverAuth,clientAuth";
    long begins_s = -3600;  // from now
    long ends_s = 3600;
  };

  explicit TestAuthority(const std::string& name = "test cluster", long ends_s = 3600)
      : directory_(std::filesystem::temp_directory_path() / ("pelorus_keys_" + Uuid::random().to_string())),
        key_(EVP_EC_gen("P-256")),
        certificate_(begin(key_, name, {.ends_s = ends_s})) {
    std::filesystem::create_directories(directory_);
    std::signal(SIGPIPE, SIG_IGN);
    X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
    extend(certificate_, NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(certificate_, key_, EVP_sha256());
    write(file("ca.crt"), certificate_, nullptr);
  }
  ~TestAuthority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
    std::filesystem::remove_all(directory_);
  }
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  std::string file(const std::string& name) const { return (directory_ / name).string(); }
  /// A new key and its certificate.
  TlsFiles issue(const std::string& name, const Wanted& wanted) const {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* made = begin(key, name, wanted);
    X509_set_issuer_name(made, X509_get_subject_name(certificate_));
    extend(made, NID_ext_key_usage, wanted.uses);
    if (!wanted.names.empty()) extend(made, NID_subject_alt_name, wanted.names);
    X509_sign(made, key_, EVP_sha256());
    const TlsFiles files{file("ca.crt"), file(name + ".crt"), file(name + ".key")};
    write(files.certificate, made, nullptr);
    write(files.key, nullptr, key);
    X509_free(made);
    EVP_PKEY_free(key);
    return files;
  }
  TlsFiles issue(const std::string& name) const { return issue(name, Wanted{}); }
  /// Ready for connections; the certificate must be good for `host`.
  std::shared_ptr<NodeTls> load(const std::string& name, const std::string& host = "127.0.0.1") const {
    return load(name, Wanted{}, host);
  }
  std::shared_ptr<NodeTls> load(const std::string& name, const Wanted& wanted, const std::string& host,
                                TlsDemand demand = TlsDemand::kAlways) const {
    auto loaded = NodeTls::load(issue(name, wanted), host, demand);
    EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.error().message);
    return loaded.ok() ? *loaded : nullptr;
  }

 private:
  static X509* begin(EVP_PKEY* key, const std::string& name, const Wanted& wanted) {
    X509* made = X509_new();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), wanted.begins_s);
    X509_gmtime_adj(X509_getm_notAfter(made), wanted.ends_s);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return made;
  }
  static void extend(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  static void write(const std::string& path, X509* certificate, EVP_PKEY* key) {
    std::FILE* out = std::fopen(path.c_str(), "w");
    if (certificate != nullptr) PEM_write_X509(out, certificate);
    if (key != nullptr) PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
  }

  const std::filesystem::path directory_;
  EVP_PKEY* const key_;
  X509* const certificate_;
};

}  // namespace pelorus::rpc
