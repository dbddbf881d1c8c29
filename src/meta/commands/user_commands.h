#pragma once
// Changes to users, groups, rights, function views and records. Each struct: meta/command.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "meta/grants.h"
#include "meta/members.h"

namespace pelorus::meta {

struct CreateUser {
  static constexpr uint16_t kTag = 19;
  std::string id;
  Verifier verifier;
  std::vector<std::string> groups;
  bool is_admin = false;
  int64_t now_ns = 0;
  template <class A>
  void fields(A& a) {
    a(id, verifier, groups, is_admin, now_ns);
  }
};
/// The last administrator stays.
struct DeleteUser {
  static constexpr uint16_t kTag = 20;
  std::string id;
  template <class A>
  void fields(A& a) {
    a(id);
  }
};
struct SetPassword {
  static constexpr uint16_t kTag = 21;
  std::string id;
  Verifier verifier;
  int64_t now_ns = 0;
  template <class A>
  void fields(A& a) {
    a(id, verifier, now_ns);
  }
};
struct LockUser {
  static constexpr uint16_t kTag = 22;
  std::string id;
  bool locked = true;
  template <class A>
  void fields(A& a) {
    a(id, locked);
  }
};
struct CreateGroup {
  static constexpr uint16_t kTag = 23;
  std::string id;
  std::vector<std::string> users;
  int64_t now_ns = 0;
  template <class A>
  void fields(A& a) {
    a(id, users, now_ns);
  }
};
struct DeleteGroup {
  static constexpr uint16_t kTag = 24;
  std::string id;
  template <class A>
  void fields(A& a) {
    a(id);
  }
};
/// Every user into (or out of) every group; nothing when one of them is unknown.
struct ChangeMembership {
  static constexpr uint16_t kTag = 25;
  std::vector<std::string> users;
  std::vector<std::string> groups;
  bool member = true;
  template <class A>
  void fields(A& a) {
    a(users, groups, member);
  }
};
struct ChangeGrants {
  enum class Deed : uint8_t { kGrant, kDeny, kRevoke };
  static constexpr uint16_t kTag = 26;
  std::vector<std::string> ids;  // users or groups
  AccessType type = AccessType::kTableRead;
  std::vector<std::string> objects;
  Deed deed = Deed::kGrant;
  template <class A>
  void fields(A& a) {
    a(ids, type, objects, deed);
  }
};
/// kAlreadyExists unless `replace`.
struct PutFunctionView {
  static constexpr uint16_t kTag = 27;
  FunctionView view;
  bool replace = false;
  template <class A>
  void fields(A& a) {
    a(view, replace);
  }
};
struct DropFunctionView {
  static constexpr uint16_t kTag = 28;
  std::string name;
  template <class A>
  void fields(A& a) {
    a(name);
  }
};
inline constexpr size_t kRecordBytesMax = 1u << 20;
/// A small value other folders keep with the controllers; no value erases it.
struct PutRecord {
  static constexpr uint16_t kTag = 29;
  std::string area;
  std::string name;
  std::optional<std::string> value;
  template <class A>
  void fields(A& a) {
    a(area, name, value);
  }
};

}  // namespace pelorus::meta
