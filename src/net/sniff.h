#pragma once
// What the first bytes of a connection say.

#include <string_view>

namespace pelorus::net {

enum class Protocol {
  kUndecided,  // more bytes are needed
  kNative,     // API, API2
  kHttp,       // a request method; WebSocket is an upgrade of it
  kTls,        // a ClientHello
  kRpc,        // PRPC: node to node
  kRaft,       // PRFT: member to member of a replicated log
  kUnknown,
};

/// Never needs more than kSniffBytes bytes.
Protocol sniff(std::string_view first_bytes);
inline constexpr size_t kSniffBytes = 8;

}  // namespace pelorus::net
