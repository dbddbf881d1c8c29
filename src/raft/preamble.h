#pragma once
// The three lines that open a connection between two members of a group, on the node's one port.
//
//   dialler  PRFT 1 <group> <cluster> <node> <id> <alias> <target id> <instance> <nonce> <mac>\n
//   acceptor PRFT ok <nonce> <mac>\n      or      PRFT no <reason…>\n, and the connection is closed
//   dialler  PRFT go <mac>\n              then the engine's own frames, in this direction only
//
// Each <mac> is HMAC-SHA256 with the cluster key over the line before it and the lines that came before. Both sides
// thus prove to know the key, freshly; with an empty key nothing is proved. The connection is not encrypted by this.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ids.h"

namespace pelorus::raft {

inline constexpr std::string_view kPreambleMagic = "PRFT";
inline constexpr size_t kPreambleBytesMax = 1024;  // a longer first line is refused

/// Who dials whom.
struct Preamble {
  std::string group;
  Uuid cluster;
  Uuid node;
  uint64_t id = 0;
  std::string alias;
  uint64_t target = 0;  // the member meant: a stale address book must not join two strangers
  Uuid instance;        // new at every start: tells a reconnect from a second copy of the same member
  Uuid nonce;
};

/// For the node's listener: the group named in the first line, once that line is whole. Empty before; an error when
/// the bytes cannot become a preamble.
Result<std::optional<std::string>> group_in_preamble(std::string_view already_read);

/// Whether a name may stand in a preamble: 1 to 128 printable bytes without blanks.
bool is_preamble_name(std::string_view name);

/// The first line, with its line feed.
std::string encode_preamble(const Preamble& preamble, std::string_view key);
/// `line` without its line feed. kCorrupt for a line that is none, kDenied for a wrong mac.
Result<Preamble> decode_preamble(std::string_view line, std::string_view key);

/// The acceptor's line, with its line feed; `preamble_line` without.
std::string encode_consent(std::string_view preamble_line, const Uuid& nonce, std::string_view key);
/// The acceptor's nonce; kDenied with the reason when it refused, or for a wrong mac.
Result<Uuid> decode_consent(std::string_view line, std::string_view preamble_line, std::string_view key);

/// The dialler's last line, with its line feed; always kConfirmationBytes long.
inline constexpr size_t kConfirmationBytes = 8 + 64 + 1;
std::string encode_confirmation(std::string_view preamble_line, const Uuid& acceptor_nonce, std::string_view key);
bool is_confirmation(std::string_view line, std::string_view preamble_line, const Uuid& acceptor_nonce,
                     std::string_view key);

}  // namespace pelorus::raft
