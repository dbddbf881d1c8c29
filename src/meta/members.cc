#include "meta/members.h"

#include <algorithm>

#include "base/letter_case.h"

namespace pelorus::meta {
namespace {

constexpr std::string_view kRoles[] = {"datanode", "agent", "controller", "single", "computenode"};
constexpr std::string_view kTypes[] = {"APPEND",    "DROP",        "SQLUPDATE", "SQLUPSERT",
                                       "SQLDELETE", "FILEOPERATE", "RECOVER",   "UNKNOWN"};
constexpr std::string_view kStates[] = {"BEGIN", "COMMIT", "COMPLETE", "ROLLBACK"};

/// Enumerators may come from bytes read, so they are not trusted to be in range.
template <size_t N>
std::string_view pick(const std::string_view (&names)[N], size_t index) {
  return names[std::min(index, N - 1)];
}

}  // namespace

std::string_view name_of(NodeRole role) { return pick(kRoles, static_cast<size_t>(role)); }
std::string_view name_of(TransactionType type) { return pick(kTypes, static_cast<size_t>(type)); }
std::string_view name_of(TransactionState state) { return pick(kStates, static_cast<size_t>(state)); }

bool parse_node_role(std::string_view name, NodeRole* role) {
  const auto lower = lowered(name);
  for (size_t i = 0; i < std::size(kRoles); ++i) {
    if (kRoles[i] != lower) continue;
    *role = static_cast<NodeRole>(i);
    return true;
  }
  return false;
}

}  // namespace pelorus::meta
