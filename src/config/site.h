#pragma once
// Addresses and members as configuration files write them: host:port:alias.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pelorus::config {

enum class NodeMode : uint8_t { kDataNode = 0, kAgent = 1, kController = 2, kSingle = 3, kComputeNode = 4 };

/// "datanode", "agent", "controller", "single", "computenode".
std::string_view mode_name(NodeMode mode);
/// Case does not matter; empty when `name` is no mode.
std::optional<NodeMode> parse_mode(std::string_view name);

struct Site {
  std::string host;  // name or address; IPv6 without brackets
  uint16_t port = 0;
  std::string alias;
  bool operator==(const Site&) const = default;

  bool same_address(const Site& other) const { return host == other.host && port == other.port; }
  /// "host:port:alias"; an IPv6 host gets brackets.
  std::string to_string() const;
  /// "host:port"
  std::string address() const;
};

/// Reads "host:port:alias". kInvalid says which part is wrong.
Result<Site> parse_site(std::string_view text);

/// One item of `sites`: a site and the role it plays.
struct RoleSite {
  Site site;
  NodeMode mode = NodeMode::kController;
  bool operator==(const RoleSite&) const = default;
  std::string to_string() const { return site.to_string() + ":" + std::string(mode_name(mode)); }
};

/// Reads "host:port:alias:type".
Result<RoleSite> parse_role_site(std::string_view text);

/// One member of the cluster: a record of `cluster.nodes`.
struct NodeEntry {
  Site site;
  NodeMode mode = NodeMode::kDataNode;
  std::string group;  // compute group; empty unless a compute node
  std::string zone;
  bool operator==(const NodeEntry&) const = default;

  /// "host:port:alias,mode[,group[,zone]]"
  std::string to_string() const;
};

/// Letters, digits, '_' and '-', at most 128 bytes.
bool is_plain_alias(std::string_view alias);

std::string_view trim(std::string_view text);
/// Parts between `separator`, each trimmed; an empty text has no parts.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace pelorus::config
