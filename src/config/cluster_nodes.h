#pragma once
// cluster.nodes: the list of members, read through every damage that editing by hand has been seen to do.

#include <string>
#include <string_view>
#include <vector>

#include "config/finding.h"
#include "config/site.h"

namespace pelorus::config {

inline constexpr size_t kMembersMax = 4096;  // records beyond are an error

struct NodeRecord {
  NodeEntry node;
  int line = 0;
};

struct ClusterNodes {
  std::string file;
  bool has_header = false;
  std::vector<NodeRecord> records;  // each alias and each address once

  const NodeRecord* find(std::string_view alias) const;
  std::vector<NodeEntry> nodes() const;
};

/// Reads `text`. `known_aliases` (of the replicated copy, of cluster.cfg's qualifiers) are what a record torn by
/// a newline is joined with. Repairs: everything of clean_lines, full-width punctuation, tabs, a missing or
/// repeated header, records run together, records torn in two, repeated records.
/// Errors in `findings` (with both lines): one alias or one address with two meanings, unreadable records.
/// A conflicting or unreadable record is left out; the first one stays.
ClusterNodes parse_cluster_nodes(std::string_view text, const std::string& file,
                                 const std::vector<std::string>& known_aliases, Findings& findings);

/// The canonical file: header, one record a line, final newline.
std::string format_cluster_nodes(const std::vector<NodeEntry>& nodes);

}  // namespace pelorus::config
