#include <algorithm>

#include "controller/functions/cluster_call.h"
#include "functions/declare.h"
#include "meta/catalogs.h"
#include "meta/verifier.h"

namespace pelorus::controller {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;
using types::Type;
using Run = Value (*)(const ClusterCall&, const Arguments&);

meta::Verifier verifier_of(const ClusterCall& call, const std::string& password) {
  auto verifier = meta::make_verifier(password);
  if (!verifier.ok()) call.fail(verifier.error());
  return std::move(*verifier);
}

meta::AccountsReply accounts(const ClusterCall& call) { return call.ask<meta::AccountsReply>(meta::kListAccounts); }

Value create_user(const ClusterCall& call, const Arguments& args) {
  const auto groups = args.has(2) && !args[2].is_null() ? args.texts(2, "groupIds") : std::vector<std::string>();
  call.change(meta::CreateUser{.id = args.text(0, "userId"),
                               .verifier = verifier_of(call, args.text(1, "password")),
                               .groups = groups,
                               .is_admin = args.flag_or(3, "isAdmin", false)});
  return {};
}

Value delete_user(const ClusterCall& call, const Arguments& args) {
  for (const auto& id : args.texts(0, "userId")) call.change(meta::DeleteUser{id});
  return {};
}

Value reset_password(const ClusterCall& call, const Arguments& args) {
  call.change(meta::SetPassword{.id = args.text(0, "userId"), .verifier = verifier_of(call, args.text(1, "newPwd"))});
  return {};
}

/// Of the caller's own account.
Value change_password(const ClusterCall& call, const Arguments& args) {
  const auto& user = call.context().caller().user;
  const auto facts = call.ask<meta::UserReply>(meta::kUserFacts, meta::UserRequest{user});
  if (!facts.user || !verify_password(facts.user->verifier, args.text(0, "oldPwd"))) {
    call.fail({ErrorCode::kDenied, "The old password is not right."});
  }
  call.change(meta::SetPassword{.id = user, .verifier = verifier_of(call, args.text(1, "newPwd"))});
  return {};
}

Value lock_user(const ClusterCall& call, const Arguments& args) {
  call.change(meta::LockUser{args.text(0, "userId"), true});
  return {};
}
Value unlock_user(const ClusterCall& call, const Arguments& args) {
  call.change(meta::LockUser{args.text(0, "userId"), false});
  return {};
}

Value create_group(const ClusterCall& call, const Arguments& args) {
  const auto users = args.has(1) ? args.texts(1, "userIds") : std::vector<std::string>();
  call.change(meta::CreateGroup{.id = args.text(0, "groupId"), .users = users});
  return {};
}

Value delete_group(const ClusterCall& call, const Arguments& args) {
  for (const auto& id : args.texts(0, "groupId")) call.change(meta::DeleteGroup{id});
  return {};
}

Value change_members(const ClusterCall& call, const Arguments& args, bool member) {
  const auto users = args.texts(0, "userIds");
  const auto groups = args.texts(1, "groupIds");
  if (users.size() > 1 && groups.size() > 1) args.refuse("groupIds", "and userIds can't both be vectors");
  call.change(meta::ChangeMembership{users, groups, member});
  return {};
}
Value add_members(const ClusterCall& call, const Arguments& args) { return change_members(call, args, true); }
Value delete_members(const ClusterCall& call, const Arguments& args) { return change_members(call, args, false); }

/// Objects may be texts, function views' names, or a number for limits; none means all.
std::vector<std::string> objects_of(const Arguments& args) {
  if (!args.has(2)) return {"*"};
  if (args[2].is_scalar() && types::is_numeric(args[2].type())) {
    const auto limit = args.number(2, "objs");
    const auto whole = static_cast<int64_t>(limit);
    return {static_cast<double>(whole) == limit ? std::to_string(whole) : std::to_string(limit)};
  }
  if (args[2].is_function()) return {args[2].function()->print()};
  return args.texts(2, "objs");
}

/// CATALOG_READ and SCHEMA_READ are DB_READ, SCHEMAOBJ_CREATE is DBOBJ_CREATE, of a catalog's databases. The right that
/// `name` stands for; `name` itself when it is no right on catalogs.
std::string database_right(const std::string& name) {
  for (const auto& [prefix, right] :
       {std::pair("CATALOG_", "DB_"), std::pair("SCHEMA_", "DB_"), std::pair("SCHEMAOBJ_", "DBOBJ_")}) {
    if (name.starts_with(prefix)) return right + name.substr(std::string_view(prefix).size());
  }
  return name;
}

std::vector<std::string> as_catalog_objects(std::vector<std::string> names) {
  for (auto& name : names) name = std::string(meta::kCatalogObject) + name;
  return names;
}

Value change_grants(const ClusterCall& call, const Arguments& args, meta::ChangeGrants::Deed deed) {
  // Access types are constants of the language; they reach us as their names or numbers.
  std::optional<meta::AccessType> type;
  const auto named = args[1].is_text() ? args.text(1, "accessType") : std::string();
  const auto right = database_right(named);
  if (!named.empty()) type = meta::parse_access_type(right);
  if (args[1].is_scalar() && types::is_integral(args[1].type())) {
    const auto number = args.integer(1, "accessType");
    if (number >= 0 && number < static_cast<int64_t>(meta::kAccessTypeCount))
      type = static_cast<meta::AccessType>(number);
  }
  if (!type) args.refuse("accessType", "must be a right such as TABLE_READ");
  call.change(meta::ChangeGrants{.ids = args.texts(0, "userId"),
                                 .type = *type,
                                 .objects = right == named ? objects_of(args) : as_catalog_objects(objects_of(args)),
                                 .deed = deed});
  return {};
}
Value grant(const ClusterCall& call, const Arguments& args) {
  return change_grants(call, args, meta::ChangeGrants::Deed::kGrant);
}
Value deny(const ClusterCall& call, const Arguments& args) {
  return change_grants(call, args, meta::ChangeGrants::Deed::kDeny);
}
Value revoke(const ClusterCall& call, const Arguments& args) {
  return change_grants(call, args, meta::ChangeGrants::Deed::kRevoke);
}

/// The columns of getUserAccess after the first ones: a right and the name of its column.
struct AccessColumn {
  meta::AccessType type;
  const char* name;
};
constexpr AccessColumn kAccessColumns[] = {
    {meta::AccessType::kTableRead, "ACCESS_READ"},
    {meta::AccessType::kTableInsert, "ACCESS_INSERT"},
    {meta::AccessType::kTableUpdate, "ACCESS_UPDATE"},
    {meta::AccessType::kTableDelete, "ACCESS_DELETE"},
    {meta::AccessType::kViewExecute, "VIEW_EXEC"},
    {meta::AccessType::kScriptExecute, "SCRIPT_EXEC"},
    {meta::AccessType::kTestExecute, "TEST_EXEC"},
    {meta::AccessType::kObjectCreate, "DBOBJ_CREATE"},
    {meta::AccessType::kObjectDelete, "DBOBJ_DELETE"},
    {meta::AccessType::kDatabaseManage, "DB_MANAGE"},
    {meta::AccessType::kDatabaseOwner, "DB_OWNER"},
    {meta::AccessType::kViewOwner, "VIEW_OWNER"},
    {meta::AccessType::kComputeGroupExecute, "COMPUTE_GROUP_EXEC"},
};

data::Schema access_schema(bool of_users) {
  data::Schema schema = {{of_users ? "userId" : "groupId", Type::kString},
                         {of_users ? "groups" : "users", Type::kString}};
  if (of_users) schema.push_back({"isAdmin", Type::kBool});
  schema.push_back({"QUERY_RESULT_MEM_LIMIT", Type::kDouble});
  schema.push_back({"TASK_GROUP_MEM_LIMIT", Type::kDouble});
  for (const auto& column : kAccessColumns) schema.push_back({column.name, Type::kString});
  for (size_t i = 0; i < meta::kAccessTypeCount; ++i) {
    const auto type = static_cast<meta::AccessType>(i);
    if (type == meta::AccessType::kQueryResultMemoryLimit || type == meta::AccessType::kTaskGroupMemoryLimit) continue;
    schema.push_back({std::string(name_of(type)) + "_allowed", Type::kString});
    schema.push_back({std::string(name_of(type)) + "_denied", Type::kString});
  }
  return schema;
}

/// "allow", "deny" or "none" for the right on everything.
std::string overall(const std::set<meta::Grant>& grants, meta::AccessType type) {
  if (grants.contains({type, true, "*"})) return "deny";
  return grants.contains({type, false, "*"}) ? "allow" : "none";
}

std::vector<Value> access_cells(const std::set<meta::Grant>& grants) {
  std::vector<Value> cells;
  const meta::Access access{.grants = grants};
  for (const auto type : {meta::AccessType::kQueryResultMemoryLimit, meta::AccessType::kTaskGroupMemoryLimit}) {
    cells.push_back(Value::of_double(access.limit(type).value_or(types::kNull<double>)));
  }
  for (const auto& column : kAccessColumns) cells.push_back(text_value(overall(grants, column.type)));
  for (size_t i = 0; i < meta::kAccessTypeCount; ++i) {
    const auto type = static_cast<meta::AccessType>(i);
    if (type == meta::AccessType::kQueryResultMemoryLimit || type == meta::AccessType::kTaskGroupMemoryLimit) continue;
    for (const bool denied : {false, true}) {
      std::vector<std::string> objects;
      for (const auto& grant : grants) {
        if (grant.type == type && grant.denied == denied && grant.object != "*") objects.push_back(grant.object);
      }
      cells.push_back(text_value(joined(objects, ",")));
    }
  }
  return cells;
}

/// An administrator sees everybody, others themselves.
Value user_access(const ClusterCall& call, const Arguments& args) {
  const auto& caller = call.context().caller();
  const auto all = accounts(call);
  auto ids = args.has(0) ? args.texts(0, "userIds") : std::vector<std::string>{caller.user};
  TableRows rows(access_schema(true));
  for (const auto& id : ids) {
    if (id != caller.user) call.require_admin();
    const auto user = all.users.find(id);
    if (user == all.users.end()) call.fail({ErrorCode::kNotFound, "The user " + id + " does not exist."});
    auto grants = user->second.grants;
    for (const auto& name : user->second.groups) {
      const auto group = all.groups.find(name);
      if (!args.flag_or(1, "final", false) || group == all.groups.end()) continue;
      grants.insert(group->second.grants.begin(), group->second.grants.end());
    }
    std::vector<Value> row{text_value(id), text_value(joined(user->second.groups, ",")),
                           Value::of_bool(user->second.is_admin)};
    const auto cells = access_cells(grants);
    row.insert(row.end(), cells.begin(), cells.end());
    rows.add(row);
  }
  return rows.take();
}

Value group_access(const ClusterCall& call, const Arguments& args) {
  const auto all = accounts(call);
  TableRows rows(access_schema(false));
  for (const auto& id : args.texts(0, "groupIds")) {
    const auto group = all.groups.find(id);
    if (group == all.groups.end()) call.fail({ErrorCode::kNotFound, "The group " + id + " does not exist."});
    std::vector<Value> row{text_value(id), text_value(joined(group->second.members, ","))};
    const auto cells = access_cells(group->second.grants);
    row.insert(row.end(), cells.begin(), cells.end());
    rows.add(row);
  }
  return rows.take();
}

/// Administrators made at the founding are left out, as clients expect.
Value user_list(const ClusterCall& call, const Arguments&) {
  std::vector<std::string> ids;
  for (const auto& [id, user] : accounts(call).users) {
    if (id != "admin") ids.push_back(id);
  }
  return text_vector(std::move(ids));
}

Value group_list(const ClusterCall& call, const Arguments&) {
  std::vector<std::string> ids;
  for (const auto& [id, group] : accounts(call).groups) ids.push_back(id);
  return text_vector(std::move(ids));
}

Value users_of_group(const ClusterCall& call, const Arguments& args) {
  const auto all = accounts(call);
  const auto group = all.groups.find(args.text(0, "groupId"));
  if (group == all.groups.end()) call.fail({ErrorCode::kNotFound, "The group does not exist."});
  return text_vector({group->second.members.begin(), group->second.members.end()});
}

Value groups_of_user(const ClusterCall& call, const Arguments& args) {
  const auto all = accounts(call);
  const auto user = all.users.find(args.text(0, "userId"));
  if (user == all.users.end()) call.fail({ErrorCode::kNotFound, "The user does not exist."});
  return text_vector({user->second.groups.begin(), user->second.groups.end()});
}

/// The name a definition ("def name(…") gives.
std::string defined_name(const Arguments& args, const std::string& definition) {
  auto text = std::string_view(definition);
  for (const std::string_view word : {"defg ", "def "}) {
    if (text.starts_with(word)) text.remove_prefix(word.size());
  }
  const auto end = text.find_first_of("( \n{");
  const auto name = text.substr(0, end);
  if (name.empty() || end == std::string_view::npos) args.refuse("udf", "must be a named user-defined function");
  return std::string(name);
}

Value add_view(const ClusterCall& call, const Arguments& args) {
  const auto& caller = call.context().caller();
  const auto access = call.ask<meta::UserReply>(meta::kUserFacts, meta::UserRequest{caller.user}).access;
  if (!args[0].is_function() || args[0].function()->kind() != data::FunctionObject::Kind::kUser) {
    args.refuse("udf", "must be a named user-defined function");
  }
  const auto body = args[0].function()->print();
  const auto name = defined_name(args, body);
  if (const auto allowed = access.check(meta::AccessType::kViewOwner, name); !caller.is_admin && !allowed.ok())
    call.fail(allowed.error());
  call.change(meta::PutFunctionView{.view = {.name = name, .body = body, .owner = caller.user}});
  return {};
}

Value drop_view(const ClusterCall& call, const Arguments& args) {
  const auto name = args.text(0, "name");
  const auto& caller = call.context().caller();
  const auto views = call.ask<meta::ViewsReply>(meta::kListViews).views;
  const auto found = views.find(name);
  if (found != views.end() && found->second.owner != caller.user) call.require_admin();
  call.change(meta::DropFunctionView{name});
  return {};
}

Value list_views(const ClusterCall& call, const Arguments&) {
  TableRows rows(
      {{"name", Type::kString}, {"body", Type::kString}, {"owner", Type::kString}, {"createTime", Type::kTimestamp}});
  for (const auto& [name, view] : call.ask<meta::ViewsReply>(meta::kListViews).views) {
    rows.add({text_value(name), text_value(view.body), text_value(view.owner), timestamp_value(view.created_ns)});
  }
  return rows.take();
}

struct UserFunction {
  std::string_view name;
  std::string_view parameters;
  bool admin_only;
  Nature nature;
  Run run;
  std::string_view summary;
};
constexpr UserFunction kFunctions[] = {
    {"createUser", "userId, password, [groupIds], [isAdmin=false], [authMode]", true, Nature::kCommand, create_user,
     "Creates a user."},
    {"deleteUser", "userId", true, Nature::kCommand, delete_user, "Deletes a user; the last administrator stays."},
    {"resetPwd", "userId, newPwd", true, Nature::kCommand, reset_password, "Gives a user a new password."},
    {"changePwd", "oldPwd, newPwd", false, Nature::kCommand, change_password, "Changes the caller's own password."},
    {"lockUser", "userId", true, Nature::kCommand, lock_user, "Refuses the user's logins until unlockUser."},
    {"unlockUser", "userId", true, Nature::kCommand, unlock_user, "Lets a locked user log in again."},
    {"createGroup", "groupId, [userIds]", true, Nature::kCommand, create_group, "Creates a group of users."},
    {"deleteGroup", "groupId", true, Nature::kCommand, delete_group, "Deletes a group; its users stay."},
    {"addGroupMember", "userIds, groupIds", true, Nature::kCommand, add_members, "Puts users into groups."},
    {"deleteGroupMember", "userIds, groupIds", true, Nature::kCommand, delete_members, "Takes users out of groups."},
    {"grant", "userId, accessType, [objs]", true, Nature::kCommand, grant, "Grants a right to users or groups."},
    {"deny", "userId, accessType, [objs]", true, Nature::kCommand, deny, "Denies a right; a denial beats every grant."},
    {"revoke", "userId, accessType, [objs]", true, Nature::kCommand, revoke, "Takes back a grant or a denial."},
    {"getUserAccess", "[userIds], [final=false]", false, Nature::kWhole, user_access,
     "Returns the rights of users; final adds those of their groups."},
    {"getGroupAccess", "groupIds", true, Nature::kWhole, group_access, "Returns the rights of groups."},
    {"getUserList", "", true, Nature::kWhole, user_list, "Returns all users but admin."},
    {"getGroupList", "", true, Nature::kWhole, group_list, "Returns all groups."},
    {"getUsersByGroupId", "groupId", true, Nature::kWhole, users_of_group, "Returns the members of a group."},
    {"getGroupsByUserId", "userId", true, Nature::kWhole, groups_of_user, "Returns the groups of a user."},
    {"addFunctionView", "udf", false, Nature::kCommand, add_view,
     "Keeps a function with the cluster, for all sessions."},
    {"dropFunctionView", "name", false, Nature::kCommand, drop_view, "Removes a function view."},
    {"getFunctionViews", "", false, Nature::kWhole, list_views, "Returns all function views."},
};

}  // namespace

void register_user_functions(functions::Registry& registry, AskControllers ask) {
  for (const auto& function : kFunctions) {
    declare(registry, "users", function.nature,
            {.name = function.name,
             .parameters = function.parameters,
             .run =
                 [ask, &function](CallContext& context, std::span<Value> args) {
                   const ClusterCall call(function.name, context, ask);
                   if (function.admin_only) call.require_admin();
                   return function.run(call, {function.name, args});
                 },
             .summary = function.summary,
             .example = ""});
  }
}

}  // namespace pelorus::controller
