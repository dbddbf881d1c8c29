#include "raft/preamble.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace pelorus::raft {

namespace {

constexpr std::string_view kVersion = "1";
constexpr size_t kFields = 11;  // of the first line

/// 64 hexadecimal digits.
std::string mac_of(std::string_view text, std::string_view key) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const char* key_bytes = key.empty() ? "" : key.data();
  HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

bool same_mac(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  while (fields.size() <= kFields) {
    const auto blank = line.find(' ');
    fields.push_back(line.substr(0, blank));
    if (blank == std::string_view::npos) break;
    line.remove_prefix(blank + 1);
  }
  return fields;
}

std::optional<uint64_t> number_in(std::string_view text) {
  uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error malformed() { return Error{ErrorCode::kCorrupt, "not a preamble of the replicated log"}; }

std::string consent_text(std::string_view preamble_line, std::string_view nonce) {
  return "ok " + std::string(preamble_line) + " " + std::string(nonce);
}

std::string confirmation_text(std::string_view preamble_line, const Uuid& nonce) {
  return "go " + std::string(preamble_line) + " " + nonce.to_string();
}

}  // namespace

bool is_preamble_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c != '\x7f'; });
}

Result<std::optional<std::string>> group_in_preamble(std::string_view already_read) {
  const auto head = std::min(already_read.size(), kPreambleMagic.size());
  if (already_read.substr(0, head) != kPreambleMagic.substr(0, head)) return malformed();
  const auto end = already_read.find('\n');
  if (end == std::string_view::npos) {
    if (already_read.size() >= kPreambleBytesMax) return malformed();
    return std::optional<std::string>();
  }
  const auto fields = split(already_read.substr(0, end));
  if (fields.size() != kFields || end >= kPreambleBytesMax) return malformed();
  return std::optional<std::string>(std::string(fields[2]));
}

std::string encode_preamble(const Preamble& preamble, std::string_view key) {
  std::string line(kPreambleMagic);
  for (const auto& field :
       {std::string(kVersion), preamble.group, preamble.cluster.to_string(), preamble.node.to_string(),
        std::to_string(preamble.id), preamble.alias, std::to_string(preamble.target), preamble.instance.to_string(),
        preamble.nonce.to_string()}) {
    line += ' ';
    line += field;
  }
  return line + " " + mac_of(line, key) + "\n";
}

Result<Preamble> decode_preamble(std::string_view line, std::string_view key) {
  const auto fields = split(line);
  if (fields.size() != kFields || fields[0] != kPreambleMagic) return malformed();
  if (fields[1] != kVersion)
    return Error{ErrorCode::kDenied, "the peer speaks another version of the protocol: " + std::string(fields[1])};
  const auto id = number_in(fields[5]);
  const auto target = number_in(fields[7]);
  Preamble preamble{.group = std::string(fields[2]),
                    .cluster = Uuid::parse(fields[3]),
                    .node = Uuid::parse(fields[4]),
                    .id = id.value_or(0),
                    .alias = std::string(fields[6]),
                    .target = target.value_or(0),
                    .instance = Uuid::parse(fields[8]),
                    .nonce = Uuid::parse(fields[9])};
  if (preamble.id == 0 || preamble.target == 0 || preamble.node.is_nil() || preamble.nonce.is_nil()) return malformed();
  if (!is_preamble_name(preamble.group) || !is_preamble_name(preamble.alias)) return malformed();
  const auto signed_part = line.substr(0, line.size() - fields[10].size() - 1);
  if (!same_mac(fields[10], mac_of(signed_part, key)))
    return Error{ErrorCode::kDenied, "the peer does not know the cluster key"};
  return preamble;
}

std::string encode_consent(std::string_view preamble_line, const Uuid& nonce, std::string_view key) {
  const auto text = nonce.to_string();
  return "PRFT ok " + text + " " + mac_of(consent_text(preamble_line, text), key) + "\n";
}

Result<Uuid> decode_consent(std::string_view line, std::string_view preamble_line, std::string_view key) {
  if (line.substr(0, 8) == "PRFT no ")
    return Error{ErrorCode::kDenied, "the peer refused: " + std::string(line.substr(8))};
  const auto fields = split(line);
  if (fields.size() != 4 || fields[0] != kPreambleMagic || fields[1] != "ok") return malformed();
  const auto nonce = Uuid::parse(fields[2]);
  if (nonce.is_nil()) return malformed();
  if (!same_mac(fields[3], mac_of(consent_text(preamble_line, fields[2]), key)))
    return Error{ErrorCode::kDenied, "the peer does not know the cluster key"};
  return nonce;
}

std::string encode_confirmation(std::string_view preamble_line, const Uuid& acceptor_nonce, std::string_view key) {
  return "PRFT go " + mac_of(confirmation_text(preamble_line, acceptor_nonce), key) + "\n";
}

bool is_confirmation(std::string_view line, std::string_view preamble_line, const Uuid& acceptor_nonce,
                     std::string_view key) {
  return same_mac(line, encode_confirmation(preamble_line, acceptor_nonce, key));
}

}  // namespace pelorus::raft
