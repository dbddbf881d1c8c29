#include "meta/grants.h"

#include <algorithm>
#include <charconv>

namespace pelorus::meta {
namespace {

constexpr std::string_view kNames[] = {
    "TABLE_READ",
    "TABLE_WRITE",
    "TABLE_INSERT",
    "TABLE_UPDATE",
    "TABLE_DELETE",
    "DB_READ",
    "DB_WRITE",
    "DB_INSERT",
    "DB_UPDATE",
    "DB_DELETE",
    "DBOBJ_CREATE",
    "DBOBJ_DELETE",
    "DB_MANAGE",
    "DB_OWNER",
    "VIEW_EXEC",
    "VIEW_OWNER",
    "SCRIPT_EXEC",
    "TEST_EXEC",
    "QUERY_RESULT_MEM_LIMIT",
    "TASK_GROUP_MEM_LIMIT",
    "MAX_PARTITION_NUM_PER_QUERY",
    "COMPUTE_GROUP_EXEC",
};
static_assert(std::size(kNames) == kAccessTypeCount);

/// The rights of which one is enough.
std::vector<AccessType> covering(AccessType type) {
  using enum AccessType;
  switch (type) {
    case kTableRead:
    case kDatabaseRead: return {kTableRead, kDatabaseRead, kDatabaseManage, kDatabaseOwner};
    case kTableInsert:
    case kDatabaseInsert:
      return {kTableInsert, kTableWrite, kDatabaseInsert, kDatabaseWrite, kDatabaseManage, kDatabaseOwner};
    case kTableUpdate:
    case kDatabaseUpdate:
      return {kTableUpdate, kTableWrite, kDatabaseUpdate, kDatabaseWrite, kDatabaseManage, kDatabaseOwner};
    case kTableDelete:
    case kDatabaseDelete:
      return {kTableDelete, kTableWrite, kDatabaseDelete, kDatabaseWrite, kDatabaseManage, kDatabaseOwner};
    case kTableWrite:
    case kDatabaseWrite: return {kTableWrite, kDatabaseWrite, kDatabaseManage, kDatabaseOwner};
    case kObjectCreate: return {kObjectCreate, kDatabaseManage, kDatabaseOwner};
    case kObjectDelete: return {kObjectDelete, kDatabaseManage, kDatabaseOwner};
    case kDatabaseManage: return {kDatabaseManage, kDatabaseOwner};
    default: return {type};
  }
}

/// "dfs://db" covers "dfs://db/table"; "*" covers all; "dfs://prefix*" what begins so.
bool covers(std::string_view pattern, std::string_view object) {
  if (pattern == "*" || pattern == object) return true;
  if (pattern.ends_with('*')) return object.starts_with(pattern.substr(0, pattern.size() - 1));
  return object.starts_with("dfs://") && object.size() > pattern.size() && object.starts_with(pattern) &&
         object[pattern.size()] == '/';
}

std::string_view deed(AccessType type) {
  using enum AccessType;
  switch (type) {
    case kTableRead:
    case kDatabaseRead: return "read";
    case kTableWrite:
    case kDatabaseWrite:
    case kTableInsert:
    case kDatabaseInsert: return "write data to";
    case kTableUpdate:
    case kDatabaseUpdate: return "update data of";
    case kTableDelete:
    case kDatabaseDelete: return "delete data of";
    case kObjectCreate: return "create tables in";
    case kObjectDelete: return "delete tables of";
    case kDatabaseManage: return "manage";
    case kDatabaseOwner: return "create";
    case kViewExecute: return "execute function view";
    case kViewOwner: return "create function view";
    default: return "use";
  }
}

}  // namespace

std::string_view name_of(AccessType type) { return kNames[std::min(static_cast<size_t>(type), kAccessTypeCount - 1)]; }

std::optional<AccessType> parse_access_type(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  for (size_t i = 0; i < kAccessTypeCount; ++i) {
    if (kNames[i] == upper) return static_cast<AccessType>(i);
  }
  return {};
}

Status check_account_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_allowed = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  if (!name.empty() && name.size() <= 30 && is_letter(name[0]) && std::all_of(name.begin(), name.end(), is_allowed)) {
    return {};
  }
  return Error{
      ErrorCode::kInvalid,
      "A user or group name begins with a letter and has at most 30 letters, digits, '_' or '-': " + std::string(name)};
}

bool Access::may(AccessType type, std::string_view object, std::string_view owner) const {
  if (is_admin) return true;
  const auto enough = covering(type);
  bool granted = !owner.empty() && owner == user;
  for (const auto& grant : grants) {
    if (!covers(grant.object, object)) continue;
    // A denial of the right itself or of one that contains it; managing or owning cannot be half denied.
    if (std::find(enough.begin(), enough.end(), grant.type) == enough.end()) continue;
    if (grant.denied) return false;
    granted = true;
  }
  return granted;
}

Status Access::check(AccessType type, std::string_view object, std::string_view owner) const {
  if (may(type, object, owner)) return {};
  const auto place =
      object.starts_with("dfs://") ? (object.find('/', 6) == std::string_view::npos ? "database " : "table ") : "";
  return Error{ErrorCode::kDenied,
               "<NoPrivilege>Not granted to " + std::string(deed(type)) + " " + place + std::string(object)};
}

std::optional<double> Access::limit(AccessType type) const {
  std::optional<double> lowest;
  for (const auto& grant : grants) {
    if (grant.type != type || grant.denied) continue;
    double value = 0;
    const auto* end = grant.object.data() + grant.object.size();
    if (std::from_chars(grant.object.data(), end, value).ec != std::errc()) continue;
    lowest = lowest ? std::min(*lowest, value) : value;
  }
  return lowest;
}

}  // namespace pelorus::meta
