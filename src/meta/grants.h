#pragma once
// Users, groups and rights; the one place that decides what somebody may do.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "meta/verifier.h"

namespace pelorus::meta {

enum class AccessType : uint8_t {
  kTableRead,
  kTableWrite,
  kTableInsert,
  kTableUpdate,
  kTableDelete,
  kDatabaseRead,
  kDatabaseWrite,
  kDatabaseInsert,
  kDatabaseUpdate,
  kDatabaseDelete,
  kObjectCreate,
  kObjectDelete,
  kDatabaseManage,
  kDatabaseOwner,
  kViewExecute,
  kViewOwner,
  kScriptExecute,
  kTestExecute,
  kQueryResultMemoryLimit,
  kTaskGroupMemoryLimit,
  kPartitionsPerQueryMax,
  kComputeGroupExecute,
};
inline constexpr size_t kAccessTypeCount = 22;

/// As scripts write it: "TABLE_READ", "DBOBJ_CREATE", "MAX_PARTITION_NUM_PER_QUERY" …
std::string_view name_of(AccessType type);
/// By that name, any case.
std::optional<AccessType> parse_access_type(std::string_view name);

/// `object`: "*" for all, "dfs://db", "dfs://db/table", a function view's name, "dfs://prefix*" for DB_OWNER, the
/// number for limits.
struct Grant {
  AccessType type = AccessType::kTableRead;
  bool denied = false;
  std::string object;

  auto operator<=>(const Grant&) const = default;
  template <class A>
  void fields(A& a) {
    a(type, denied, object);
  }
};

struct User {
  std::string id;
  Verifier verifier;
  bool is_admin = false;
  bool locked = false;
  std::set<std::string> groups;
  std::set<Grant> grants;
  int64_t created_ns = 0;
  int64_t password_set_ns = 0;

  bool operator==(const User&) const = default;
  template <class A>
  void fields(A& a) {
    a(id, verifier, is_admin, locked, groups, grants, created_ns, password_set_ns);
  }
};

struct Group {
  std::string id;
  std::set<std::string> members;
  std::set<Grant> grants;
  int64_t created_ns = 0;

  bool operator==(const Group&) const = default;
  template <class A>
  void fields(A& a) {
    a(id, members, grants, created_ns);
  }
};

/// kInvalid unless: a letter, then letters, digits, '_' or '-', at most 30 characters.
Status check_account_name(std::string_view name);

/// What one user may do: own rights and those of the groups. Travels to data nodes and is kept there for a session.
struct Access {
  std::string user;
  bool is_admin = false;
  std::set<std::string> groups;
  std::set<Grant> grants;

  template <class A>
  void fields(A& a) {
    a(user, is_admin, groups, grants);
  }

  /// May the user do `type` to `object`? A right on a database covers its tables, DB_MANAGE and DB_OWNER cover what is
  /// inside, TABLE_WRITE covers insert, update, delete; a denial beats every grant but not the administrator.
  /// `owner` is the object's database's owner: he may do everything with it.
  bool may(AccessType type, std::string_view object, std::string_view owner = {}) const;
  /// kDenied with the text clients know ("<NoPrivilege>Not granted to …"), or success.
  Status check(AccessType type, std::string_view object, std::string_view owner = {}) const;
  /// The value of a limit (bytes in GB as granted, partitions); nothing when there is none.
  std::optional<double> limit(AccessType type) const;
};

}  // namespace pelorus::meta
