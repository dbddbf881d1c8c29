#pragma once
// Who is at the other end of a connection, and who we are.

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/ids.h"
#include "config/site.h"

namespace pelorus::rpc {

/// What a node says of itself. Proven only by the cluster key; see handshake.h.
struct Identity {
  Uuid cluster;  // nil: not yet a member of any cluster
  Uuid node;
  std::string alias;
  config::NodeMode role = config::NodeMode::kDataNode;
  uint64_t epoch = 0;  // grows with every start of the node
};

/// Asked at every handshake, from a network thread: it must be quick. The cluster UUID may change from nil once.
using IdentitySource = std::function<Identity()>;

struct Peer {
  Identity identity;
  std::string address;  // "host:port" as the socket sees it
  /// Same cluster, UUID known on both sides. Strangers reach only methods that allow them.
  bool is_member = false;
};

struct Endpoint {
  std::string host;
  uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
  std::string to_string() const { return host + ":" + std::to_string(port); }
};

}  // namespace pelorus::rpc
