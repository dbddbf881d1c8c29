#pragma once
// A certificate authority of the cluster's own, and a certificate for each host.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace pelorus::cli {

/// PEM texts.
struct KeyAndCertificate {
  std::string key;
  std::string certificate;
};

/// Valid for twenty years. Errors: kInternal when OpenSSL fails.
Result<KeyAndCertificate> make_authority(const std::string& cluster);
/// For a server that is reached under any of `names` (host names or addresses), signed by `authority`; ten years, or as
/// long as the authority. Errors: kInvalid when the authority's texts make no sense; kInternal.
Result<KeyAndCertificate> make_server_certificate(const KeyAndCertificate& authority,
                                                  const std::vector<std::string>& names);
/// Whether `certificate` is good for `host`, a name or an address.
bool is_for_host(const std::string& certificate, const std::string& host);
/// Whether `certificate` was signed by `authority`'s key.
bool is_signed_by(const std::string& certificate, const std::string& authority);
/// Whether `key` is that of `certificate`.
bool is_key_of(const std::string& key, const std::string& certificate);
/// Its last second, since 1970; nothing when the text holds no certificate.
std::optional<int64_t> end_of(const std::string& certificate);
/// From here on before their end they are renewed and warned of.
inline constexpr int64_t kRenewBefore_s = int64_t{30} * 86400;
/// "2026-11-28"
std::string day_of(int64_t seconds);
/// 256 random bits as hexadecimal digits, and a password of 20 letters without look-alikes (103 bits).
Result<std::string> random_key();
Result<std::string> random_password();

}  // namespace pelorus::cli
