#include <algorithm>

#include "meta/apply/apply_each.h"

namespace pelorus::meta {
namespace {

Error no_user(const std::string& id) { return error_of(ErrorCode::kNotFound, "The user " + id + " does not exist."); }
Error no_group(const std::string& id) { return error_of(ErrorCode::kNotFound, "The group " + id + " does not exist."); }

Status check_new_account(const State& state, const std::string& id) {
  TRY_DONE(check_account_name(id));
  if (state.users.contains(id) || state.groups.contains(id)) {
    return Error{ErrorCode::kAlreadyExists, "A user or group of this name exists already: " + id};
  }
  return {};
}

/// Grants and denials of one right on one object exclude each other; "*" replaces all of the right.
void change(std::set<Grant>& grants, const ChangeGrants& command) {
  for (const auto& object : command.objects) {
    std::erase_if(grants, [&](const Grant& grant) {
      return grant.type == command.type && (grant.object == object || object == "*");
    });
    if (command.deed == ChangeGrants::Deed::kRevoke) continue;
    grants.insert({command.type, command.deed == ChangeGrants::Deed::kDeny, object});
  }
}

}  // namespace

Outcome apply_one(State& state, const CreateUser& command) {
  if (const auto good = check_new_account(state, command.id); !good.ok()) return good;
  if (!command.verifier.is_set()) return error_of(ErrorCode::kInvalid, "A user needs a password: " + command.id);
  for (const auto& group : command.groups) {
    if (!state.groups.contains(group)) return no_group(group);
  }
  advance(state, command.now_ns);
  User user{.id = command.id, .verifier = command.verifier, .is_admin = command.is_admin};
  user.groups.insert(command.groups.begin(), command.groups.end());
  user.created_ns = user.password_set_ns = state.now_ns;
  for (const auto& group : command.groups) state.groups.at(group).members.insert(command.id);
  state.users.emplace(command.id, std::move(user));
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const DeleteUser& command) {
  const auto place = state.users.find(command.id);
  if (place == state.users.end()) return no_user(command.id);
  const auto admins =
      std::count_if(state.users.begin(), state.users.end(), [](const auto& u) { return u.second.is_admin; });
  if (place->second.is_admin && admins == 1) {
    return error_of(ErrorCode::kInvalid, "The last administrator can't be deleted: " + command.id);
  }
  for (const auto& group : place->second.groups) {
    const auto found = state.groups.find(group);
    if (found != state.groups.end()) found->second.members.erase(command.id);
  }
  state.users.erase(place);
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const SetPassword& command) {
  const auto place = state.users.find(command.id);
  if (place == state.users.end()) return no_user(command.id);
  if (!command.verifier.is_set()) return error_of(ErrorCode::kInvalid, "A user needs a password: " + command.id);
  advance(state, command.now_ns);
  place->second.verifier = command.verifier;
  place->second.password_set_ns = state.now_ns;
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const LockUser& command) {
  const auto place = state.users.find(command.id);
  if (place == state.users.end()) return no_user(command.id);
  place->second.locked = command.locked;
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const CreateGroup& command) {
  if (const auto good = check_new_account(state, command.id); !good.ok()) return good;
  for (const auto& user : command.users) {
    if (!state.users.contains(user)) return no_user(user);
  }
  advance(state, command.now_ns);
  Group group{.id = command.id};
  group.members.insert(command.users.begin(), command.users.end());
  group.created_ns = state.now_ns;
  for (const auto& user : command.users) state.users.at(user).groups.insert(command.id);
  state.groups.emplace(command.id, std::move(group));
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const DeleteGroup& command) {
  const auto place = state.groups.find(command.id);
  if (place == state.groups.end()) return no_group(command.id);
  for (const auto& user : place->second.members) {
    const auto found = state.users.find(user);
    if (found != state.users.end()) found->second.groups.erase(command.id);
  }
  state.groups.erase(place);
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const ChangeMembership& command) {
  for (const auto& user : command.users) {
    if (!state.users.contains(user)) return no_user(user);
  }
  for (const auto& group : command.groups) {
    if (!state.groups.contains(group)) return no_group(group);
  }
  for (const auto& user : command.users) {
    for (const auto& group : command.groups) {
      auto& members = state.groups.at(group).members;
      auto& groups = state.users.at(user).groups;
      if (command.member) {
        members.insert(user);
        groups.insert(group);
      } else {
        members.erase(user);
        groups.erase(group);
      }
    }
  }
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const ChangeGrants& command) {
  for (const auto& id : command.ids) {
    if (!state.users.contains(id) && !state.groups.contains(id)) return no_user(id);
  }
  for (const auto& id : command.ids) {
    const auto user = state.users.find(id);
    change(user != state.users.end() ? user->second.grants : state.groups.at(id).grants, command);
  }
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const PutFunctionView& command) {
  if (command.view.name.empty()) return error_of(ErrorCode::kInvalid, "A function view needs a name.");
  if (command.view.body.size() > kRecordBytesMax) {
    return error_of(ErrorCode::kLimit, "The function view is too large: " + command.view.name);
  }
  if (!command.replace && state.views.contains(command.view.name)) {
    return error_of(ErrorCode::kAlreadyExists, "The function view " + command.view.name + " exists already.");
  }
  advance(state, command.view.created_ns);
  state.views[command.view.name] = command.view;
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const DropFunctionView& command) {
  if (state.views.erase(command.name) == 0) {
    return error_of(ErrorCode::kNotFound, "The function view " + command.name + " does not exist.");
  }
  ++state.access_revision;
  return {};
}

Outcome apply_one(State& state, const PutRecord& command) {
  if (command.area.empty() || command.name.empty())
    return error_of(ErrorCode::kInvalid, "A record needs an area and a name.");
  if (!command.value) {
    state.records.erase({command.area, command.name});
    return {};
  }
  if (command.value->size() > kRecordBytesMax) {
    return error_of(ErrorCode::kLimit, "The record is too large: " + command.area + "/" + command.name);
  }
  state.records[{command.area, command.name}] = *command.value;
  return {};
}

}  // namespace pelorus::meta
